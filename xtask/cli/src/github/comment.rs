//! One comment of a pull request, found by a mark that readers do not see, made once and updated after.

use serde::Serialize;
use serde_json::{Value, json};

use super::api::{ApiError, Client, Verb};

/// What a comment may hold, in characters. GitHub refuses a longer one.
pub const LIMIT: usize = 65_536;

/// Characters kept for the sentence that says that something is missing.
const REMARK: usize = 1_000;

/// What became of the comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// There was none.
    Created,
    /// It said something else before.
    Updated,
    /// It says the same already.
    Unchanged,
}

/// A comment as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// What became of it.
    pub action: Became,
    /// Where a person reads it.
    pub url: String,
}

/// Whose comments may be taken for our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Those of apps, as which a run of Actions writes: the mark alone could be anybody's.
    App,
    /// Everybody's, for a person with a token of their own.
    Anybody,
}

/// The mark by which a comment is found again.
pub fn mark(name: &str) -> String {
    format!("<!-- sluice:{name} -->")
}

/// Makes the comment, or updates the one with its mark.
///
/// Comments are read again before each try, so that one which was made although its answer was lost is not
/// made twice.
pub async fn publish(client: &Client, author: Author, name: &str, text: &str) -> Result<Published, ApiError> {
    let body = format!("{}\n{text}", mark(name));
    let mut attempt = 1;
    loop {
        match publish_once(client, author, &mark(name), &body).await {
            Ok(published) => return Ok(published),
            Err(error) => match error.patience(attempt) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            },
        }
        attempt += 1;
    }
}

async fn publish_once(
    client: &Client,
    author: Author,
    mark: &str,
    body: &str,
) -> Result<Published, ApiError> {
    let document = json!({ "body": body });
    let (action, answer) = match find(client, author, mark).await? {
        Some(comment) if comment["body"] == body => (Became::Unchanged, comment),
        Some(comment) => {
            let url = client.issues(&format!("comments/{}", comment["id"]));
            (Became::Updated, client.ask(Verb::Patch(&document), &url).await?.body)
        }
        None => {
            let url = client.issues(&format!("{}/comments", client.pull_request().number));
            (Became::Created, client.ask(Verb::Post(&document), &url).await?.body)
        }
    };
    Ok(Published { action, url: answer["html_url"].as_str().unwrap_or_default().to_owned() })
}

/// The first comment that begins with the mark, on whichever page.
async fn find(client: &Client, author: Author, mark: &str) -> Result<Option<Value>, ApiError> {
    let mut page = Some(client.issues(&format!("{}/comments?per_page=100", client.pull_request().number)));
    while let Some(url) = page {
        let answer = client.ask(Verb::Get, &url).await?;
        let comments = answer.body.as_array().cloned().unwrap_or_default();
        let is_ours = |comment: &Value| {
            let begins = comment["body"].as_str().is_some_and(|body| body.starts_with(mark));
            begins && (author == Author::Anybody || comment["user"]["type"] == "Bot")
        };
        if let Some(found) = comments.into_iter().find(is_ours) {
            return Ok(Some(found));
        }
        page = answer.next;
    }
    Ok(None)
}

/// The text, cut at the end of a line where it is too long, with a sentence that says so and where the rest
/// is. What the cut leaves open, a block of code or a folded part, is closed.
pub fn fitted(text: &str, rest: &str) -> String {
    let length = text.chars().count();
    if length <= LIMIT - REMARK {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut open = Vec::new();
    let mut room = LIMIT - 2 * REMARK;
    for line in text.split_inclusive('\n') {
        let Some(left) = room.checked_sub(line.chars().count()) else { break };
        room = left;
        kept.push_str(line);
        if line.starts_with("```") {
            match open.iter().position(|end| *end == "```") {
                Some(at) => _ = open.remove(at),
                None => open.push("```"),
            }
        } else if !open.contains(&"```") {
            open.extend(line.matches("<details").map(|_| "</details>"));
            for _ in line.matches("</details>") {
                if let Some(at) = open.iter().rposition(|end| *end == "</details>") {
                    open.remove(at);
                }
            }
        }
    }
    for end in open.into_iter().rev() {
        kept.push('\n');
        kept.push_str(end);
        kept.push('\n');
    }
    format!(
        "{kept}\n*This is the beginning of {length} characters, of which a comment holds {LIMIT}. {rest}*\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_at_a_line_and_closed() {
        let short = "# plan\n".repeat(3);
        assert_eq!(fitted(&short, "More."), short);

        let line = "| ä | b |\n";
        let table = [
            ("plain", line.repeat(10_000), 0, 0),
            ("folded", format!("<details>\n<details open>\n{}", line.repeat(10_000)), 2, 0),
            ("code", format!("<details>\n</details>\n```text\n{}", line.repeat(10_000)), 1, 2),
            ("folded code", format!("<details>\n\n```text\n{}```\n</details>\n", line.repeat(10_000)), 1, 2),
            ("one line", "x".repeat(100_000), 0, 0),
        ];
        for (case, text, folds, fences) in table {
            let cut = fitted(&text, "The log has all of it.");
            assert!(cut.chars().count() < LIMIT - mark("plan").len(), "{case}");
            let length = text.chars().count();
            let sentence = format!(
                "\n*This is the beginning of {length} characters, of which a comment holds 65536. The log has all of it.*\n"
            );
            assert!(cut.ends_with(&sentence), "{case}: …{}", &cut[cut.len() - 200..]);
            let kept = cut.strip_suffix(&sentence).expect("the sentence");
            assert_eq!(kept.matches("</details>").count(), folds, "{case}");
            assert_eq!(kept.matches("```").count(), fences, "{case}");
            if case == "folded code" {
                assert!(kept.ends_with("\n```\n\n</details>\n"), "{case}: …{}", &kept[kept.len() - 60..]);
            }
        }
    }
}
