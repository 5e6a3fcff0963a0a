//! `cargo xtask comment`, against a server that answers as GitHub does.

use std::path::Path;
use std::process::{Command, Output};

use crate::github::{Fault, GitHub, Permission, REPOSITORY};

const PULL_REQUEST: u64 = 7;

struct Desk {
    github: GitHub,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let github = GitHub::start();
        github.open(PULL_REQUEST);
        Self { github, folder: tempfile::tempdir().expect("a folder") }
    }

    /// The command as a step of a run gives it, with these variables.
    fn command(&self, text: &str, variables: &[(&str, &str)]) -> Command {
        let file = self.folder.path().join("plan.md");
        std::fs::write(&file, text).expect("a file");
        let mut command = command(&file);
        command.env("GITHUB_API_URL", &self.github.url);
        command.envs(variables.iter().copied());
        command
    }

    fn comment(&self, text: &str) -> Output {
        let token = self.github.token(Permission::Write);
        self.command(text, &[("GITHUB_TOKEN", &token), ("GITHUB_ACTIONS", "true")]).output().expect("it runs")
    }
}

fn command(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GITHUB_")) {
        command.env_remove(name);
    }
    command
        .args(["comment", "--pull-request", &PULL_REQUEST.to_string(), "--marker", "plan", "--file"])
        .arg(file)
        .env("GITHUB_REPOSITORY", REPOSITORY)
        // A proxy of this machine does not know the server of this test.
        .env("NO_PROXY", "127.0.0.1");
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn one_comment_is_made_and_then_updated() {
    let desk = Desk::new();
    // People talk; one of them has read how the comment is marked.
    let forged = desk.github.write(PULL_REQUEST, "User", "<!-- sluice:plan -->\nNothing to see.");
    desk.github.write(PULL_REQUEST, "Bot", "<!-- sluice:preview -->\nAnother comment.");
    desk.github.write(PULL_REQUEST, "Bot", "It says <!-- sluice:plan --> somewhere.");
    for index in 0..250 {
        desk.github.write(PULL_REQUEST, "User", &format!("Remark {index}"));
    }
    let before = desk.github.comments(PULL_REQUEST);

    let first = desk.comment("# One\n");
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("is new"), "{}", said(&first));
    assert_eq!(desk.github.requests(), ["GET 7", "GET 7", "GET 7", "POST 7"]);

    // On the third page it is found again.
    let second = desk.comment("# Two\n");
    assert!(said(&second).contains("is updated"), "{}", said(&second));
    let third = desk.comment("# Two\n");
    assert!(said(&third).contains("says this already"), "{}", said(&third));

    let after = desk.github.comments(PULL_REQUEST);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(&after[..before.len()], &before[..]);
    let comment = after.last().expect("the comment");
    assert_eq!((comment.body.as_str(), comment.changes), ("<!-- sluice:plan -->\n# Two\n", 1));
    assert_ne!(comment.id, forged);
}

#[test]
fn what_passes_is_tried_again_and_nothing_is_doubled() {
    let desk = Desk::new();
    desk.github.fail(&[Fault::Status(502), Fault::SecondaryLimit(1)]);
    let first = desk.comment("# One\n");
    assert!(first.status.success(), "{}", said(&first));
    assert_eq!(desk.github.requests(), ["GET 7", "GET 7", "GET 7", "POST 7"]);
    assert_eq!(desk.github.comments(PULL_REQUEST).len(), 1);

    let desk = Desk::new();
    desk.github.fail(&[Fault::Lost]);
    let second = desk.comment("# One\n");
    assert!(second.status.success(), "{}", said(&second));
    assert_eq!(desk.github.requests(), ["GET 7", "POST 7", "GET 7"]);
    assert_eq!(desk.github.comments(PULL_REQUEST).len(), 1);
}

/// A name, variables, what goes wrong, the exit code, and what is said.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, Option<Fault>, i32, [&'a str; 2]);

#[test]
fn what_cannot_be_is_said_with_what_to_do() {
    let desk = Desk::new();
    let (reader, writer) = (desk.github.token(Permission::Read), desk.github.token(Permission::Write));
    let table: Vec<Case> = vec![
        ("no token", vec![], None, 2, ["GITHUB_TOKEN is not set", "GITHUB_TOKEN: ${{ github.token }}"]),
        (
            "a wrong token",
            vec![("GITHUB_TOKEN", "ghs_wrong")],
            None,
            2,
            [
                "does not accept the token in GITHUB_TOKEN: Bad credentials",
                "GITHUB_TOKEN: ${{ github.token }}",
            ],
        ),
        (
            "a token that reads",
            vec![("GITHUB_TOKEN", &reader)],
            None,
            2,
            [
                "may not write comments on acme/telemetry: Resource not accessible",
                "permissions: pull-requests: write",
            ],
        ),
        (
            "another repository",
            vec![("GITHUB_TOKEN", &writer), ("GITHUB_REPOSITORY", "acme/other")],
            None,
            2,
            ["knows no pull request 7 of acme/other", "GITHUB_REPOSITORY and `--pull-request`"],
        ),
        (
            "no repository",
            vec![("GITHUB_TOKEN", &writer), ("GITHUB_REPOSITORY", "acme")],
            None,
            2,
            ["--repository <REPOSITORY>", "expected ORG/REPO"],
        ),
        (
            "a limit that lasts",
            vec![("GITHUB_TOKEN", &writer)],
            Some(Fault::PrimaryLimit),
            1,
            ["limits how much this token may ask (403): API rate limit exceeded", "again later"],
        ),
        (
            "a request that GitHub does not like",
            vec![("GITHUB_TOKEN", &writer)],
            Some(Fault::Status(422)),
            1,
            ["GitHub refuses the comment (422): Server Error", "error:"],
        ),
    ];
    for (case, variables, fault, exit, expected) in table {
        desk.github.fail(&fault.into_iter().collect::<Vec<_>>());
        let output = desk.command("# One\n", &variables).output().expect("it runs");
        assert_eq!(output.status.code(), Some(exit), "{case}: {}", said(&output));
        for text in expected {
            assert!(said(&output).contains(text), "{case}: {text} is not in\n{}", said(&output));
        }
        assert!(!said(&output).contains("ghs_"), "{case}: the token is shown\n{}", said(&output));
    }
    assert_eq!(desk.github.comments(PULL_REQUEST), []);
}

#[test]
fn a_long_plan_is_cut_to_what_a_comment_holds() {
    let desk = Desk::new();
    let output = desk.comment(&format!("# Plan\n<details>\n\n{}</details>\n", "| a | b |\n".repeat(20_000)));
    assert!(output.status.success(), "{}", said(&output));
    let comments = desk.github.comments(PULL_REQUEST);
    let body = &comments.first().expect("a comment").body;
    assert!(body.starts_with("<!-- sluice:plan -->\n# Plan\n<details>\n"));
    assert!(body.contains("\n</details>\n\n*This is the beginning of 200"), "…{}", &body[body.len() - 200..]);
}
