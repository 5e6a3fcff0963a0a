//! [GitHub's Markdown](https://github.github.com/gfm/), written so that no value becomes markup.
//!
//! What comes from a template, a service or a configuration stands in code: nothing in it is a tag, a
//! mention, a reference or the end of a table's cell there.

use std::fmt::{self, Write};

/// What a comment on GitHub holds is 65,536 characters. The rest is for a marker and what else its author adds.
pub const LIMIT: usize = 64_000;

/// A text as a code span, on one line.
pub fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&line) + 1);
    // A backtick at an end would run into the fence.
    let pad = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

/// A text as a code span in the cell of a table, where a pipe needs its backslash even in code.
pub fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A sentence of ours with names in backticks, which stand in code. Nothing else in it is markup.
pub fn prose(sentence: &str) -> String {
    let mut parts = sentence.split('`');
    let mut text = parts.next().map(plain).unwrap_or_default();
    while let Some(name) = parts.next() {
        match parts.next() {
            Some(after) => text.extend([cell(name), plain(after)]),
            None => text.extend(["\\`".to_owned(), plain(name)]),
        }
    }
    text
}

/// Words of which nothing is markup, a mention or a reference.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '|' | '*' | '_' | '[' | ']' | '\\' | '~' => escaped.extend(['\\', char]),
            // An invisible space ends what would be a mention or a reference.
            '@' | '#' => escaped.extend([char, '\u{200b}']),
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A block of code.
pub fn block(out: &mut dyn Write, language: &str, text: &str) -> fmt::Result {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    writeln!(out, "{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or_default()
}

/// A table, or nothing when it has no rows. Cells are Markdown without a bare pipe or a line break.
pub fn table(out: &mut dyn Write, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> fmt::Result {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "| {} |", head.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(head.len()))?;
    for row in rows {
        writeln!(out, "| {} |", row.join(" | "))?;
    }
    writeln!(out)
}

/// A part that opens on a click. The summary is HTML of our own words.
pub fn details(
    out: &mut dyn Write,
    summary: &str,
    content: impl FnOnce(&mut dyn Write) -> fmt::Result,
) -> fmt::Result {
    let mut inside = String::new();
    content(&mut inside)?;
    writeln!(out, "<details><summary>{summary}</summary>\n\n{}\n\n</details>\n", inside.trim_end())
}

/// A text as HTML, for the summary of details.
pub fn html_code(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

/// What begins with `sign` in front of each line, as a quotation.
pub fn quoted(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n").collect()
}

/// The head of a page that is longer than [`LIMIT`] all the same: whole lines, and no part left open.
pub fn head(page: &str, remark: &str) -> String {
    let mut kept = String::new();
    let (mut open, mut fence): (usize, Option<String>) = (0, None);
    let reserve = remark.len() + 400;
    for line in page.lines() {
        let opens = line.starts_with("<details>");
        if kept.len() + line.len() + reserve > LIMIT {
            break;
        }
        let ticks: String = line.chars().take_while(|char| *char == '`').collect();
        if ticks.len() >= 3 {
            fence = match fence {
                None => Some(ticks),
                Some(fence) if fence == ticks => None,
                inside => inside,
            };
        }
        open += usize::from(opens);
        open -= usize::from(line == "</details>" && open > 0);
        kept.extend([line, "\n"]);
    }
    kept.extend(fence.map(|fence| fence + "\n"));
    kept.push_str(&"\n</details>\n".repeat(open));
    format!("{kept}\n{remark}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_becomes_markup() {
        let cells = [
            ("a|b", "`a\\|b`"),
            ("a`b", "``a`b``"),
            ("`a``", "``` `a`` ```"),
            ("<b>@team</b>\n#1", "`<b>@team</b> #1`"),
            ("", ""),
        ];
        for (text, expected) in cells {
            assert_eq!(cell(text), expected, "{text}");
        }
        let sentences = [
            ("`Name` changes", "`Name` changes"),
            ("follows `A|B`, and @team <b>", "follows `A\\|B`, and @\u{200b}team &lt;b&gt;"),
            ("one ` alone *", "one \\` alone \\*"),
            ("closes #1", "closes #\u{200b}1"),
        ];
        for (sentence, expected) in sentences {
            assert_eq!(prose(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn a_block_ends_where_it_shall() {
        let mut out = String::new();
        block(&mut out, "text", "a\n```\n</details>\n").expect("a string takes it");
        assert_eq!(out, "````text\na\n```\n</details>\n````\n");
    }

    #[test]
    fn a_head_closes_what_it_opened() {
        let page = format!(
            "# Plan\n<details><summary>x</summary>\n\n```diff\n{}```\n\n</details>\n",
            "+ a line\n".repeat(9_000)
        );
        let head = head(&page, "> cut");
        assert!(head.len() <= LIMIT);
        assert!(head.ends_with("+ a line\n```\n\n</details>\n\n> cut\n"), "{}", &head[head.len() - 80..]);
    }
}
