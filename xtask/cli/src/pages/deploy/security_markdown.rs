//! Who may do what, and who reaches whom, as Markdown.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use super::markdown::{cell, details, table};
use super::security_text::{openings, permissions};
use super::wording::{Side, may, way, when};
use crate::report::many;
use engine::deploy::security::{Effect, Opening, Permission, Security};

/// Rows of a table that are read without a click.
const SHOWN: usize = 12;

/// Writes both sections, each table with at most `limit` rows.
pub fn write(stacks: &BTreeMap<&str, &Security>, limit: usize, out: &mut dyn Write) -> Result {
    let gained = permissions(stacks, |security| &security.gained);
    let lost = permissions(stacks, |security| &security.lost);
    if !gained.is_empty() || !lost.is_empty() {
        writeln!(out, "### Who may do what\n")?;
        let rows = |permissions: &[(&str, &Permission)], side| {
            permissions.iter().map(|(stack, permission)| row(stack, permission, side)).collect()
        };
        let head = ["Stack", "Who", "May", "On", "Only when"];
        section("Gained, widest first", &head, rows(&gained, Side::Gained), limit, out)?;
        section("Lost", &head, rows(&lost, Side::Lost), limit, out)?;
    }
    let opened = openings(stacks, |security| &security.opened);
    let closed = openings(stacks, |security| &security.closed);
    if !opened.is_empty() || !closed.is_empty() {
        writeln!(out, "### Network\n")?;
        let rows = |openings: &[(&str, &Opening)]| {
            openings.iter().map(|(stack, opening)| way_row(stack, opening)).collect()
        };
        let head = ["Stack", "At", "What", "From or to"];
        section("Opened, widest first", &head, rows(&opened), limit, out)?;
        section("Closed", &head, rows(&closed), limit, out)?;
    }
    Ok(())
}

fn section(
    title: &str,
    head: &[&str],
    mut rows: Vec<Vec<String>>,
    limit: usize,
    out: &mut dyn Write,
) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "**{title}** ({})\n", rows.len())?;
    let left_out = rows.len().saturating_sub(limit);
    rows.truncate(limit);
    let more = rows.split_off(rows.len().min(SHOWN));
    table(out, head, rows)?;
    if !more.is_empty() {
        details(out, &format!("{} more", more.len()), |out| table(out, head, more))?;
    }
    if left_out > 0 {
        writeln!(out, "{} left out here.\n", many(left_out, "row", "rows"))?;
    }
    Ok(())
}

fn row(stack: &str, permission: &Permission, side: Side) -> Vec<String> {
    let actions = match permission.effect {
        Effect::Allow => codes(&permission.actions),
        // A few of our own words before names that are none.
        Effect::Policy | Effect::Deny | Effect::Boundary => {
            let said = may(permission, side);
            match said.split_once(": ") {
                Some((words, actions)) => {
                    format!(
                        "**{words}** {}",
                        codes(&actions.split(", ").map(str::to_owned).collect::<Vec<_>>())
                    )
                }
                None => cell(&said),
            }
        }
    };
    let who = if side == Side::Gained && permission.is_wide() {
        format!("**{}**", cell(&permission.who))
    } else {
        cell(&permission.who)
    };
    vec![cell(stack), who, actions, codes(&permission.resources), cell(&when(permission, side))]
}

fn way_row(stack: &str, opening: &Opening) -> Vec<String> {
    let peers = match (opening.peers.is_empty(), opening.is_wide()) {
        (true, _) => String::new(),
        (false, false) => format!("{} {}", way(opening.way), codes(&opening.peers)),
        (false, true) => format!("**{} {}**", way(opening.way), codes(&opening.peers)),
    };
    vec![cell(stack), cell(&opening.at), cell(&opening.traffic), peers]
}

/// Names, each in a line of the cell.
fn codes(names: &[String]) -> String {
    names.iter().map(|name| cell(name)).collect::<Vec<_>>().join("<br>")
}
