//! What a function or a stack may be called: one name for a folder, a package, a module and a stack.

use std::path::Path;

use stacks::cfn::LogicalId;

use super::What;

/// `CloudFormation` makes the name of a function, of at most 64 characters, from those of stack and resource, a
/// hyphen and 13 characters of its own, and cuts both to a half where they do not fit.
const MAX_CHARACTERS: usize = (64 - 1 - 13) / 2;

/// Words of Rust that no module can be called, those of crates that come with the compiler, and names that cargo
/// takes for something else.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "const", "continue", "core", "crate",
    "deps", "do", "dyn", "else", "enum", "examples", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
    "incremental", "let", "lib", "loop", "macro", "main", "match", "mod", "move", "mut", "override", "priv", "proc_macro",
    "pub", "ref", "return", "self", "static", "std", "struct", "super", "test", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Ids of what the stacks of `templates/new` have beside the function.
#[rustfmt::skip]
pub(super) const IDS: &[&str] = &[
    "ArtifactBucket", "FailedQueue", "FailedQueuePolicy", "QuarantineArn", "QuarantineUrl", "Queue", "QueueMapping",
    "QueuePolicy", "RejectedBucketArn", "Rule", "RulePermission", "RuleRole", "Schedule", "SchedulePermission",
    "StreamArn", "StreamMapping",
];

/// What the ids of a function and of what belongs to it end with.
const PARTS: [&str; 4] = ["", "Key", "Logs", "Role"];

/// A name that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// What is there already.
#[derive(Debug)]
pub struct Taken<'a> {
    /// The workspace's folder.
    pub root: &'a Path,
    /// `Cargo.lock`.
    pub lock: &'a str,
}

impl Name {
    /// Reads a name, or says everything that is wrong with it.
    pub fn read(text: &str, what: What, taken: &Taken) -> Result<Self, Vec<String>> {
        let problems = problems(text, what, taken);
        if problems.is_empty() { Ok(Self(text.to_owned())) } else { Err(problems) }
    }

    /// `over-heat`.
    pub fn kebab(&self) -> &str {
        &self.0
    }

    /// `over_heat`.
    pub fn snake(&self) -> String {
        self.0.replace('-', "_")
    }
}

fn problems(text: &str, what: What, taken: &Taken) -> Vec<String> {
    let is_kebab = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
    if !is_kebab {
        return vec![
            "it has to be lower-case words of letters and digits, with hyphens between them".to_owned(),
        ];
    }
    let mut problems = Vec::new();
    let characters = text.len();
    if characters > MAX_CHARACTERS {
        problems.push(format!(
            "it has {characters} characters, and CloudFormation keeps {MAX_CHARACTERS} of them in the names that it makes"
        ));
    }
    let snake = text.replace('-', "_");
    if RESERVED.contains(&snake.as_str()) {
        problems.push("Rust or cargo keep this word for themselves".to_owned());
    }
    let sources = taken.root.join("stacks/src");
    if sources.join(&snake).exists() || sources.join(format!("{snake}.rs")).exists() {
        problems.push(format!("stacks/src has a module `{snake}`"));
    } else if taken.root.join("lambdas").join(text).exists() {
        problems.push(format!("lambdas/{text} is there"));
    } else if packages(taken.lock).any(|package| package.replace('-', "_") == snake) {
        problems.push("a package that the workspace uses has this name".to_owned());
    }
    if matches!(what, What::Function(_)) {
        let id = LogicalId::from_kebab(text);
        if let Some(id) = PARTS.iter().map(|part| id.with(part)).find(|id| IDS.contains(&id.as_str())) {
            problems.push(format!("its stack has a resource or a parameter `{id}` already"));
        }
        if text.split('-').any(|word| word.starts_with("local")) {
            problems.push("`Local` begins the names of what only the local target has".to_owned());
        }
    }
    problems
}

/// Names of the packages in `Cargo.lock`.
fn packages(lock: &str) -> impl Iterator<Item = &str> {
    lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

/// A name that may have been meant.
pub fn likely(text: &str) -> Option<String> {
    let mut kebab = String::new();
    for c in text.trim().chars() {
        let follows = kebab.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit());
        match c {
            'A'..='Z' if follows => kebab.extend(['-', c.to_ascii_lowercase()]),
            'A'..='Z' => kebab.push(c.to_ascii_lowercase()),
            'a'..='z' | '0'..='9' => kebab.push(c),
            _ if follows => kebab.push('-'),
            _ => {}
        }
    }
    let kebab = kebab.trim_end_matches('-').trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    (!kebab.is_empty() && kebab != text).then(|| kebab.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Trigger;
    use super::*;

    fn read(text: &str, what: What) -> Result<String, String> {
        let root = tempfile::tempdir().expect("a folder");
        for there in ["stacks/src/ingest.rs", "lambdas/telemetry"] {
            std::fs::create_dir_all(root.path().join(there)).expect("a folder");
        }
        let taken =
            Taken { root: root.path(), lock: "[[package]]\nname = \"serde_json\"\nversion = \"1\"\n" };
        Name::read(text, what, &taken).map(|name| name.snake()).map_err(|problems| problems.join("; "))
    }

    #[test]
    fn a_name_is_used_or_everything_wrong_with_it_is_said() {
        const KEBAB: &str = "it has to be lower-case words of letters and digits, with hyphens between them";
        const LONG: &str =
            "it has 26 characters, and CloudFormation keeps 25 of them in the names that it makes";
        const KEPT: &str = "Rust or cargo keep this word for themselves";
        const MODULE: &str = "stacks/src has a module `ingest`";
        const PACKAGE: &str = "a package that the workspace uses has this name";
        const ID: &str = "its stack has a resource or a parameter `RuleRole` already";
        const LOCAL: &str = "`Local` begins the names of what only the local target has";
        let function = What::Function(Trigger::Rule);
        for (text, what, expected) in [
            ("over-heat", function, Ok("over_heat")),
            ("a1-2b", What::Stack, Ok("a1_2b")),
            ("abcdefghijklmnopqrstuvwxy", function, Ok("abcdefghijklmnopqrstuvwxy")),
            ("abcdefghijklmnopqrstuvwxyz", function, Err(LONG)),
            ("OverHeat", function, Err(KEBAB)),
            ("over_heat", function, Err(KEBAB)),
            ("over--heat", function, Err(KEBAB)),
            ("-heat", function, Err(KEBAB)),
            ("2heat", function, Err(KEBAB)),
            ("../heat", function, Err(KEBAB)),
            ("", function, Err(KEBAB)),
            ("match", function, Err(KEPT)),
            ("build", What::Stack, Err(KEPT)),
            ("ingest", What::Stack, Err(MODULE)),
            ("telemetry", function, Err("lambdas/telemetry is there")),
            ("serde-json", function, Err(PACKAGE)),
            ("rule", function, Err("its stack has a resource or a parameter `Rule` already")),
            ("rule-role", function, Err(ID)),
            ("rule-role", What::Stack, Ok("rule_role")),
            ("localized", function, Err(LOCAL)),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(read(text, what), expected, "{text}");
        }
    }

    #[test]
    fn a_likely_name_is_offered() {
        for (text, expected) in [
            ("OverHeat", Some("over-heat")),
            ("over_heat", Some("over-heat")),
            ("Over Heat!", Some("over-heat")),
            ("2-over", Some("over")),
            ("over-heat", None),
            ("!", None),
        ] {
            assert_eq!(likely(text).as_deref(), expected, "{text}");
        }
    }
}
