//! Plans that are saved, looked at and executed, with the real program against the local target: exactly what
//! was saved happens, or nothing.

mod installation;

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetSummary, ExecutionStatus, Parameter, Stack, StackStatus, Tag,
};
use serde_json::{Value, json};

use installation::Pipeline;

const INGEST: &str = "sluice-local-ingest";

/// An installation, where plans are saved, and a person with the means of AWS alone.
struct Desk {
    pipeline: Pipeline,
    plans: tempfile::TempDir,
    aws: Option<Client>,
}

impl Desk {
    fn new() -> Self {
        let plans = tempfile::tempdir().expect("a folder");
        Self { pipeline: Pipeline::new(), plans, aws: None }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.plans.path().join(name)
    }

    /// Plans `ingest`, and `artifacts` beside it, and saves the plan.
    fn plan(&self, name: &str, more: &[&str]) -> Value {
        let file = self.file(name).display().to_string();
        let arguments = [
            &["plan", "--stack", "artifacts", "--stack", "ingest", "--format", "json", "--out", &file],
            more,
        ]
        .concat();
        self.pipeline.xtask(&arguments).expect(0).json()
    }

    fn saved(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.file(name)).expect("a plan");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Executes a plan, and expects it to end with this code.
    fn deploy(&self, name: &str, more: &[&str], exit: i32) -> Value {
        let file = self.file(name).display().to_string();
        let arguments = [&["deploy", "--plan", &file, "--format", "json"], more].concat();
        self.pipeline.xtask(&arguments).expect(exit).json()
    }

    fn cloudformation(&self) -> &Client {
        self.aws.as_ref().expect("connected")
    }

    /// Connects to the endpoint that runs now.
    fn connect(&mut self) {
        let status = self.pipeline.status();
        let endpoint = status["endpoints"]["aws"].as_str().expect("an endpoint");
        let region = status["region"].as_str().expect("a Region");
        let config = aws_sdk_cloudformation::Config::builder()
            .behavior_version(aws_sdk_cloudformation::config::BehaviorVersion::latest())
            .region(aws_sdk_cloudformation::config::Region::new(region.to_owned()))
            .credentials_provider(aws_sdk_cloudformation::config::Credentials::for_tests())
            .endpoint_url(endpoint);
        self.aws = Some(Client::from_conf(config.build()));
    }

    async fn stack(&self, name: &str) -> Option<Stack> {
        let described = self.cloudformation().describe_stacks().stack_name(name).send().await.ok()?;
        described.stacks?.into_iter().find(|stack| {
            !matches!(stack.stack_status(), Some(StackStatus::DeleteComplete | StackStatus::DeleteInProgress))
        })
    }

    /// The change sets of `ingest` that wait to be executed.
    async fn change_sets(&self) -> Vec<ChangeSetSummary> {
        let listed = self.cloudformation().list_change_sets().stack_name(INGEST).send().await;
        let mut waiting = listed.expect("an answer").summaries.unwrap_or_default();
        waiting.retain(|change_set| change_set.execution_status() == Some(&ExecutionStatus::Available));
        waiting
    }

    /// The name of the quarantine queue of `ingest`, and the topics that it hears.
    async fn ingest(&self) -> (String, String) {
        let stack = self.stack(INGEST).await.expect("a stack");
        let output = |key: &str| {
            let mut outputs = stack.outputs().iter();
            let found = outputs.find(|output| output.output_key() == Some(key));
            found.and_then(|output| output.output_value()).expect("an output").to_owned()
        };
        let queue = output("QuarantineUrl");
        (queue.rsplit('/').next().unwrap_or_default().to_owned(), output("TopicFilter"))
    }

