//! The lists that name a function or a stack, as text: where a line belongs in each.

use super::{NewError, What};

/// The file that says which modules there are.
pub const MODULES: &str = "stacks/src/lib.rs";
/// The file that says which stacks there are.
pub const CATALOG: &str = "stacks/src/catalog.rs";
/// The file that says how functions are compiled.
pub const WORKSPACE: &str = "Cargo.toml";

/// Adds a module to the private ones, in the order of rustfmt.
pub fn with_module(text: &str, module: &str) -> Result<String, NewError> {
    let name = |line: &str| line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| name(line).is_some());
    let first = first.ok_or(NewError::Unfamiliar { file: MODULES, what: "line `mod …;`" })?;
    let block = lines[first..].iter().take_while(|line| line.contains("mod ") && line.ends_with(';'));
    let after = block.filter(|line| natural(declared(line)) < natural(module)).count();
    Ok(inserted(&lines, first + after, &format!("mod {module};")))
}

/// The module that a line declares.
fn declared(line: &str) -> &str {
    line.rsplit(' ').next().unwrap_or_default().trim_end_matches(';')
}

/// A key by which names sort as rustfmt sorts them: numbers in them by their value.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts: Vec<(String, u64)> = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, numbered) = rest.split_at(text);
        let digits = numbered.find(|c: char| !c.is_ascii_digit()).unwrap_or(numbered.len());
        let (digits, after) = numbered.split_at(digits);
        parts.push((text.to_owned(), digits.parse().unwrap_or_default()));
        rest = after;
    }
    parts
}

/// What stands before the rows of the stack that watches others, and of what may use its topic.
const WATCHES: &str = "    // Behind those that it watches";

/// Adds the row of a stack to the catalog, before that of the one that watches others.
pub fn with_stack(text: &str, name: &str, module: &str, what: What) -> Result<(String, String), NewError> {
    let lines: Vec<&str> = text.lines().collect();
    let table = lines.iter().position(|line| line.starts_with("pub static STACKS"));
    let end = table.and_then(|table| Some(table + lines[table..].iter().position(|line| *line == "];")?));
    let end =
        end.ok_or(NewError::Unfamiliar { file: CATALOG, what: "table `STACKS` that ends with `];`" })?;
    let end = lines[..end].iter().position(|line| line.starts_with(WATCHES)).unwrap_or(end);
    let (name, summary) = (format!("\"{name}\","), format!("\"{}\",", what.summary()));
    let needed: Vec<String> = what.needs().iter().map(|stack| format!("\"{stack}\"")).collect();
    let needed = format!("&[{}],", needed.join(", "));
    // The columns of the rows above.
    let row = format!(
        "    StackDefinition {{ name: {name:<12} summary: {summary:<33} depends_on: {needed:<34} enabled: always,    \
         build: crate::{module}::build }},"
    );
    Ok((inserted(&lines, end, &row), row.trim().to_owned()))
}

/// Has the debug information of a function stripped, which names the checkout's folder.
pub fn with_strip(text: &str, name: &str) -> Result<(String, String), NewError> {
    let lines: Vec<&str> = text.lines().collect();
    let section = lines.iter().position(|line| *line == "[profile.dev.package]");
    let first = 1 + section
        .ok_or(NewError::Unfamiliar { file: WORKSPACE, what: "section `[profile.dev.package]`" })?;
    let line = format!("{name}.strip = \"debuginfo\"");
    let block = lines[first..].iter().take_while(|line| !line.is_empty());
    let after = block.filter(|other| **other < line.as_str()).count();
    Ok((inserted(&lines, first + after, &line), line))
}

fn inserted(lines: &[&str], index: usize, line: &str) -> String {
    let (before, after) = lines.split_at(index);
    let all: Vec<&str> = before.iter().copied().chain([line]).chain(after.iter().copied()).collect();
    all.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::Trigger;
    use super::*;

    #[test]
    fn a_module_stands_where_rustfmt_puts_it() {
        let text = "//! x\n\npub mod cfn;\n\nmod alert9;\nmod catalog;\npub mod grafana;\nmod twin;\n\npub use a::B;\n";
        for (module, before) in [
            ("alert", "mod alert9;"),
            ("alert10", "mod catalog;"),
            ("alert_2", "mod catalog;"),
            ("dial", "pub mod grafana;"),
            ("heat", "mod twin;"),
            ("zone", ""),
        ] {
            let found = with_module(text, module).expect("a module");
            assert!(found.contains(&format!("\nmod {module};\n{before}\n")), "{module}: {found}");
            assert_eq!(found.len(), text.len() + module.len() + 6);
        }
    }

    #[test]
    fn a_stack_is_a_row_before_the_one_that_watches_in_the_columns_of_the_others() {
        for end in ["];", "    // Behind those that it watches.\n    two,\n];"] {
            let text = format!("pub static STACKS: &[StackDefinition] = &[\n    one,\n{end}\n\nmore\n");
            let (found, row) =
                with_stack(&text, "heat", "heat", What::Function(Trigger::Rule)).expect("a row");
            assert_eq!(found, text.replace(end, &format!("    {row}\n{end}")));
        }
        let row = with_stack("pub static STACKS\n];\n", "heat", "heat", What::Function(Trigger::Rule));
        let (_, row) = row.expect("a row");
        let shipped = include_str!("../../../stacks/src/catalog.rs");
        assert_eq!(shipped.lines().filter(|line| line.starts_with(WATCHES)).count(), 1);
        let columns =
            |row: &str| ["summary:", "depends_on:", "enabled:", "build:"].map(|name| row.find(name));
        let last = shipped.lines().find(|line| line.contains("name: \"simulator\"")).expect("a row");
        assert_eq!(columns(&row), columns(last.trim()), "{row}\n{last}");
    }

    #[test]
    fn a_function_is_stripped_in_the_order_of_names() {
        let text =
            "[profile.dev.package]\nb.strip = \"debuginfo\"\nd.strip = \"debuginfo\"\n\n[profile.release]\n";
        let (found, line) = with_strip(text, "c").expect("a line");
        assert_eq!(found, text.replace("\nd", &format!("\n{line}\nd")));
    }

    #[test]
    fn a_list_that_is_not_there_is_said() {
        let failed = [
            with_module("", "a").map(|_| ()),
            with_stack("", "a", "a", What::Stack).map(|_| ()),
            with_strip("", "a").map(|_| ()),
        ];
        for failed in failed {
            assert!(failed.expect_err("no list").to_string().contains("has no"), "it says what is missing");
        }
    }
}
