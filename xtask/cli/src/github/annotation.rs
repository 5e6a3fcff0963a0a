//! Annotations as GitHub shows them at a line of a file, and on the page of a run.
//!
//! They are [workflow commands](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands),
//! lines that the runner takes out of what a step writes. Nothing is printed here.

use std::path::Path;

use session::annotation::{Annotation, Level};

/// The workflow command that shows it, one line.
pub fn command(annotation: &Annotation) -> String {
    let Annotation { level, file, position, title, message } = annotation;
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let file = file.as_deref().map(|file| format!("file={},", property(file))).unwrap_or_default();
    let position = position.map(|(line, column)| format!("line={line},col={column},")).unwrap_or_default();
    format!("::{level} {file}{position}title={}::{}", property(title), data(message))
}

/// The workflow command by which a
/// [problem matcher](https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md) reads what the
/// step writes from here on.
pub fn add_matcher(file: &Path) -> String {
    format!("::add-matcher::{}", data(&file.display().to_string()))
}

/// A message, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, where a colon or a comma would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_written_as_the_runner_reads_them() {
        let at = |position| Annotation {
            position,
            ..Annotation::error("cfn-lint: E3002, twice", "100% wrong:\r\nsee a, b").in_file("a,b:c%.toml")
        };
        let table = [
            (
                Annotation::error("Stack failed", "it rolled back"),
                "::error title=Stack failed::it rolled back",
            ),
            (
                Annotation::error("Failed", "no").in_environment("preview-12"),
                "::error file=environments/preview.toml,title=Failed::no",
            ),
            (
                at(None),
                "::error file=a%2Cb%3Ac%25.toml,title=cfn-lint%3A E3002%2C twice::100%25 wrong:%0D%0Asee a, b",
            ),
            (
                at(Some((7, 3))),
                "::error file=a%2Cb%3Ac%25.toml,line=7,col=3,title=cfn-lint%3A E3002%2C twice::100%25 wrong:%0D%0Asee a, b",
            ),
            (
                Annotation { level: Level::Warning, ..Annotation::error("%0A", "%0A") },
                "::warning title=%250A::%250A",
            ),
            // What is no line break of its own ends no command.
            (
                Annotation::error("a::error title=b", "::error::c"),
                "::error title=a%3A%3Aerror title=b::::error::c",
            ),
        ];
        for (annotation, expected) in table {
            assert_eq!(command(&annotation), expected);
        }
        assert_eq!(add_matcher(Path::new("/a%b/matchers.json")), "::add-matcher::/a%25b/matchers.json");
    }

    #[test]
    fn a_problem_is_shown_at_its_line() {
        let text = "target = \"aws\"\nregion = \"eu-central-1\"\naccount = \"1\"\nbuckets = 3\n";
        let set = [("stream.shards".to_owned(), "none".to_owned())];
        let problems = stacks::environment::parse("dev", "environments/dev.toml", text, &set)
            .expect_err("three problems");
        let shown: Vec<String> =
            problems.problems.iter().map(|problem| command(&Annotation::of_problem(problem))).collect();
        let begins = |line: &str| shown.iter().any(|shown| shown.starts_with(line));
        assert!(
            begins("::error file=environments/dev.toml,line=3,col=11,title=Configuration::`account` "),
            "{shown:#?}"
        );
        assert!(
            begins("::error file=environments/dev.toml,line=4,col=1,title=Configuration::`buckets` "),
            "{shown:#?}"
        );
        assert!(begins("::error title=--set stream.shards=none::`stream.shards` "), "{shown:#?}");
        assert!(shown.iter().all(|shown| shown.contains("%0Ahelp: ") && !shown.contains('\n')), "{shown:#?}");
    }
}
