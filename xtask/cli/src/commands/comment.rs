//! `comment`: one comment of a pull request, made or updated.

use std::fmt;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::Outcome;
use crate::github::Run;
use crate::github::api::{Client, PullRequest};
use crate::github::comment::{self, Author, Became, Published};
use crate::report::{Document, Report, STRONG, paint};
use session::{Exit, Failure};

/// Write files as one comment of a pull request on GitHub, and update it after
///
/// The token is that of the variable `GITHUB_TOKEN`; it needs to write pull requests.
#[derive(Debug, Args)]
pub struct Comment {
    /// Number of the pull request.
    #[arg(long, value_name = "NUMBER")]
    pull_request: u64,
    /// Markdown to write. Of several files, one comes after the other.
    #[arg(long = "file", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Which comment it is: the same name finds it again.
    #[arg(long, value_name = "NAME", value_parser = marker)]
    marker: String,
    /// The repository: `ORG/REPO`.
    #[arg(long, value_name = "REPOSITORY", env = "GITHUB_REPOSITORY", value_parser = repository)]
    repository: String,
    /// Where GitHub's API is.
    #[arg(long, value_name = "URL", env = "GITHUB_API_URL", default_value = "https://api.github.com")]
    api_url: String,
}

/// The comment, and whose it is.
#[derive(Debug, Serialize)]
struct Commented<'a> {
    repository: &'a str,
    pull_request: u64,
    #[serde(flatten)]
    published: Published,
}

impl Comment {
    pub(crate) async fn run(&self, report: &Report) -> Outcome {
        let token = std::env::var("GITHUB_TOKEN").ok().filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| {
            Failure::new(Exit::Configuration, "there is no token for GitHub: GITHUB_TOKEN is not set")
                .hint("a step gives it with `env: GITHUB_TOKEN: ${{ github.token }}`")
        })?;
        let link = link();
        let mut text = self.text()?;
        if let Some(link) = &link {
            text = format!("{}\n\n<sub>Written by [this run]({link}).</sub>\n", text.trim_end());
        }
        let rest = link.map_or_else(
            || "The command that wrote it shows all of it.".to_owned(),
            |link| format!("[The run]({link}) has all of it in its summary."),
        );
        let text = comment::fitted(&text, &rest);

        let pull_request = PullRequest { repository: self.repository.clone(), number: self.pull_request };
        let client = Client::new(&self.api_url, token, pull_request);
        let author = if Run::current().is_some() { Author::App } else { Author::Anybody };
        let published = comment::publish(&client, author, &self.marker, &text).await?;
        let commented =
            Commented { repository: &self.repository, pull_request: self.pull_request, published };
        report.print(&commented);
        Ok(Exit::Done)
    }

    fn text(&self) -> anyhow::Result<String> {
        let read = |file: &PathBuf| {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
        };
        let texts = self.files.iter().map(read).collect::<anyhow::Result<Vec<String>>>()?;
        Ok(texts.join("\n"))
    }
}

/// The page of the run that this program is a part of.
fn link() -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/actions/runs/{}", variable("GITHUB_RUN_ID")?))
}

fn marker(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    // Two hyphens end a comment of HTML.
    if !text.is_empty() && text.chars().all(fits) && !text.contains("--") {
        Ok(text.to_owned())
    } else {
        Err("expected lower-case letters, digits and single hyphens, for instance plan".to_owned())
    }
}

fn repository(text: &str) -> Result<String, String> {
    let fits = |part: &str| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part.chars().all(is_word) && !part.chars().all(|c| c == '.')
    };
    match text.split_once('/') {
        Some((owner, name)) if fits(owner) && fits(name) => Ok(text.to_owned()),
        _ => Err("expected ORG/REPO".to_owned()),
    }
}

impl Document for Commented<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { repository, pull_request, published: Published { action, url } } = self;
        let became = match action {
            Became::Created => "is new",
            Became::Updated => "is updated",
            Became::Unchanged => "says this already",
        };
        let what = paint(STRONG, format_args!("the comment on {repository}#{pull_request}"));
        writeln!(out, "{what} {became}: {url}")
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { pull_request, published: Published { action, url }, .. } = self;
        let became = match action {
            Became::Created => "is new",
            Became::Updated => "is updated",
            Became::Unchanged => "says this already",
        };
        writeln!(out, "[The comment on #{pull_request}]({url}) {became}.\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        for (text, expected) in
            [("plan", true), ("plan-dev", true), ("", false), ("a--", false), ("a b", false), ("Plan", false)]
        {
            assert_eq!(marker(text).is_ok(), expected, "{text}");
        }
        for (text, expected) in [
            ("org/repo", true),
            ("Org-1/re.po_2", true),
            ("org", false),
            ("org/", false),
            ("org/repo/issues", false),
            ("org/..", false),
            ("org/repo?x", false),
        ] {
            assert_eq!(repository(text).is_ok(), expected, "{text}");
        }
    }
}
