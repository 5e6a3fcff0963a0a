//! An HTTP server that answers as GitHub's
//! [API of comments](https://docs.github.com/en/rest/issues/comments) is documented to.

#![allow(clippy::result_large_err, reason = "an answer is what it is")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde_json::{Value, json};

/// A comment of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    pub pull_request: u64,
    pub body: String,
    /// `Bot` or `User`.
    pub author: &'static str,
    /// How often it was changed.
    pub changes: u32,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    Read,
    Write,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not done, and answered with this status.
    Status(u16),
    /// A comment is made or changed, and the answer is lost on the way.
    Lost,
    /// Asked too much: it is not done, and may be tried again after so many seconds.
    SecondaryLimit(u64),
    /// Nothing is left for this hour.
    PrimaryLimit,
}

#[derive(Debug, Default)]
struct Records {
    comments: Vec<Comment>,
    pull_requests: Vec<u64>,
    tokens: BTreeMap<String, Permission>,
    faults: VecDeque<Fault>,
    requests: Vec<String>,
}

/// The server. It ends with the program.
#[derive(Debug, Clone)]
pub struct GitHub {
    pub url: String,
    records: Arc<Mutex<Records>>,
}

pub const REPOSITORY: &str = "acme/telemetry";

/// The longest body, in characters.
const LIMIT: usize = 65_536;

impl GitHub {
    /// Starts it on a free port, in a thread of its own.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("asynchronous");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let github = Self { url, records: Arc::default() };
        let state = github.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let comments = "/repos/{owner}/{repository}/issues/{number}/comments";
                let router = Router::new()
                    .route(comments, get(list).post(create))
                    .route("/repos/{owner}/{repository}/issues/comments/{id}", patch(update))
                    .with_state(state);
                axum::serve(listener, router).await.expect("served");
            });
        });
        github
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a token.
    pub fn token(&self, permission: Permission) -> String {
        let mut records = self.records();
        let token = format!("ghs_{:016}", records.tokens.len());
        records.tokens.insert(token.clone(), permission);
        token
    }

    /// Opens a pull request.
    pub fn open(&self, number: u64) {
        self.records().pull_requests.push(number);
    }

    /// Adds a comment that somebody else wrote.
    pub fn write(&self, pull_request: u64, author: &'static str, body: &str) -> u64 {
        let mut records = self.records();
        let id = 1_000 + records.comments.len() as u64;
        let comment = Comment { id, pull_request, body: body.to_owned(), author, changes: 0 };
        records.comments.push(comment);
        id
    }

    /// The comments of a pull request, oldest first.
    pub fn comments(&self, pull_request: u64) -> Vec<Comment> {
        let records = self.records();
        records.comments.iter().filter(|comment| comment.pull_request == pull_request).cloned().collect()
    }

    /// What goes wrong with the next requests, one after the other.
    pub fn fail(&self, faults: &[Fault]) {
        self.records().faults.extend(faults);
    }

    /// The methods and paths that were asked for since the last time.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.records().requests)
    }

    /// Who asks, or the answer to one who may not.
    fn admit(
        &self,
        what: &str,
        owner: &str,
        repository: &str,
        headers: &HeaderMap,
    ) -> Result<Permission, Response> {
        let mut records = self.records();
        records.requests.push(what.to_owned());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header("user-agent").is_empty() {
            return Err(refusal(403, "Request forbidden by administrative rules."));
        }
        if header("accept") != "application/vnd.github+json" || header("x-github-api-version") != "2022-11-28"
        {
            return Err(refusal(400, "The version is not supported."));
        }
        let fault = records.faults.front().copied().filter(|fault| *fault != Fault::Lost);
        if fault.is_some() {
            records.faults.pop_front();
        }
        match fault {
            Some(Fault::Status(status)) => return Err(refusal(status, "Server Error")),
            Some(Fault::SecondaryLimit(seconds)) => {
                let mut answer = refusal(403, "You have exceeded a secondary rate limit.");
                answer.headers_mut().insert("retry-after", HeaderValue::from(seconds));
                return Err(answer);
            }
            Some(Fault::PrimaryLimit) => {
                let mut answer = refusal(403, "API rate limit exceeded for installation.");
                answer.headers_mut().insert("x-ratelimit-remaining", HeaderValue::from(0));
                answer.headers_mut().insert("x-ratelimit-reset", HeaderValue::from(4_000_000_000_u64));
                return Err(answer);
            }
            Some(Fault::Lost) | None => {}
        }
        let token = header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let Some(permission) = records.tokens.get(token) else {
            return Err(refusal(401, "Bad credentials"));
        };
        if format!("{owner}/{repository}") != REPOSITORY {
            return Err(refusal(404, "Not Found"));
        }
        Ok(*permission)
    }

    /// The answer to what was written, unless it is lost.
    fn answer(&self, status: StatusCode, document: Value) -> Response {
        let mut records = self.records();
        if records.faults.front() == Some(&Fault::Lost) {
            records.faults.pop_front();
            return refusal(502, "Server Error");
        }
        (status, Json(document)).into_response()
    }

    fn document(&self, comment: &Comment) -> Value {
        json!({
            "id": comment.id,
            "body": comment.body,
            "user": {"login": if comment.author == "Bot" { "github-actions[bot]" } else { "mallory" }, "type": comment.author},
            "html_url": format!("{}/{REPOSITORY}/pull/{}#issuecomment-{}", self.url, comment.pull_request, comment.id),
        })
    }
}

