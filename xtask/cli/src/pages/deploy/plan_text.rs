//! A plan as text for a terminal.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use super::plan::{Counts, ORDER, PlanDocument, PlannedStack};
use super::security_text;
use super::wording::{action, after, because, before, cut, cut_both, deed, only_follows};
use crate::report::{BAD, CAUTION, FAINT, GOOD, STRONG, many, paint};
use engine::deploy::difference::{Change, Data, PropertyChange, ResourceChange};
use engine::deploy::plan::Action;

/// Characters of a value that stands beside another one.
const INLINE: usize = 48;
/// Characters of a value that has its own line.
const LINE: usize = 100;

pub fn write(plan: &PlanDocument<'_>, out: &mut dyn Write) -> Result {
    let PlanDocument { environment, region, account, .. } = plan;
    if plan.unchanged {
        return writeln!(out, "{} is up to date: nothing to do", paint(STRONG, environment));
    }
    writeln!(out, "{} in {region}, account {account}", paint(STRONG, environment))?;
    writeln!(out, "{}", headline(&plan.counts))?;
    risks(plan, out)?;
    security_text::write(&plan.security, out)?;
    writeln!(out, "\n{}", paint(STRONG, "Stacks"))?;
    for stack in plan.changing() {
        write_stack(stack, out)?;
    }
    let staying = plan.staying();
    if !staying.is_empty() {
        writeln!(out, "  {}", paint(FAINT, format_args!("unchanged: {}", staying.join(", "))))?;
    }
    if !plan.next.is_empty() {
        writeln!(out, "\n{}", paint(STRONG, "Next"))?;
    }
    plan.next.iter().try_for_each(|command| writeln!(out, "  {command}"))
}

/// How much happens, in one line.
pub fn headline(counts: &Counts) -> String {
    let tell = |key: &str, count: usize| match key {
        "perhaps update" => format!("{count} perhaps to update"),
        "perhaps replace" => format!("{count} perhaps to replace"),
        "wait" => format!("{count} to wait for"),
        "blocked" => format!("{count} blocked"),
        verb => format!("{count} to {verb}"),
    };
    let all = |counts: &BTreeMap<String, usize>| {
        ORDER
            .iter()
            .filter_map(|key| Some(tell(key, *counts.get(*key)?)))
            .chain(counts.get("unchanged").map(|count| format!("{count} unchanged")))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut line = format!("stacks: {}", all(&counts.stacks));
    if !counts.resources.is_empty() {
        line.extend(["; resources: ", &all(&counts.resources)]);
    }
    line
}

fn risks(plan: &PlanDocument<'_>, out: &mut dyn Write) -> Result {
    if plan.data_at_risk.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(BAD, "Data at risk"))?;
    for risk in &plan.data_at_risk {
        let (change, name) = (risk.change, format!("{}.{}", risk.stack, risk.change.logical_id));
        let fate = match risk.data {
            Data::Lost | Data::Shortened => paint(BAD, risk.data.fate()),
            Data::Retained | Data::Unguarded => paint(CAUTION, risk.data.fate()),
        };
        let does = match change.change {
            Change::Remove => "removed",
            Change::MayReplace => "perhaps replaced",
            Change::Modify => "changed",
            _ => "replaced",
        };
        let why = because(change);
        let why = if why.is_empty() { why } else { format!(" {why}") };
        writeln!(out, "  {} {} is {does}{why}: {fate}", paint(STRONG, name), paint(FAINT, &change.kind))?;
        risk.lost().iter().try_for_each(|lost| writeln!(out, "      lost: {lost}"))?;
        writeln!(out, "      agree with {}", risk.allow)?;
    }
    Ok(())
}

fn write_stack(stack: &PlannedStack<'_>, out: &mut dyn Write) -> Result {
    let style = match stack.action {
        Action::Create => GOOD,
        Action::Blocked => BAD,
        _ => CAUTION,
    };
    let what = paint(style, action(stack.action, stack.status));
    let count = many(stack.resources.len(), "resource", "resources");
    writeln!(out, "  {} {what}, {count}", paint(STRONG, format_args!("{:<10}", stack.name)))?;
    for (name, before, after) in stack.changed() {
        let line = match before {
            Some(before) => format!("{name}: {} → {}", cut(before, INLINE), cut(after, INLINE)),
            None => format!("{name}: {}", cut(after, LINE)),
        };
        writeln!(out, "    {}", paint(FAINT, format_args!("parameter {line}")))?;
    }
    let unknown: Vec<&str> = stack.unknown().collect();
    if !unknown.is_empty() {
        let line = format!("from stacks that come first: {}", unknown.join(", "));
        writeln!(out, "    {}", paint(FAINT, line))?;
    }
    for change in stack.leading() {
        write_resource(change, out)?;
    }
    let trailing = stack.trailing();
    if !trailing.is_empty() {
        let line = format!("~ perhaps, as they take values of others: {}", trailing.join(", "));
        writeln!(out, "    {}", paint(FAINT, line))?;
    }
    if stack.resources.is_empty() && stack.action == Action::Update {
        writeln!(out, "    {}", paint(FAINT, "tags, outputs or the words of the template change alone"))?;
    }
    if stack.moves_entities() {
        let remark = "the entities of this stack move to the new component types, all others by `twin sync`";
        writeln!(out, "    {}", paint(FAINT, remark))?;
    }
    Ok(())
}

fn write_resource(change: &ResourceChange, out: &mut dyn Write) -> Result {
    let (style, sign) = match change.change {
        Change::Add => (GOOD, "+"),
        Change::Modify => (CAUTION, "~"),
        Change::MayReplace | Change::Replace => (BAD, "±"),
        Change::Remove => (BAD, "-"),
    };
    let mut said = String::new();
    if change.possible || matches!(change.change, Change::MayReplace | Change::Replace) {
        said.push_str(&paint(style, format_args!(": {}", deed(change))));
    }
    let because = because(change);
    if !because.is_empty() {
        said.push_str(if said.is_empty() { ": " } else { ", " });
        said.push_str(&because);
    }
    writeln!(out, "    {} {} {}{said}", paint(style, sign), change.logical_id, paint(FAINT, &change.kind))?;
    let (following, own): (Vec<_>, Vec<_>) = change.properties.iter().partition(|one| only_follows(one));
    own.into_iter().try_for_each(|property| write_property(property, out))?;
    if following.is_empty() {
        return Ok(());
    }
    let paths: Vec<&str> = following.iter().map(|property| property.path.as_str()).collect();
    writeln!(out, "        {}", paint(FAINT, format_args!("{}: known after deployment", paths.join(", "))))
}

fn write_property(property: &PropertyChange, out: &mut dyn Write) -> Result {
    let (before, after) = (before(property), after(property));
    let path = &property.path;
    let long = |text: &str| text.chars().count() > INLINE;
    if long(&before) || long(&after) {
        let (before, after) = cut_both(&before, &after, LINE);
        writeln!(out, "        {path}:")?;
        writeln!(out, "          {} {}", paint(BAD, "-"), before)?;
        writeln!(out, "          {} {}", paint(GOOD, "+"), after)?;
    } else {
        writeln!(out, "        {path}: {} → {}", cut(&before, INLINE), cut(&after, INLINE))?;
    }
    match &property.actual {
        Some(actual) => {
            writeln!(
                out,
                "          really {}: changed by other means",
                cut(&super::wording::value(actual), LINE)
            )
        }
        None => Ok(()),
    }
}
