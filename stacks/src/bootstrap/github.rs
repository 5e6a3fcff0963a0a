//! A repository on GitHub, as a person names it and as its tokens do.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// Longest name of an owner, in characters.
const MAX_OWNER: usize = 39;
/// Longest name of a repository, in characters.
const MAX_NAME: usize = 100;

/// A repository on github.com: `owner/name`, and its numbers where they are known.
///
/// Names are of letters, digits and a few signs, so that they have no meaning in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    owner: String,
    name: String,
    ids: Option<Ids>,
}

/// The numbers of an owner and of a repository, which no other ever gets: `owner/repository`.
/// `gh api repos/OWNER/NAME` prints both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// Of the owner.
    pub owner: NonZeroU64,
    /// Of the repository.
    pub repository: NonZeroU64,
}

/// Why a text names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// It is an address.
    #[error("an address; write `{0}`")]
    Address(String),
    /// There is not exactly one slash.
    #[error("write OWNER/NAME, for instance octo-org/octo-repo")]
    Form,
    /// The owner cannot be one.
    #[error(
        "`{0}` is no owner on GitHub: at most {MAX_OWNER} letters, digits and single hyphens, none of them at an end"
    )]
    Owner(String),
    /// The name cannot be one.
    #[error(
        "`{0}` is no repository on GitHub: at most {MAX_NAME} letters, digits, hyphens, dots and underscores"
    )]
    Name(String),
}

/// Why a text is no pair of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write OWNER_ID/REPOSITORY_ID, for instance 123456/456789: `gh api repos/OWNER/NAME --jq '\"\\(.owner.id)/\\(.id)\"'` prints them"
)]
pub struct IdsError;

impl Repository {
    /// The same with its numbers.
    #[must_use]
    pub fn with_ids(self, ids: Option<Ids>) -> Self {
        Self { ids: ids.or(self.ids), ..self }
    }

    /// Whose it is: a person or an organization.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What its owner calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its numbers, where they are known.
    pub fn ids(&self) -> Option<Ids> {
        self.ids
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl FromStr for Repository {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = path_of_address(text) {
            return Err(path.parse().map_or(RepositoryError::Form, |repository: Self| {
                RepositoryError::Address(repository.to_string())
            }));
        }
        let Some((owner, name)) = text.split_once('/') else { return Err(RepositoryError::Form) };
        if name.is_empty() || name.contains('/') {
            return Err(RepositoryError::Form);
        }
        if !is_owner(owner) {
            return Err(RepositoryError::Owner(owner.to_owned()));
        }
        if !is_name(name) {
            return Err(RepositoryError::Name(name.to_owned()));
        }
        Ok(Self { owner: owner.to_owned(), name: name.to_owned(), ids: None })
    }
}

/// `owner/name` of what a browser or a clone command shows.
fn path_of_address(text: &str) -> Option<String> {
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let path = match bare.or_else(|| text.strip_prefix("ssh://git@")) {
        Some(rest) => rest.split_once('/').map(|(_, path)| path)?,
        None => text.strip_prefix("git@github.com:").or_else(|| text.strip_prefix("github.com/"))?,
    };
    let mut parts = path.trim_end_matches('/').splitn(3, '/');
    let (owner, name) = (parts.next()?, parts.next().unwrap_or_default());
    Some(format!("{owner}/{}", name.strip_suffix(".git").unwrap_or(name)))
}

fn is_owner(owner: &str) -> bool {
    // Accounts that a company manages end with an underscore and its short name.
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !owner.is_empty()
        && owner.len() <= MAX_OWNER
        && owner.chars().all(allowed)
        && !owner.starts_with(['-', '_'])
        && !owner.ends_with(['-', '_'])
        && !owner.contains("--")
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        && !matches!(name, "." | "..")
        && name.strip_suffix(".git").is_none()
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.repository)
    }
}

impl FromStr for Ids {
    type Err = IdsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // What a token carries has neither sign nor leading zero.
        let number = |text: &str| {
            let number: NonZeroU64 = text.parse().ok()?;
            (number.to_string() == text).then_some(number)
        };
        let (owner, repository) = text.split_once('/').ok_or(IdsError)?;
        match (number(owner), number(repository)) {
            (Some(owner), Some(repository)) => Ok(Self { owner, repository }),
            _ => Err(IdsError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        for text in ["octo-org/octo-repo", "a/b", "Octo/.github", "octo_corp/a_b.c-d", "1/2"] {
            let repository: Repository = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(repository.to_string(), text);
            assert_eq!(repository.ids(), None);
        }
    }

    #[test]
    fn what_is_no_repository_is_told_so() {
        let long = format!("{}/b", "a".repeat(40));
        let name = format!("a/{}", "b".repeat(101));
        for (text, expected) in [
            ("https://github.com/octo/repo", "an address; write `octo/repo`"),
            ("https://github.com/octo/repo.git", "an address; write `octo/repo`"),
            ("https://github.com/octo/repo/tree/main", "an address; write `octo/repo`"),
            ("git@github.com:octo/repo.git", "an address; write `octo/repo`"),
            ("ssh://git@github.com/octo/repo.git", "an address; write `octo/repo`"),
            ("github.com/octo/repo", "an address; write `octo/repo`"),
            ("https://github.com/octo", "write OWNER/NAME"),
            ("octo", "write OWNER/NAME"),
            ("octo/", "write OWNER/NAME"),
            ("octo/repo/x", "write OWNER/NAME"),
            ("", "write OWNER/NAME"),
            ("/repo", "`` is no owner"),
            ("octo*/repo", "`octo*` is no owner"),
            ("octo?/repo", "`octo?` is no owner"),
            ("-octo/repo", "`-octo` is no owner"),
            ("octo@1/repo@2", "`octo@1` is no owner"),
            ("octo:x/repo", "`octo:x` is no owner"),
            ("octo/*", "`*` is no repository"),
            ("octo/re po", "`re po` is no repository"),
            ("octo/repo@2", "`repo@2` is no repository"),
            ("octo/repo:environment:dev", "`repo:environment:dev` is no repository"),
            ("octo/${aws:username}", "`${aws:username}` is no repository"),
            ("octo/..", "`..` is no repository"),
            ("octo/repo.git", "`repo.git` is no repository"),
            (&long, "is no owner"),
            (&name, "is no repository"),
        ] {
            let error = text.parse::<Repository>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn ids_are_two_numbers_as_a_token_writes_them() {
        let ids: Ids = "123456/456789".parse().expect("numbers");
        assert_eq!(
            (ids.owner.get(), ids.repository.get(), ids.to_string().as_str()),
            (123_456, 456_789, "123456/456789")
        );
        for text in [
            "",
            "1",
            "1/",
            "/1",
            "0/1",
            "1/0",
            "+1/2",
            "01/2",
            "1/2/3",
            "1/x",
            "1 /2",
            "99999999999999999999/1",
        ] {
            assert_eq!(text.parse::<Ids>(), Err(IdsError), "{text}");
        }
    }
}
