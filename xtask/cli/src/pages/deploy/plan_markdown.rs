//! A plan as Markdown, for a comment on a pull request or the summary of a job.
//!
//! A comment has a limit. What is read last goes first: diffs of long values, then lists of what is new, then
//! properties, then long tables; and the page says so.

use std::fmt::{Result, Write};

use similar::TextDiff;

use super::markdown::{LIMIT, block, cell, code, details, head, html_code, prose, quoted, table};
use super::plan::{PlanDocument, PlannedStack};
use super::plan_text::headline;
use super::security_markdown;
use super::wording::{action, after, because, before, deed, only_follows};
use crate::report::many;
use engine::deploy::difference::{Change, Data, PropertyChange, ResourceChange};
use engine::deploy::options::selection;
use engine::deploy::plan::Action;

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Everything, at the end the bare lists of what happens to which resource.
    Bare,
    /// Properties too, without long values.
    Properties,
    /// The resources of new stacks too.
    Lists,
    /// Everything.
    Full,
}

/// Characters of a list or an object that stands in a table.
const INLINE: usize = 60;
/// Characters of a text that stands in a table, such as the key of an archive.
const TEXT: usize = 120;
/// Rows of a table on a bare page.
const FEW: usize = 40;

pub fn write(plan: &PlanDocument<'_>, out: &mut dyn Write) -> Result {
    let mut page = String::new();
    for detail in [Detail::Full, Detail::Lists, Detail::Properties, Detail::Bare] {
        page.clear();
        write_page(plan, detail, &mut page)?;
        if page.len() <= LIMIT {
            return out.write_str(&page);
        }
    }
    out.write_str(&head(&page, &format!("> [!WARNING]\n> The page ends here. {}", whole(plan))))
}

fn whole(plan: &PlanDocument<'_>) -> String {
    format!("`cargo xtask plan{}` shows all of it.", selection(plan.environment))
}

