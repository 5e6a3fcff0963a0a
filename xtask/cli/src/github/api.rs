//! GitHub's REST API, as far as comments need it.
//!
//! One request at a time, over the SDK's HTTP client: the same TLS, certificates and proxies. What is worth
//! another try is told by the error; trying again is the caller's, who knows what may be repeated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use session::{Exit, Explain, causes};

/// The [version](https://docs.github.com/en/rest/about-the-rest-api/api-versions) that is asked for.
const VERSION: &str = "2022-11-28";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a request is tried.
const ATTEMPTS: u32 = 5;

/// What is waited for a limit at most. One that ends later is told instead.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// What to wait for a limit that does not say when it ends, as the
/// [documentation](https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit)
/// wants it.
const UNKNOWN_WAIT: Duration = Duration::from_mins(1);

/// Why GitHub did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It was not reached, or its answer was lost.
    #[error("GitHub does not answer at {url}: {cause}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// The cause.
        cause: String,
    },
    /// It has trouble of its own.
    #[error("GitHub failed ({status}): {message}")]
    Failed {
        /// The status of the answer.
        status: u16,
        /// What it says.
        message: String,
    },
    /// It was asked too much.
    #[error("GitHub limits how much this token may ask ({status}): {message}")]
    Limited {
        /// The status of the answer.
        status: u16,
        /// What it says.
        message: String,
        /// When it may be asked again.
        wait: Duration,
    },
    /// The token is none, or has expired.
    #[error("GitHub does not accept the token in GITHUB_TOKEN: {0}")]
    Token(String),
    /// The token may not do this.
    #[error("the token in GITHUB_TOKEN may not write comments on {repository}: {message}")]
    Forbidden {
        /// The repository.
        repository: String,
        /// What GitHub says.
        message: String,
    },
    /// There is no such pull request, or the token may not see it.
    #[error("GitHub knows no pull request {number} of {repository}, or does not show it to this token")]
    NotFound {
        /// The repository.
        repository: String,
        /// Number of the pull request.
        number: u64,
    },
    /// It wants another request.
    #[error("GitHub refuses the comment ({status}): {message}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// What it says.
        message: String,
    },
}