fn refusal(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(json!({"message": message, "documentation_url": "https://docs.github.com/rest"})))
        .into_response()
}

type Place = Path<(String, String, u64)>;

async fn list(
    State(github): State<GitHub>,
    Path((owner, repository, number)): Place,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = github.admit(&format!("GET {number}"), &owner, &repository, &headers) {
        return refused;
    }
    let query = query.unwrap_or_default();
    let parameter = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok())
    };
    if !github.records().pull_requests.contains(&number) {
        return refusal(404, "Not Found");
    }
    let (size, page) = (parameter("per_page").unwrap_or(30).min(100), parameter("page").unwrap_or(1));
    let comments = github.comments(number);
    let last = comments.len().div_ceil(size).max(1);
    let documents: Vec<Value> =
        comments.iter().skip((page - 1) * size).take(size).map(|comment| github.document(comment)).collect();
    let link = |page: usize, relation: &str| {
        let url = &github.url;
        format!(
            "<{url}/repos/{REPOSITORY}/issues/{number}/comments?per_page={size}&page={page}>; rel=\"{relation}\""
        )
    };
    let mut links = Vec::new();
    if page > 1 {
        links.extend([link(page - 1, "prev"), link(1, "first")]);
    }
    if page < last {
        links.extend([link(page + 1, "next"), link(last, "last")]);
    }
    let mut answer = Json(documents).into_response();
    if !links.is_empty() {
        answer.headers_mut().insert("link", HeaderValue::from_str(&links.join(", ")).expect("a header"));
    }
    answer
}

/// The body of a comment, or the answer to one that is none.
fn body_of(document: &Value) -> Result<String, Response> {
    let body = document["body"].as_str().unwrap_or_default();
    if body.trim().is_empty() {
        return Err(refusal(422, "Validation Failed: body cannot be blank"));
    }
    if body.chars().count() > LIMIT {
        return Err(refusal(422, "Validation Failed: body is too long (maximum is 65536 characters)"));
    }
    Ok(body.to_owned())
}

async fn create(
    State(github): State<GitHub>,
    Path((owner, repository, number)): Place,
    headers: HeaderMap,
    Json(document): Json<Value>,
) -> Response {
    let permission = match github.admit(&format!("POST {number}"), &owner, &repository, &headers) {
        Ok(permission) => permission,
        Err(refused) => return refused,
    };
    if !github.records().pull_requests.contains(&number) {
        return refusal(404, "Not Found");
    }
    if permission == Permission::Read {
        return refusal(403, "Resource not accessible by integration");
    }
    match body_of(&document) {
        Ok(body) => {
            let id = github.write(number, "Bot", &body);
            let comment = github.comments(number).into_iter().find(|comment| comment.id == id).expect("made");
            let document = github.document(&comment);
            github.answer(StatusCode::CREATED, document)
        }
        Err(refused) => refused,
    }
}

async fn update(
    State(github): State<GitHub>,
    Path((owner, repository, id)): Place,
    headers: HeaderMap,
    Json(document): Json<Value>,
) -> Response {
    let permission = match github.admit(&format!("PATCH {id}"), &owner, &repository, &headers) {
        Ok(permission) => permission,
        Err(refused) => return refused,
    };
    if permission == Permission::Read {
        return refusal(403, "Resource not accessible by integration");
    }
    let body = match body_of(&document) {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let changed = {
        let mut records = github.records();
        let Some(comment) = records.comments.iter_mut().find(|comment| comment.id == id) else {
            return refusal(404, "Not Found");
        };
        comment.body = body;
        comment.changes += 1;
        comment.clone()
    };
    let document = github.document(&changed);
    github.answer(StatusCode::OK, document)
}