    /// Changes `ingest` as one does at a console: another name for the queue, and another tag.
    async fn change_by_hand(&self) {
        let stack = self.stack(INGEST).await.expect("a stack");
        let client = self.cloudformation();
        let template = client.get_template().stack_name(INGEST).send().await.expect("an answer");
        let mut template: Value =
            serde_json::from_str(&template.template_body.expect("a template")).expect("JSON");
        template["Resources"]["QuarantineQueue"]["Properties"]["QueueName"] = json!("named-by-hand");
        let kept = |parameter: &Parameter| {
            let key = parameter.parameter_key().expect("a name");
            Parameter::builder().parameter_key(key).use_previous_value(true).build()
        };
        let owner = Tag::builder().key("owner").value("somebody").build();
        let update = client
            .update_stack()
            .stack_name(INGEST)
            .template_body(template.to_string())
            .set_parameters(Some(stack.parameters().iter().map(kept).collect()))
            .set_tags(Some(stack.tags().iter().cloned().chain([owner]).collect()))
            .capabilities(Capability::CapabilityNamedIam)
            .send();
        update.await.expect("an update");
        self.settle(|stack| stack.is_some_and(|stack| ends(&stack, "UPDATE_COMPLETE"))).await;
    }

    async fn settle(&self, enough: impl Fn(Option<Stack>) -> bool) {
        for _ in 0..300 {
            if enough(self.stack(INGEST).await) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{:?}", self.stack(INGEST).await);
    }
}

fn ends(stack: &Stack, status: &str) -> bool {
    stack.stack_status().is_some_and(|now| now.as_str() == status)
}

/// `stack what name: before -> after` of everything that moved.
fn moved(refusal: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let moved = refusal["error"]["details"]["moved"].as_array().unwrap_or_else(|| panic!("{refusal}"));
    let line = |one: &Value| {
        format!(
            "{} {} {}: {} -> {}",
            text(&one["stack"]),
            text(&one["what"]),
            text(&one["name"]),
            text(&one["before"]),
            text(&one["after"])
        )
    };
    moved.iter().map(line).collect()
}

/// What was done to a stack.
fn action<'a>(deployed: &'a Value, stack: &str) -> &'a str {
    let stacks = deployed["stacks"].as_array().unwrap_or_else(|| panic!("{deployed}"));
    let found = stacks.iter().find(|one| one["name"] == stack);
    found.and_then(|one| one["action"].as_str()).unwrap_or_else(|| panic!("{deployed}"))
}

