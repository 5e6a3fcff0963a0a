//! What GitHub knows of a repository: asked through `gh`, where the machine has it and it is logged in.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use stacks::bootstrap::github::{Ids, Repository};
use tokio::process::Command;

use crate::report::Report;

/// How long GitHub is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// [A repository](https://docs.github.com/en/rest/repos/repos#get-a-repository), as GitHub's API tells it.
#[derive(Debug, Deserialize)]
struct Answer {
    id: u64,
    full_name: String,
    owner: Owner,
}

#[derive(Debug, Deserialize)]
struct Owner {
    id: u64,
}

/// The repository with its numbers, where they are known or GitHub tells them. Tokens spell the names as
/// GitHub does, so its spelling is taken.
pub async fn with_ids(repository: Repository, report: &Report) -> Repository {
    if repository.ids().is_some() {
        return repository;
    }
    let step = report.step(format_args!("Asking GitHub for the numbers of {repository}"));
    match ask(&repository).await.and_then(|answer| read(&answer, &repository)) {
        Ok(found) => {
            let numbers = found.ids().map_or(String::new(), |ids| ids.to_string());
            step.done(numbers);
            found
        }
        Err(why) => {
            drop(step);
            report.warn(format_args!(
                "the numbers of {repository} are not known ({why}): its tokens are told by its name, and \
                 `--github-ids` with what `gh api repos/{repository} --jq '\"\\(.owner.id)/\\(.id)\"'` prints makes \
                 that exact"
            ));
            repository
        }
    }
}

async fn ask(repository: &Repository) -> Result<Vec<u8>, String> {
    let mut command = Command::new("gh");
    command
        .args(["api", &format!("repos/{repository}"), "--hostname", "github.com"])
        .env("GH_PROMPT_DISABLED", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.map_err(|_| "GitHub does not answer".to_owned())?;
    let output = output.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no `gh` on this machine".to_owned(),
        _ => format!("`gh` does not start: {error}"),
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().find(|line| !line.trim().is_empty()).unwrap_or("`gh` failed").trim().to_owned())
}

/// Reads an answer about this repository. One about another, as of a repository that was renamed, is refused.
fn read(answer: &[u8], repository: &Repository) -> Result<Repository, String> {
    let Answer { id, full_name, owner } = serde_json::from_slice(answer)
        .map_err(|error| format!("GitHub's answer is not understood: {error}"))?;
    if !full_name.eq_ignore_ascii_case(&repository.to_string()) {
        return Err(format!("GitHub calls it {full_name} now"));
    }
    let ids: Ids =
        format!("{}/{id}", owner.id).parse().map_err(|_| "GitHub's numbers are none".to_owned())?;
    let named: Repository = full_name.parse().map_err(|error| format!("GitHub's name of it: {error}"))?;
    Ok(named.with_ids(Some(ids)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spelling_are_githubs() {
        let asked: Repository = "Octo-Org/octo-repo".parse().expect("a repository");
        let answer = |name: &str, id: &str| {
            format!(
                r#"{{"id": {id}, "full_name": "{name}", "private": true, "owner": {{"id": 123456, "login": "x"}}}}"#
            )
        };
        for (answer, expected) in [
            (answer("octo-org/octo-repo", "456789"), Ok("octo-org/octo-repo 123456/456789")),
            (answer("octo-org/renamed", "456789"), Err("GitHub calls it octo-org/renamed now")),
            (answer("octo-org/octo-repo", "0"), Err("GitHub's numbers are none")),
            ("<html>".to_owned(), Err("GitHub's answer is not understood")),
        ] {
            let read = read(answer.as_bytes(), &asked);
            match (read, expected) {
                (Ok(read), Ok(expected)) => {
                    let ids = read.ids().expect("numbers");
                    assert_eq!(format!("{read} {ids}"), expected);
                }
                (Err(read), Err(expected)) => assert!(read.starts_with(expected), "{read}"),
                (read, expected) => panic!("{read:?}, not {expected:?}"),
            }
        }
    }
}
