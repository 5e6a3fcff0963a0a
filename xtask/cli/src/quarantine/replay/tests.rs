use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::prelude::*;
use serde_json::{Value, json};
use telemetry::Model;
use test_service::{Proxy, Service};

use super::*;
use crate::bucket::{Bucket, Object};
use crate::quarantine::contents::Source;
use crate::quarantine::held::Held;
use crate::quarantine::queue::Queue;
use crate::quarantine::today::Verdict;
use session::{Event, Session};

/// Nobody watches.
#[derive(Debug)]
struct Silent;

impl Observer for Silent {
    fn receive(&self, _: Event<'_>) {}
}

fn model(measure: &str) -> Model {
    let kind = json!({
        "topic": "t", "device": {"dimension": "device", "field": "d"},
        "measures": [{"name": "v", "field": measure, "type": "double"}],
        "record": {"layout": "single"}, "undeclared": "ignore",
    });
    serde_json::from_value(kind).expect("a model")
}

fn message(number: u32, code: &str, field: Option<&str>, content: &Value) -> Value {
    let mut reason = json!({"code": code, "message": "words of an earlier look"});
    if let Some(field) = field {
        reason["field"] = field.into();
    }
    let mut message = json!({
        "reasons": [reason], "sequenceNumber": number.to_string(), "partitionKey": "k", "eventID": "e",
        "arrival": "2026-03-01T12:00:00.000Z",
    });
    message.as_object_mut().expect("an object").extend(content.as_object().expect("an object").clone());
    message
}

fn data(payload: &str) -> Value {
    json!({"data": BASE64_STANDARD.encode(payload)})
}

/// A queue and a bucket of a service.
struct Bench {
    session: Session,
    url: String,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn of(service: &Service) -> Self {
        Self::before(service.session().await).await
    }

    async fn before(session: Session) -> Self {
        let made = session.sqs().create_queue().queue_name("quarantine").send().await.expect("a queue");
        session.s3().create_bucket().bucket("rejected").send().await.expect("a bucket");
        let url = made.queue_url().expect("a URL").to_owned();
        Self { session, url, folder: tempfile::tempdir().expect("a folder") }
    }

    async fn source(&self) -> Source {
        let held = Held::open(&self.folder.path().join("held.jsonl")).expect("nobody has it");
        let queue = Queue::open(self.session.sqs(), &self.url, held).await;
        Source {
            queue: queue.unwrap_or_else(|failure| panic!("{failure:?}")),
            bucket: Bucket { client: self.session.s3(), name: "rejected".to_owned() },
        }
    }

    async fn send(&self, body: &Value) {
        self.session
            .sqs()
            .send_message()
            .queue_url(&self.url)
            .message_body(body.to_string())
            .send()
            .await
            .expect("sent");
    }

