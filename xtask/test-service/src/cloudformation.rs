//! A CloudFormation whose stacks reach every status, and whose resources, answers and credentials fail when a
//! test says so: the query protocol over HTTP, from a state that each request moves on by one step.
//!
//! It knows no clock: an operation on a stack takes one step with each request about that stack, so that a test
//! decides what is asked between two steps, and never waits. Buckets hold as many objects as a test says,
//! over as much of S3 as it takes to empty them and to upload to them.
//!
//! Each rule has the page beside it that it is from. A rule that no page has is marked `unconfirmed`.

mod answers;
mod bucket;
mod operation;
mod stack;
mod world;

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use session::Session;

pub use self::stack::Verb;
use self::world::World;
use crate::{Request, http, session};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is refused, because there are too many.
    Throttled,
    /// The service is broken, and did nothing.
    Internal,
    /// The connection ends before the service has heard of it.
    Reset,
    /// The service did it, and the answer is lost.
    Lost,
    /// The service did it, and the answer ends in its middle.
    Truncated,
    /// It is answered from before the last change.
    Stale,
    /// Of the events that there are, so many of the newest are not told yet.
    Late(usize),
    /// The change set that it asks for is in this status.
    ChangeSetIn(&'static str),
    /// The credentials have expired.
    Expired,
    /// The credentials do not allow it.
    Denied,
}

/// The server. It ends with the process.
#[derive(Debug)]
pub struct CloudFormation {
    port: u16,
    world: Arc<Mutex<World>>,
}

impl CloudFormation {
    /// Starts one without stacks, on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let world = Arc::new(Mutex::new(World::default()));
        let shared = Arc::clone(&world);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let world = Arc::clone(&shared);
                // A client that goes away is no fault of the server's.
                std::thread::spawn(move || exchange(&stream, &world).ok());
            }
        });
        Self { port, world }
    }

    /// A session whose every service is this server.
    pub async fn session(&self) -> Session {
        session(self.port).await
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no request panicked")
    }

    /// A stack as its history left it: with the resources of its template, in this status.
    pub fn put(&self, name: &str, status: &str, template: &Value) {
        self.world().put(name, status, template);
    }

    /// The status of a stack; `DELETE_COMPLETE` of one that is gone.
    pub fn status(&self, name: &str) -> Option<String> {
        self.world().latest(name).map(|stack| stack.status.clone())
    }

    /// Puts a stack into a status, as if something had happened.
    pub fn become_status(&self, name: &str, status: &str) {
        if let Some(stack) = self.world().latest_mut(name) {
            status.clone_into(&mut stack.status);
            stack.operation = None;
        }
    }

    /// Has a stack that failed have had this template when it was last well.
    pub fn was(&self, name: &str, template: &Value) {
        if let Some(stack) = self.world().latest_mut(name) {
            stack.stable = Some((template.clone(), stack.parameters.clone()));
        }
    }

    /// Gives a resource of a stack a status of its own, and says why.
    pub fn mark(&self, name: &str, logical_id: &str, status: &str, reason: &str) {
        if let Some(stack) = self.world().latest_mut(name) {
            stack.mark(logical_id, status, reason);
        }
    }

    /// Logical ids of the resources that a stack has.
    pub fn resources(&self, name: &str) -> Vec<String> {
        let world = self.world();
        let stack = world.latest(name);
        stack.map(|stack| stack.resources.keys().cloned().collect()).unwrap_or_default()
    }

    /// What is there, though no stack has it: physical ids.
    pub fn orphans(&self) -> Vec<String> {
        self.world().orphans.iter().cloned().collect()
    }

    /// Has a resource fail at this as often as said.
    pub fn fail(&self, logical_id: &str, verb: Verb, times: usize, reason: &str) {
        self.world().failures.insert((logical_id.to_owned(), verb), (times, reason.to_owned()));
    }

    /// Has the next request for this action go wrong, once the faults that it has already are over. `*` is
    /// every action.
    pub fn fault(&self, action: &str, fault: Fault) {
        self.world().faults.push((action.to_owned(), fault));
    }

    /// Has each request go wrong from the one with this number on, counted from now and from 0, until
    /// [`Self::log_in`].
    pub fn expire_after(&self, requests: usize) {
        let mut world = self.world();
        world.expires = Some(world.seen.len() + requests);
    }

    /// Makes credentials good again.
    pub fn log_in(&self) {
        self.world().expires = None;
    }

    /// Knows no tokens from now on, as emulators do: it tells none, and takes none for a request that it knows.
    pub fn forget_tokens(&self) {
        self.world().tokenless = true;
    }

    /// Whether operations of a stack stand still.
    pub fn hold(&self, name: &str, held: bool) {
        let mut world = self.world();
        if held {
            world.held.insert(name.to_owned());
        } else {
            world.held.remove(name);
        }
    }

    /// Has [early validation](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html)
    /// say this of every change set from now on: the resource, whether it is only a warning, and the sentence.
    pub fn validation(&self, found: &[(&str, bool, &str)]) {
        let owned = |(id, warns, text): &(&str, bool, &str)| ((*id).to_owned(), *warns, (*text).to_owned());
        self.world().validation = found.iter().map(owned).collect();
    }

    /// Puts this many objects into a bucket.
    pub fn objects(&self, bucket: &str, count: usize) {
        let mut world = self.world();
        let keys = world.buckets.entry(bucket.to_owned()).or_default();
        keys.extend((0..count).map(|number| format!("object-{number}")));
    }

    /// How many objects a bucket has. `None`: there is none.
    pub fn count(&self, bucket: &str) -> Option<usize> {
        self.world().buckets.get(bucket).map(std::collections::BTreeSet::len)
    }

    /// How many uploads there were at the same time, at most.
    pub fn uploads_at_once(&self) -> usize {
        self.world().most_uploads
    }

    /// The physical id of a resource.
    pub fn physical_id(&self, name: &str, logical_id: &str) -> Option<String> {
        Some(self.world().latest(name)?.resources.get(logical_id)?.physical_id.clone())
    }

    /// The requests until now: actions of CloudFormation, and of S3 the first line, in their order.
    pub fn seen(&self) -> Vec<Request> {
        self.world().seen.clone()
    }

    /// How often an action was asked for.
    pub fn times(&self, action: &str) -> usize {
        self.world().seen.iter().filter(|request| request.action() == action).count()
    }
}