fn planned<'a>(plan: &'a Value, stack: &str) -> &'a Value {
    let stacks = plan["stacks"].as_array().unwrap_or_else(|| panic!("{plan}"));
    stacks.iter().find(|one| one["name"] == stack).unwrap_or_else(|| panic!("{plan}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_happens_or_nothing() {
    let mut desk = Desk::new();
    from_nothing(&mut desk);
    exactly_what_was_saved(&desk).await;
    nothing_when_something_moved(&desk).await;
    data_is_lost_by_name_alone(&desk).await;
    nothing_when_a_stack_is_gone(&desk).await;
    what_keeps_its_data_needs_a_plan(&desk);
    files_that_are_no_plan(&desk);
    // The target runs as long as an environment is there.
    desk.pipeline.xtask(&["destroy", "--env", "vault", "--confirm", "vault"]).expect(0);
}

/// A plan of stacks that are not there has no change sets, and starts the target.
fn from_nothing(desk: &mut Desk) {
    desk.plan("first.json", &[]);
    let saved = desk.saved("first.json");
    let ingest = planned(&saved, "ingest");
    assert_eq!((&ingest["action"], &ingest["seen"]), (&json!("create"), &Value::Null), "{ingest}");
    assert_eq!(ingest.get("change_set"), None);
    desk.plan("code.json", &["--stack", "consumer"]);
    let archive = planned(&desk.saved("code.json"), "consumer")["archives"][0].clone();
    assert!(archive["key"].as_str().is_some_and(|key| !key.starts_with('/')), "{archive}");

    let deployed = desk.deploy("first.json", &[], 0);
    assert_eq!(action(&deployed, "ingest"), "created");
    desk.connect();
    // Executed already: everything is there now.
    let refused = desk.deploy("first.json", &[], 3);
    assert_eq!(
        moved(&refused),
        ["artifacts appeared -: - -> CREATE_COMPLETE", "ingest appeared -: - -> CREATE_COMPLETE"]
    );
}

/// A look leaves nothing behind; what is saved waits, and is executed as it is.
async fn exactly_what_was_saved(desk: &Desk) {
    let topics = ["--set", "topic_prefix=one"];
    let looked = desk.pipeline.json(&[&["plan", "--stack", "ingest"], &topics[..]].concat());
    let rule = planned(&looked, "ingest")["resources"]
        .as_array()
        .and_then(|resources| resources.iter().find(|one| one["logical_id"] == "TopicRule").cloned())
        .unwrap_or_else(|| panic!("{looked}"));
    // The template's diff has the values, and the emulator's change set has none.
    assert_eq!((&rule["origin"], rule.get("data")), (&json!("both"), None), "{rule}");
    let property = &rule["properties"][0];
    assert_eq!(property["path"], "TopicRulePayload.Sql");
    assert!(property["after"].as_str().is_some_and(|sql| sql.contains("'one/dt/+/measures'")), "{rule}");
    assert!(desk.change_sets().await.is_empty(), "{:?}", desk.change_sets().await);

    desk.plan("topics.json", &topics);
    let saved = desk.saved("topics.json");
    let id = planned(&saved, "ingest")["change_set"].as_str().expect("a change set").to_owned();
    assert_eq!(planned(&saved, "artifacts").get("change_set"), None, "it stays as it is");
    // Somebody looks at the same in between.
    desk.pipeline.json(&[&["plan", "--stack", "ingest"], &topics[..]].concat());
    let waiting = desk.change_sets().await;
    assert_eq!(waiting.iter().filter_map(ChangeSetSummary::change_set_id).collect::<Vec<_>>(), [id.as_str()]);

    assert_eq!(desk.ingest().await.1, "dt/+/measures");
    let deployed = desk.deploy("topics.json", &[], 0);
    assert_eq!((action(&deployed, "artifacts"), action(&deployed, "ingest")), ("unchanged", "updated"));
    assert_eq!(desk.ingest().await.1, "one/dt/+/measures");
    let executed = desk.cloudformation().describe_change_set().change_set_name(&id).send().await;
    let status = executed.expect("an answer").execution_status;
    assert_eq!(status.map(|status| status.as_str().to_owned()).as_deref(), Some("EXECUTE_COMPLETE"));

    // There is nothing left to do, and a plan of that can be executed at any time.
    let nothing = desk.plan("nothing.json", &topics);
    assert_eq!(nothing["unchanged"], true, "{nothing}");
    for _ in 0..2 {
        assert_eq!(action(&desk.deploy("nothing.json", &[], 0), "ingest"), "unchanged");
    }
}

async fn nothing_when_something_moved(desk: &Desk) {
    desk.plan("topics-2.json", &["--set", "topic_prefix=two"]);
    desk.change_by_hand().await;
    let refused = desk.deploy("topics-2.json", &[], 3);
    let moved = moved(&refused);
    for expected in
        ["ingest template -: ", "ingest tag owner: - -> somebody", "ingest output QuarantineUrl: "]
    {
        assert!(moved.iter().any(|line| line.starts_with(expected)), "{expected}: {moved:?}");
    }
    assert!(moved.iter().all(|line| line.starts_with("ingest ")), "{moved:?}");
    assert!(refused["error"]["hint"].as_str().is_some_and(|hint| hint.contains("new plan")), "{refused}");
    assert_eq!(desk.ingest().await, ("named-by-hand".to_owned(), "one/dt/+/measures".to_owned()));
}

/// The queue that was named by hand is replaced by one that is not: what it holds would be lost.
async fn data_is_lost_by_name_alone(desk: &Desk) {
    desk.plan("rename.json", &["--set", "topic_prefix=one"]);
    let saved = desk.saved("rename.json");
    let resources = planned(&saved, "ingest")["resources"].as_array().expect("resources").clone();
    let queue = resources.iter().find(|one| one["logical_id"] == "QuarantineQueue").expect("the queue");
    assert_eq!((&queue["change"], &queue["data"]), (&json!("replace"), &json!("lost")), "{queue}");

    let refused = desk.deploy("rename.json", &[], 3);
    let losses = &refused["error"]["details"]["losses"];
    assert_eq!(losses[0]["logical_id"], "QuarantineQueue", "{refused}");
    let other = desk.deploy("rename.json", &["--allow-data-loss", "ingest.EventStream"], 3);
    assert_eq!(other["error"]["details"]["losses"], *losses);
    assert_eq!(desk.ingest().await.0, "named-by-hand");

    let deployed = desk.deploy("rename.json", &["--allow-data-loss", "ingest.QuarantineQueue"], 0);
    assert_eq!(action(&deployed, "ingest"), "updated");
    assert_ne!(desk.ingest().await.0, "named-by-hand");
}

async fn nothing_when_a_stack_is_gone(desk: &Desk) {
    desk.plan("gone.json", &["--set", "topic_prefix=three"]);
    desk.cloudformation().delete_stack().stack_name(INGEST).send().await.expect("a deletion");
    desk.settle(|stack| stack.is_none()).await;
    assert_eq!(moved(&desk.deploy("gone.json", &[], 3)), ["ingest vanished -: UPDATE_COMPLETE -> -"]);
    assert!(desk.stack(INGEST).await.is_none(), "it was not made again");
}

/// An environment like production, on this machine.
fn what_keeps_its_data_needs_a_plan(desk: &Desk) {
    desk.pipeline
        .environment("vault", |text| text.replace("on_delete = \"delete\"", "on_delete = \"retain\""));
    let vault = ["--env", "vault"];
    let deploy = ["deploy", "--stack", "ingest", "--env", "vault", "--format", "json"];
    for more in [&["--yes"][..], &[]] {
        let declined = desk.pipeline.xtask(&[&deploy[..], more].concat()).expect(3).json();
        let hint = declined["error"]["hint"].as_str().unwrap_or_default().to_owned();
        assert!(hint.contains("plan --env vault --stack ingest --out plan.json"), "{declined}");
        assert!(hint.contains("deploy --plan plan.json --yes"), "{declined}");
    }

    desk.plan("vault.json", &vault);
    // The plan names its environment; another one is refused, and so is what nobody agreed to.
    desk.deploy("vault.json", &["--yes", "--env", "local"], 2);
    desk.deploy("vault.json", &["--yes", "--set", "topic_prefix=one"], 2);
    desk.deploy("vault.json", &["--yes", "--instance", "12"], 2);
    // What cannot count is refused as usage, before anything is read.
    let file = desk.file("vault.json").display().to_string();
    desk.pipeline.xtask(&["deploy", "--plan", &file, "--expires", "3d"]).expect(2);
    desk.deploy("vault.json", &[], 3);
    let deployed = desk.deploy("vault.json", &["--yes"], 0);
    assert_eq!((&deployed["environment"], action(&deployed, "ingest")), (&json!("vault"), "created"));
    // Overriding what the environment says is no consent to what is deployed.
    let bare = [&deploy[..], &["--set", "on_delete=delete", "--yes"]].concat();
    let declined = desk.pipeline.xtask(&bare).expect(3).json();
    let losses = declined["error"]["details"]["losses"].as_array().expect("losses").clone();
    assert!(losses.iter().all(|loss| loss["data"] == "unguarded") && !losses.is_empty(), "{declined}");
    let allowed =
        losses.iter().map(|loss| format!("{}.{}", loss["stack"], loss["logical_id"]).replace('"', ""));
    let allowed: Vec<String> = allowed.flat_map(|name| ["--allow-data-loss".to_owned(), name]).collect();
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    let declined = desk.pipeline.xtask(&[&bare[..], &allowed].concat()).expect(3).json();
    let hint = declined["error"]["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("deploy --plan plan.json --yes"), "{declined}");
    // What changes nothing needs nobody's consent.
    let again = desk.pipeline.xtask(&[&deploy[..], &["--yes"]].concat()).expect(0).json();
    assert_eq!(action(&again, "ingest"), "unchanged");
}

fn files_that_are_no_plan(desk: &Desk) {
    let write = |name: &str, text: &str| std::fs::write(desk.file(name), text).expect("written");
    write("text.json", "hello");
    write("older.json", r#"{"format": 0, "program": "0.0.1"}"#);
    let altered = std::fs::read_to_string(desk.file("vault.json")).expect("a plan");
    write("altered.json", &altered.replace("Sluice vault: events come in", "Sluice vault: mine"));
    for (name, expected) in [
        ("absent.json", "cannot read plan"),
        ("text.json", "is not a saved plan"),
        ("older.json", "has format 0, made by version 0.0.1"),
        ("altered.json", "it does not match its SHA-256"),
    ] {
        let refused = desk.deploy(name, &["--yes"], 2);
        let message = refused["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(expected), "{refused}");
    }
}