    async fn put(&self, key: &str, body: &str) {
        let body = body.as_bytes().to_vec().into();
        self.session.s3().put_object().bucket("rejected").key(key).body(body).send().await.expect("put");
    }
}

async fn read(source: &Source, model: &Model) -> Contents {
    source.read(model, &Silent).await.unwrap_or_else(|failure| panic!("{failure:?}"))
}

#[tokio::test]
async fn a_quarantine_is_read_whole_and_given_back() {
    let service = Service::emulator();
    let bench = Bench::of(&service).await;
    let pointer = |key: &str| json!({"object": {"bucket": "rejected", "key": key, "bytes": 2}});
    for number in 0..25 {
        bench.send(&message(number, "type_mismatch", Some("v"), &data("{\"d\": \"a\", \"v\": \"x\"}"))).await;
    }
    bench.send(&message(100, "not_json", None, &pointer("quarantine/2026-03-01/100"))).await;
    bench.put("quarantine/2026-03-01/100", "{}").await;
    bench.send(&message(101, "not_json", None, &pointer("quarantine/2026-03-01/101"))).await;
    bench.put("quarantine/2026-03-01/7", "an orphan").await;
    bench.send(&json!({"what": "poison"})).await;
    bench.put("aws/lambda/m/s/2026/03/01/2026-03-01T12.00.00-u", "poison").await;
    bench.put("timestream/report", "{}").await;

    let model = model("v");
    for _ in 0..2 {
        let source = bench.source().await;
        let contents = read(&source, &model).await;
        assert_eq!((contents.entries.len(), contents.elsewhere, contents.truncated), (26, 0, false));
        let why: Vec<String> = contents.unreadable.iter().map(|one| one.why.to_string()).collect();
        assert_eq!(why.len(), 3, "{why:?}");
        assert!(why.iter().any(|why| why.contains("no object quarantine/2026-03-01/101")), "{why:?}");
        let keys =
            |objects: &[Object]| -> Vec<String> { objects.iter().map(|object| object.key.clone()).collect() };
        assert_eq!(keys(&contents.orphans), ["quarantine/2026-03-01/7"]);
        assert_eq!(keys(&contents.reports), ["timestream/report"]);
        // Whoever looks meanwhile sees that they are held; of a program that ends here, the next gives them back.
        let asked = source.queue.elsewhere().await.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(asked, 28);
    }
    let source = bench.source().await;
    assert_eq!(source.queue.elsewhere().await.unwrap_or_else(|failure| panic!("{failure:?}")), 0);
}

/// A message that is gone leaves at worst an object that nothing points to; an object that is gone would leave a message
/// that nobody can read.
#[tokio::test]
async fn an_object_goes_after_its_message() {
    let service = Service::emulator();
    let bench = Bench::of(&service).await;
    let key = "quarantine/2026-03-01/1";
    let pointer = json!({"object": {"bucket": "rejected", "key": key, "bytes": 2}});
    for code in ["not_json", "device_missing"] {
        bench.send(&message(1, code, None, &pointer)).await;
    }
    bench.put(key, "{}").await;
    let source = bench.source().await;
    let contents = read(&source, &model("v")).await;
    let is_there = async || source.bucket.read("rejected", key).await.expect("an answer").is_some();

    // One of its messages is not meant, and still points to it.
    let one = items(&contents.entries, &[0]);
    let stored: BTreeSet<&Pointed> = one[0].objects(&contents.entries).into_iter().collect();
    let mut work = Work::of(&contents.entries, &one);
    work.open = vec![0, 1];
    let mut tally = Tally::default();
    clear(&source, &one, &stored, &mut work, &mut tally).await.expect("deleted");
    assert_eq!((tally.messages, tally.objects), (1, 0));
    assert!(is_there().await);

    // The queue does not answer.
    let both = items(&contents.entries, &[0, 1]);
    assert_eq!(both.len(), 1, "it is one event");
    bench.session.sqs().delete_queue().queue_url(&bench.url).send().await.expect("deleted");
    work.open = vec![1, 0];
    assert!(clear(&source, &both, &stored, &mut work, &mut tally).await.is_err());
    assert_eq!((tally.messages, tally.objects), (1, 0));
    assert!(is_there().await);
}

/// What SQS does not delete keeps its object, and is not said to be deleted.
#[tokio::test]
async fn a_message_that_is_not_deleted_keeps_its_object() {
    let service = Service::emulator();
    let refuses = Arc::new(AtomicBool::new(true));
    let is_refusing = Arc::clone(&refuses);
    let proxy = Proxy::before(&service, move |request| {
        // The first of the two is not deleted.
        let is_deletion = request.body.contains("\"Entries\"") && !request.body.contains("VisibilityTimeout");
        let answer = json!({
            "Successful": [{"Id": "1"}],
            "Failed": [{"Id": "0", "SenderFault": false, "Code": "InternalError", "Message": "try again"}],
        });
        (is_deletion && is_refusing.load(Ordering::SeqCst)).then(|| ("200 OK", answer.to_string()))
    });
    let bench = Bench::before(proxy.session().await).await;
    let keys = ["quarantine/2026-03-01/1", "quarantine/2026-03-01/2"];
    for (number, key) in (1..).zip(keys) {
        let pointer = json!({"object": {"bucket": "rejected", "key": key, "bytes": 2}});
        bench.send(&message(number, "not_json", None, &pointer)).await;
        bench.put(key, "{}").await;
    }
    let source = bench.source().await;
    let contents = read(&source, &model("v")).await;
    let items = items(&contents.entries, &[0, 1]);
    let stored: BTreeSet<&Pointed> = items.iter().flat_map(|item| item.objects(&contents.entries)).collect();
    let receipts = contents.entries.iter().map(|entry| match &entry.place {
        Place::Message { receipt, object: Some(object), .. } => (receipt.clone(), object.key.clone()),
        place => panic!("{place:?}"),
    });
    let receipts: Vec<(String, String)> = receipts.collect();
    let is_there = async |key: &str| source.bucket.read("rejected", key).await.expect("an answer").is_some();

    let mut work = Work::of(&contents.entries, &items);
    work.open = vec![0, 0];
    let mut tally = Tally::default();
    let failure = clear(&source, &items, &stored, &mut work, &mut tally).await.expect_err("one is left");
    assert!(format!("{failure:?}").contains("did not delete 1 messages"), "{failure:?}");
    assert_eq!((tally.messages, tally.objects), (1, 1));
    assert_eq!(work.deleted, BTreeSet::from([receipts[1].0.clone()]));
    assert!(is_there(&receipts[0].1).await && !is_there(&receipts[1].1).await);

    // It is held again, and the one that was deleted is not.
    source.queue.hold(&work.deleted).await.expect("held");
    let seen = proxy.seen();
    let held = &seen.last().expect("a request").body;
    assert!(
        held.contains("900") && held.contains(&receipts[0].0) && !held.contains(&receipts[1].0),
        "{held}"
    );

    refuses.store(false, Ordering::SeqCst);
    let first = &items[..1];
    clear(&source, first, &stored, &mut work, &mut tally).await.expect("deleted");
    assert_eq!((tally.messages, tally.objects), (2, 2));
    assert!(!is_there(&receipts[0].1).await);
}

fn entry(body: &Value) -> Entry {
    use crate::quarantine::original::{Found, of_message};
    let Ok(Found::Aside(aside)) = of_message(&body.to_string(), 0, &model("v")) else { panic!("{body}") };
    let id = body.to_string();
    Entry { place: Place::Message { receipt: id.clone(), id, object: None }, aside }
}

#[test]
fn what_would_become_of_each_is_what_the_model_says() {
    let today = Today::new(&model("v"), timestream::LIMITS);
    let bad = data("{\"d\": \"a\", \"v\": \"x\"}");
    let old = message(2, "not_json", None, &bad);
    let Verdict { reasons, .. } = today.of(&entry(&old).aside.events[0]);
    let mut new = old.clone();
    new["reasons"] = serde_json::to_value(&reasons.told).expect("JSON");
    let mut reworded = new.clone();
    reworded["reasons"][0]["message"] = "words of an earlier look".into();
    let entries = [
        // Once with its old reason and twice with its new one: one event.
        entry(&old),
        entry(&new),
        entry(&reworded),
        entry(&message(1, "undeclared_field", None, &data("{\"d\": \"a\", \"v\": 1}"))),
        entry(&message(10, "not_json", None, &data("{"))),
        entry(&message(3, "type_mismatch", Some("v"), &data("{"))),
    ];
    let meant = [0, 1, 2, 3, 4, 5];
    let all = items(&entries, &meant);
    let order: Vec<&str> = all.iter().map(|item| item.original.number().0).collect();
    assert_eq!(order, ["1", "2", "3", "10"]);
    assert_eq!(all[1].keeper(&entries, &reasons), Some(1));
    assert_eq!(items(&entries, &[0, 2])[0].keeper(&entries, &reasons), Some(2));
    assert_eq!(items(&entries, &[0])[0].keeper(&entries, &reasons), None);

    let tally = foresee(&entries, &meant, &today);
    assert_eq!((tally.events, tally.stored, tally.stays, tally.changed), (4, 1, 3, 1), "{tally:?}");
    assert_eq!((tally.reasons["not_json"], tally.reasons["type_mismatch"]), (2, 1), "{tally:?}");
}

/// A replay that was killed has put an event into the queue anew, with its reason of today, by which it is not chosen.
#[test]
fn an_event_is_meant_with_all_its_places() {
    let today = Today::new(&model("v"), timestream::LIMITS);
    let bad = |number| message(number, "not_json", None, &data("{\"d\": \"a\", \"v\": \"x\"}"));
    let old = entry(&bad(2));
    let mut new = bad(2);
    new["reasons"] = serde_json::to_value(&today.of(&old.aside.events[0]).reasons.told).expect("JSON");
    let mut batch = entry(&bad(1));
    batch.aside.by = By::Lambda;
    batch.aside.events.extend(entry(&bad(2)).aside.events);
    let entries = [entry(&bad(3)), old, entry(&new), batch, entry(&bad(1))];
    for (meant, expected) in [
        (vec![], vec![]),
        (vec![0], vec![0]),
        // By way of the batch, the other event of it as well.
        (vec![1], vec![1, 2, 3, 4]),
        (vec![4], vec![4, 3, 1, 2]),
        (vec![4, 3, 2, 1, 0], vec![4, 3, 2, 1, 0]),
    ] {
        assert_eq!(whole(&entries, meant), expected);
    }
    // It is not sent a third time.
    let meant = whole(&entries[..3], vec![1]);
    assert_eq!((meant.len(), foresee(&entries[..3], &meant, &today).changed), (2, 0));
}