/// One request and its answer, or what goes wrong with it.
fn exchange(stream: &TcpStream, world: &Mutex<World>) -> std::io::Result<()> {
    let received = http::receive(stream)?;
    let request = received.request;
    if let Some(answer) = bucket::upload(&request, world) {
        return http::answer(stream, answer.0, &answer.1, answer.1.len());
    }
    let mut world = world.lock().expect("no request panicked");
    let fault = world.fault_of(&request);
    world.seen.push(request.clone());
    let error = |status: &'static str, code: &str, message: &str| answers::error(status, code, message);
    let refused = match fault {
        Some(Fault::Reset) => return Ok(()),
        Some(Fault::Throttled) => Some(error("400 Bad Request", "Throttling", "Rate exceeded")),
        Some(Fault::Internal) => Some(error("500 Internal Server Error", "InternalFailure", "")),
        Some(Fault::Expired) => {
            let text = "The security token included in the request is expired";
            Some(error("403 Forbidden", "ExpiredToken", text))
        }
        Some(Fault::Denied) => {
            let text = format!(
                "User: arn:aws:sts::000000000000:assumed-role/ci/x is not authorized to perform: cloudformation:{}",
                request.action()
            );
            Some(error("403 Forbidden", "AccessDenied", &text))
        }
        Some(Fault::Lost | Fault::Truncated | Fault::Stale | Fault::Late(_) | Fault::ChangeSetIn(_))
        | None => None,
    };
    if let Some((status, body)) = refused {
        return http::answer(stream, status, &body, body.len());
    }
    world.late = if let Some(Fault::Late(events)) = fault { events } else { 0 };
    let (status, mut body) = world.answer(&request, fault == Some(Fault::Stale));
    drop(world);
    if let (Some(Fault::ChangeSetIn(other)), Some((before, rest))) = (fault, body.split_once("<Status>")) {
        let (_, after) = rest.split_once("</Status>").unwrap_or_default();
        body = format!("{before}<Status>{other}</Status>{after}");
    }
    match fault {
        Some(Fault::Lost) => Ok(()),
        Some(Fault::Truncated) => http::answer(stream, status, &body[..body.len() / 2], body.len()),
        // A question with HEAD has an answer without a body.
        _ if request.line.starts_with("HEAD") => http::answer(stream, status, "", 0),
        _ => http::answer(stream, status, &body, body.len()),
    }
}
