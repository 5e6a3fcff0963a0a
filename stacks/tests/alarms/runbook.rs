//! `docs/runbook.md`: each alarm has its section there, each section its alarm, and the table is that of the alarms.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use stacks::operations::{ALARMS, Alarm, Missing};

use crate::fixture::{Place, places};

const BEGIN: &str = "<!-- alarms: written from stacks/src/operations/table.rs -->\n";
const END: &str = "<!-- end of alarms -->\n";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/runbook.md")
}

/// What a heading is called in addresses.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn table() -> String {
    let mut table = String::from("\n| alarm | of | metric | when | nothing written means | section |\n");
    table.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for Alarm { name, of, metric, statistic, limit, missing, section, .. } in ALARMS {
        let kind = of.trim_start_matches("AWS::").replace("::", " ");
        let missing = match missing {
            Missing::Fine => "all is well",
            Missing::Bad => "an alarm",
            Missing::BadWhileEventsCome => "an alarm, where events are expected",
        };
        let (namespace, metric) = (metric.namespace, metric.name);
        let (statistic, says) = (statistic.as_str().to_lowercase(), limit.says);
        writeln!(
            table,
            "| `{name}` | {kind} | `{namespace}` `{metric}`, {statistic} | {says} | {missing} | [{section}](#{section}) |"
        )
        .expect("text");
    }
    table.push('\n');
    table
}

#[test]
fn the_table_is_written_from_the_alarms() {
    let text = std::fs::read_to_string(page()).expect("the page");
    let (before, rest) = text.split_once(BEGIN).expect("the table's beginning");
    let (written, after) = rest.split_once(END).expect("the table's end");
    if std::env::var_os("SLUICE_WRITE_DOCS").is_some() {
        std::fs::write(page(), format!("{before}{BEGIN}{}{END}{after}", table())).expect("the page");
        return;
    }
    assert!(written == table(), "docs/runbook.md: SLUICE_WRITE_DOCS=1 with this test writes it");
}

#[test]
fn each_alarm_has_its_section_and_each_section_its_alarm() {
    let text = std::fs::read_to_string(page()).expect("the page");
    let sections: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    let named: BTreeSet<String> = ALARMS.iter().map(|alarm| alarm.section.to_owned()).collect();
    assert_eq!(sections, named);
}

/// A section says what it means, what to look at and what to run.
#[test]
fn each_section_says_what_to_do() {
    let text = std::fs::read_to_string(page()).expect("the page");
    for section in text.split("\n## ").skip(1) {
        let heading = section.lines().next().unwrap_or_default();
        for part in ["**It means**", "**Look at**", "**Do**"] {
            assert_eq!(section.matches(part).count(), 1, "{heading}: {part}");
        }
        assert!(section.contains("cargo xtask "), "{heading} names no command");
    }
}

/// Whoever gets a message finds the section by it.
#[test]
fn each_alarm_names_its_section() {
    let places = places();
    for found in places.iter().flat_map(Place::alarms) {
        let description = found.properties["AlarmDescription"].as_str().expect("a description");
        let address = format!("docs/runbook.md#{}", found.row.section);
        assert!(description.ends_with(&address) && description.len() <= 1_024, "{}: {description}", found.id);
    }
}