impl Explain for ApiError {
    fn exit(&self) -> Exit {
        match self {
            Self::Token(_) | Self::Forbidden { .. } | Self::NotFound { .. } => Exit::Configuration,
            Self::Unreachable { .. } | Self::Failed { .. } | Self::Limited { .. } | Self::Refused { .. } => {
                Exit::Unexpected
            }
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { .. } => "GITHUB_API_URL says where it is asked; HTTPS_PROXY is heeded",
            Self::Failed { .. } => {
                "https://www.githubstatus.com says how it is; run the same command again later"
            }
            Self::Limited { .. } => "run the same command again later",
            Self::Token(_) => "a step gives it with `env: GITHUB_TOKEN: ${{ github.token }}`",
            Self::Forbidden { .. } => {
                "the job needs `permissions: pull-requests: write`; a run for a fork never has it"
            }
            Self::NotFound { .. } => {
                "see that GITHUB_REPOSITORY and `--pull-request` name it, and that the job has \
                 `permissions: pull-requests: write`"
            }
            Self::Refused { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl ApiError {
    /// How long to wait before the next try; none when another try is of no use. `attempt` counts from 1.
    pub fn patience(&self, attempt: u32) -> Option<Duration> {
        if attempt >= ATTEMPTS {
            return None;
        }
        match self {
            Self::Limited { wait, .. } => Some(*wait).filter(|wait| *wait <= LONGEST_WAIT),
            Self::Unreachable { .. } | Self::Failed { .. } => {
                let jitter = Duration::from_millis(fastrand::u64(0..250));
                Some(Duration::from_secs(1 << (attempt - 1)) + jitter)
            }
            Self::Token(_) | Self::Forbidden { .. } | Self::NotFound { .. } | Self::Refused { .. } => None,
        }
    }
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// `ORG/REPO`.
    pub repository: String,
    /// Its number.
    pub number: u64,
}

/// What is done to a resource.
#[derive(Debug, Clone, Copy)]
pub enum Verb<'a> {
    /// Read it.
    Get,
    /// Add to it.
    Post(&'a Value),
    /// Change it.
    Patch(&'a Value),
}

/// What GitHub answered.
#[derive(Debug)]
pub struct Answer {
    /// The document.
    pub body: Value,
    /// The address of the next page of a list.
    pub next: Option<String>,
}

/// A client of the API, for one pull request.
#[derive(Debug)]
pub struct Client {
    connector: Connector,
    base: String,
    token: String,
    pull_request: PullRequest,
}

impl Client {
    /// A client of the API at `base`, with this token.
    pub fn new(base: &str, token: String, pull_request: PullRequest) -> Self {
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .proxy_config(ProxyConfig::from_env())
            .build();
        Self { connector, base: base.trim_end_matches('/').to_owned(), token, pull_request }
    }

    /// The address of something in the repository's issues, of which pull requests are a kind.
    pub fn issues(&self, path: &str) -> String {
        format!("{}/repos/{}/issues/{path}", self.base, self.pull_request.repository)
    }

    /// The pull request that this is about.
    pub fn pull_request(&self) -> &PullRequest {
        &self.pull_request
    }

    /// Asks once.
    pub async fn ask(&self, verb: Verb<'_>, url: &str) -> Result<Answer, ApiError> {
        let unreachable = |cause: String| ApiError::Unreachable { url: url.to_owned(), cause };
        let request = self.request(verb, url).map_err(unreachable)?;
        let response = async {
            let response = self.connector.call(request).await.map_err(|error| causes(&error))?;
            read(response).await
        };
        let response = tokio::time::timeout(PATIENCE, response).await;
        let late = format!("nothing came within {} seconds", PATIENCE.as_secs());
        let (status, headers, body) = response.unwrap_or(Err(late)).map_err(unreachable)?;
        if (200..300).contains(&status) {
            let next = headers.get("link").and_then(next_page).filter(|next| same_origin(&self.base, next));
            return Ok(Answer { body, next: next.map(str::to_owned) });
        }
        let message = body["message"].as_str().unwrap_or("no reason given").to_owned();
        Err(self.error(status, &headers, message))
    }

    fn request(&self, verb: Verb<'_>, url: &str) -> Result<HttpRequest, String> {
        let (method, body) = match verb {
            Verb::Get => ("GET", None),
            Verb::Post(body) => ("POST", Some(body)),
            Verb::Patch(body) => ("PATCH", Some(body)),
        };
        let body = body.map_or_else(SdkBody::empty, |body| SdkBody::from(body.to_string()));
        let mut request = HttpRequest::new(body);
        request.set_method(method).map_err(|error| causes(&error))?;
        request.set_uri(url).map_err(|error| causes(&error))?;
        let authorization = format!("Bearer {}", self.token);
        for (name, value) in [
            ("accept", "application/vnd.github+json"),
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("user-agent", concat!("sluice/", env!("CARGO_PKG_VERSION"))),
            ("x-github-api-version", VERSION),
        ] {
            // The value is not told: it may be the token.
            let refused = |_| format!("the header `{name}` cannot be sent");
            request.headers_mut().try_insert(name, value.to_owned()).map_err(refused)?;
        }
        Ok(request)
    }

    fn error(&self, status: u16, headers: &Headers, message: String) -> ApiError {
        let PullRequest { repository, number } = self.pull_request.clone();
        match (status, limit(status, headers, &message)) {
            (_, Some(wait)) => ApiError::Limited { status, message, wait },
            (401, _) => ApiError::Token(message),
            (403, _) => ApiError::Forbidden { repository, message },
            (404 | 410, _) => ApiError::NotFound { repository, number },
            (500.., _) => ApiError::Failed { status, message },
            _ => ApiError::Refused { status, message },
        }
    }
}

async fn read(mut response: HttpResponse) -> Result<(u16, Headers, Value), String> {
    let body = ByteStream::new(response.take_body()).collect().await.map_err(|error| causes(&error))?;
    // What stands before GitHub, a proxy for instance, may answer with something else than JSON.
    let body = serde_json::from_slice(&body.into_bytes()).unwrap_or_default();
    Ok((response.status().as_u16(), response.headers().clone(), body))
}

/// How long to wait when a limit was reached.
fn limit(status: u16, headers: &Headers, message: &str) -> Option<Duration> {
    if !matches!(status, 403 | 429) {
        return None;
    }
    let number = |name| headers.get(name).and_then(|value| value.trim().parse::<u64>().ok());
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    if number("x-ratelimit-remaining") == Some(0) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let reset = number("x-ratelimit-reset").map(Duration::from_secs);
        return Some(reset.map_or(UNKNOWN_WAIT, |reset| reset.saturating_sub(now)));
    }
    let says_so = message.to_ascii_lowercase().contains("rate limit");
    (status == 429 || says_so).then_some(UNKNOWN_WAIT)
}

/// The address of the next page, from a
/// [`Link` header](https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api).
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|link| {
        let (url, relation) = link.trim().split_once(';')?;
        let is_next = relation.split(';').any(|part| part.trim() == "rel=\"next\"");
        is_next.then(|| url.trim().trim_start_matches('<').trim_end_matches('>'))
    })
}

/// Whether the token may be sent there too.
fn same_origin(base: &str, url: &str) -> bool {
    let origin = |url: &str| -> Option<String> {
        let (scheme, rest) = url.split_once("://")?;
        Some(format!("{scheme}://{}", rest.split(['/', '?']).next()?))
    };
    origin(base).is_some() && origin(base) == origin(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_followed_where_the_token_belongs() {
        let table = [
            (
                r#"<https://api.github.com/r/1?page=2>; rel="next", <https://api.github.com/r/1?page=9>; rel="last""#,
                Some("https://api.github.com/r/1?page=2"),
            ),
            (
                r#"<https://api.github.com/r/1?page=1>; rel="prev", <https://api.github.com/r/1?page=3>; rel="next""#,
                Some("https://api.github.com/r/1?page=3"),
            ),
            (r#"<https://api.github.com/r/1?page=1>; rel="first""#, None),
            ("", None),
        ];
        for (link, expected) in table {
            assert_eq!(next_page(link), expected, "{link}");
        }
        for (url, expected) in [
            ("https://api.github.com/repositories/1?page=2", true),
            ("https://api.github.com.example.com/?page=2", false),
            ("http://api.github.com/?page=2", false),
            ("/relative", false),
        ] {
            assert_eq!(same_origin("https://api.github.com", url), expected, "{url}");
        }
    }

    #[test]
    fn limits_are_told_from_missing_permissions() {
        type Case<'a> = (u16, &'a [(&'static str, &'a str)], &'a str, Option<std::ops::RangeInclusive<u64>>);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let soon = (now + 30).to_string();
        let table: [Case<'_>; 8] = [
            (403, &[], "Resource not accessible by integration", None),
            (404, &[("retry-after", "5")], "Not Found", None),
            (403, &[("retry-after", "5")], "You have exceeded a secondary rate limit", Some(5..=5)),
            (429, &[("retry-after", "0")], "", Some(0..=0)),
            (
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &soon)],
                "API rate limit exceeded",
                Some(28..=30),
            ),
            (403, &[("x-ratelimit-remaining", "12")], "Resource not accessible by integration", None),
            (403, &[], "You have exceeded a secondary rate limit.", Some(60..=60)),
            (429, &[], "", Some(60..=60)),
        ];
        for (status, set, message, expected) in table {
            let mut headers = Headers::new();
            for (name, value) in set {
                headers.insert(*name, (*value).to_owned());
            }
            let wait = limit(status, &headers, message).map(|wait| wait.as_secs());
            match (wait, &expected) {
                (None, None) => {}
                (Some(wait), Some(expected)) if expected.contains(&wait) => {}
                _ => panic!("{status} {set:?} {message}: {wait:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let failed = ApiError::Failed { status: 502, message: String::new() };
        let limited = |seconds| ApiError::Limited {
            status: 403,
            message: String::new(),
            wait: Duration::from_secs(seconds),
        };
        let seconds = |error: &ApiError, attempt| error.patience(attempt).map(|wait| wait.as_secs());
        assert_eq!(
            (1..=5).map(|attempt| seconds(&failed, attempt)).collect::<Vec<_>>(),
            [Some(1), Some(2), Some(4), Some(8), None]
        );
        assert_eq!(seconds(&limited(7), 1), Some(7));
        assert_eq!(seconds(&limited(3600), 1), None);
        assert_eq!(seconds(&ApiError::Token(String::new()), 1), None);
    }
}