fn write_page(plan: &PlanDocument<'_>, detail: Detail, out: &mut dyn Write) -> Result {
    let environment = code(plan.environment);
    if plan.unchanged {
        return writeln!(out, "## Plan for {environment}: nothing to do\n\nIt is up to date.");
    }
    writeln!(out, "## Plan for {environment}\n")?;
    writeln!(out, "{}  ", capitalized(&headline(&plan.counts)))?;
    writeln!(out, "Region {}, account {}\n", code(plan.region), code(plan.account))?;
    if detail != Detail::Full {
        let left_out = match detail {
            Detail::Full | Detail::Lists => "the diffs of long values are",
            Detail::Properties => "diffs of long values and lists of new resources are",
            Detail::Bare => "all but the first rows and what happens to which resource is",
        };
        writeln!(
            out,
            "> [!NOTE]\n> The plan is longer than a comment can be: {left_out} left out. {}\n",
            whole(plan)
        )?;
    }
    risks(plan, out)?;
    let rows = if detail == Detail::Bare { FEW } else { usize::MAX };
    security_markdown::write(&plan.security, rows, out)?;
    writeln!(out, "### Stacks\n")?;
    for stack in plan.changing() {
        write_stack(stack, detail, out)?;
    }
    let staying: Vec<String> = plan.staying().into_iter().map(code).collect();
    if !staying.is_empty() {
        writeln!(out, "Unchanged: {}\n", staying.join(", "))?;
    }
    if !plan.next.is_empty() {
        writeln!(out, "### Next\n")?;
        block(out, "sh", &plan.next.join("\n"))?;
    }
    Ok(())
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn risks(plan: &PlanDocument<'_>, out: &mut dyn Write) -> Result {
    if plan.data_at_risk.is_empty() {
        return Ok(());
    }
    let is = |data: Data| plan.data_at_risk.iter().any(|risk| risk.data == data);
    let (kind, title) = if is(Data::Lost) || is(Data::Shortened) {
        ("CAUTION", "Data would be lost")
    } else if is(Data::Retained) {
        ("WARNING", "Data would stay behind")
    } else {
        ("WARNING", "Data would no longer be kept")
    };
    let mut alert =
        format!("[!{kind}]\n**{title}.** It is done only when the command line agrees to it.\n\n");
    let rows = plan.data_at_risk.iter().map(|risk| {
        let does = match risk.change.change {
            Change::Remove => "removed",
            Change::MayReplace => "perhaps replaced",
            Change::Modify => "changed",
            _ => "replaced",
        };
        let because = because(risk.change);
        let why = if because.is_empty() { because } else { format!(" {}", prose(&because)) };
        let name = cell(&format!("{}.{}", risk.stack, risk.change.logical_id));
        vec![
            format!("{name}<br>{}", cell(&risk.change.kind)),
            format!("{does}{why}: **{}**{}", risk.data.fate(), losing(risk.lost())),
            cell(&risk.allow),
        ]
    });
    table(&mut alert, &["Resource", "What happens", "What agrees to it"], rows)?;
    writeln!(out, "{}", quoted(&alert))
}

/// What is lost, below the rest of a cell.
pub fn losing(lost: &[String]) -> String {
    lost.iter().map(|lost| format!("<br>lost: {}", prose(lost))).collect::<Vec<_>>().concat()
}

fn write_stack(stack: &PlannedStack<'_>, detail: Detail, out: &mut dyn Write) -> Result {
    let what = action(stack.action, stack.status);
    writeln!(
        out,
        "#### {}: {what}, {}\n",
        code(stack.name),
        many(stack.resources.len(), "resource", "resources")
    )?;
    if stack.is_new() {
        return write_new(stack, detail, out);
    }
    parameters(stack, out)?;
    if stack.resources.is_empty() {
        if stack.action == Action::Update {
            writeln!(out, "Tags, outputs or the words of the template change alone.\n")?;
        }
        return Ok(());
    }
    let full = detail >= Detail::Properties;
    let rows = stack.leading().flat_map(|change| resource_rows(change, full));
    let head: &[&str] =
        if full { &["", "Resource", "Property", "Before", "After"] } else { &["", "Resource"] };
    table(out, head, rows)?;
    let trailing: Vec<String> = stack.trailing().into_iter().map(code).collect();
    if !trailing.is_empty() {
        writeln!(out, "Perhaps updated, as they take values of others: {}\n", trailing.join(", "))?;
    }
    if detail == Detail::Full {
        for change in stack.resources {
            for property in change.properties.iter().filter(|property| is_long(property)) {
                diff(change, property, out)?;
            }
        }
    }
    if stack.moves_entities() {
        let command = code("twin sync");
        writeln!(
            out,
            "The entities of this stack move to the new component types, all others by {command}.\n"
        )?;
    }
    Ok(())
}

fn write_new(stack: &PlannedStack<'_>, detail: Detail, out: &mut dyn Write) -> Result {
    let types: Vec<String> =
        stack.types().into_iter().map(|(kind, count)| format!("{count} × {}", code(kind))).collect();
    writeln!(out, "{}\n", types.join(", "))?;
    if detail < Detail::Lists {
        return Ok(());
    }
    details(out, "Resources and parameters", |out| {
        let rows = stack.resources.iter().map(|change| vec![cell(&change.logical_id), cell(&change.kind)]);
        table(out, &["Resource", "Type"], rows)?;
        parameters(stack, out)
    })
}

fn parameters(stack: &PlannedStack<'_>, out: &mut dyn Write) -> Result {
    let shown = |value: &str| cell(&super::wording::cut(value, 200));
    let rows = stack
        .changed()
        .map(|(name, before, after)| vec![cell(name), before.map(shown).unwrap_or_default(), shown(after)]);
    table(out, &["Parameter", "Before", "After"], rows)?;
    let unknown: Vec<String> = stack.unknown().map(code).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    writeln!(out, "Parameters from stacks that come first: {}\n", unknown.join(", "))
}

/// A row for the resource, and one for each of its properties after the first.
fn resource_rows(change: &ResourceChange, properties: bool) -> Vec<Vec<String>> {
    let strong = matches!(change.change, Change::MayReplace | Change::Replace | Change::Remove);
    let does = if strong { format!("**{}**", deed(change)) } else { deed(change) };
    let mut resource = format!("{}<br>{}", cell(&change.logical_id), cell(&change.kind));
    let because = because(change);
    if !because.is_empty() {
        resource.extend(["<br>", &prose(&because)]);
    }
    if !properties {
        return vec![vec![does, resource]];
    }
    let (following, own): (Vec<_>, Vec<_>) = change.properties.iter().partition(|one| only_follows(one));
    let mut rows: Vec<Vec<String>> = own.into_iter().map(property_cells).collect();
    if !following.is_empty() {
        let paths: Vec<String> = following.iter().map(|property| cell(&property.path)).collect();
        rows.push(vec![paths.join("<br>"), String::new(), "*known after deployment*".to_owned()]);
    }
    if rows.is_empty() {
        rows.push(vec![String::new(); 3]);
    }
    rows.into_iter()
        .enumerate()
        .map(|(index, cells)| {
            let first = if index == 0 { [does.clone(), resource.clone()] } else { Default::default() };
            first.into_iter().chain(cells).collect()
        })
        .collect()
}

fn property_cells(property: &PropertyChange) -> Vec<String> {
    let mut path = cell(&property.path);
    if property.replaces {
        path.push_str("<br>**replaces**");
    }
    if let Some(actual) = &property.actual {
        let actual = super::wording::cut(&super::wording::value(actual), INLINE);
        path.extend(["<br>really ", &cell(&actual)]);
    }
    if is_long(property) {
        let size = |text: &str| format!("*{} characters*", text.chars().count());
        return vec![path, size(&before(property)), size(&after(property))];
    }
    vec![path, cell(&before(property)), cell(&after(property))]
}

fn is_long(property: &PropertyChange) -> bool {
    let structured =
        |value: &Option<serde_json::Value>| value.as_ref().is_some_and(|value| !value.is_string());
    let limit = if structured(&property.before) || structured(&property.after) { INLINE } else { TEXT };
    [before(property), after(property)].iter().any(|text| text.chars().count() > limit)
}

fn diff(change: &ResourceChange, property: &PropertyChange, out: &mut dyn Write) -> Result {
    let lines = |value: &Option<serde_json::Value>, otherwise: String| match value {
        Some(serde_json::Value::String(text)) => format!("{text}\n"),
        Some(value) => serde_json::to_string_pretty(value).unwrap_or(otherwise) + "\n",
        None => otherwise + "\n",
    };
    let (old, new) = (lines(&property.before, before(property)), lines(&property.after, after(property)));
    let diff = TextDiff::from_lines(&old, &new);
    let mut unified = String::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        unified.push_str(&hunk.to_string());
    }
    let title = html_code(&format!("{}.{}", change.logical_id, property.path));
    details(out, &title, |out| block(out, "diff", &unified))
}
