//! `test` never touches `test2`, nor `test-2`: destruction and cleanup beside environments whose names begin
//! alike, against the emulator.

use std::collections::BTreeSet;
use std::future::{pending, ready};

use aws_sdk_cloudformation::types::{ChangeSetType, Tag};
use aws_sdk_s3::primitives::ByteStream;
use futures::FutureExt as _;
use jiff::civil::date;
use serde_json::json;

use crate::cleanup::artifacts::Rule;
use crate::cleanup::expired::expired;
use crate::cleanup::findings::Findings;
use crate::cleanup::live::{self, Live};
use crate::cleanup::scope::Scope;
use crate::cleanup::{find, sweep};
use crate::destroy::teardown::{self, Untouched};
use session::Session;
use test_service::Service;

/// Environments whose names begin alike.
const ALIKE: [&str; 4] = ["test", "test2", "test-2", "test-22"];

/// Everything is old.
const ALL: Rule = Rule { before: i64::MAX, keep: 0, change_sets_before: i64::MAX };

/// An account with several environments, all of which put their code into its bucket.
struct Account {
    session: Session,
    _service: Service,
}

impl Account {
    async fn new() -> Self {
        let service = Service::emulator();
        let mut session = service.session().await;
        session.environment.bootstrap = true;
        let account = Self { session, _service: service };
        account.session.s3().create_bucket().bucket(account.bucket()).send().await.expect("a bucket");
        account
    }

    fn bucket(&self) -> String {
        self.session.environment.account_bucket()
    }

    /// The session of an environment of it.
    fn of(&self, environment: &str) -> Session {
        let mut session = self.session.clone();
        session.environment.name = environment.to_owned();
        session
    }

    /// Deploys a stack with a queue, a log group and a bucket that holds something, and puts code and a log
    /// group that it does not use beside it.
    async fn deploy(&self, environment: &str, expires: Option<&str>) {
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let tags = json!([tag("sluice:environment", environment)]);
        let template = json!({
            "Parameters": {"Key": {"Type": "String"}},
            "Resources": {
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": tags}},
                "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": tags}},
                "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {
                    "LogGroupName": format!("/sluice/{environment}/lake"), "Tags": tags,
                }},
            },
            "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}},
        });
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let client = self.session.cloudformation();
        let name = format!("sluice-{environment}-lake");
        let mut create = client
            .create_stack()
            .stack_name(&name)
            .template_body(template.to_string())
            .parameters(
                aws_sdk_cloudformation::types::Parameter::builder()
                    .parameter_key("Key")
                    .parameter_value(format!("{environment}/consumer/used.zip"))
                    .build(),
            )
            .tags(tag("sluice:environment", environment));
        if let Some(day) = expires {
            create = create.tags(tag("sluice:expires", day));
        }
        create.send().await.expect("a stack");
        let bucket = loop {
            let stacks = client.describe_stacks().stack_name(&name).send().await.expect("the stack");
            let stack = stacks.stacks().first().expect("the stack");
            if stack.stack_status().is_some_and(|status| status.as_str() == "CREATE_COMPLETE") {
                let output = stack.outputs().first().and_then(|output| output.output_value());
                break output.expect("the bucket").to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        self.put(&bucket, "data").await;
        for key in ["consumer/used.zip", "consumer/old.zip"] {
            self.put(&self.bucket(), &format!("{environment}/{key}")).await;
        }
        let group = format!("/sluice/{environment}/lake/orphan");
        self.session.logs().create_log_group().log_group_name(group).send().await.expect("a log group");
    }

    async fn put(&self, bucket: &str, key: &str) {
        let sent = self.session.s3().put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"x"));
        sent.send().await.expect("an object");
    }

    /// Everything that there is: stacks, keys in the account's bucket, log groups and buckets.
    async fn there(&self) -> BTreeSet<String> {
        let stacks = crate::destroy::find::all(&self.session.cloudformation()).await.expect("stacks");
        let s3 = self.session.s3();
        let keys = s3.list_objects_v2().bucket(self.bucket()).send().await.expect("keys");
        let buckets = s3.list_buckets().send().await.expect("buckets");
        let groups = self.session.logs().describe_log_groups().send().await.expect("groups");
        let mut there = BTreeSet::new();
        there.extend(stacks.iter().filter_map(|stack| Some(format!("stack {}", stack.stack_name()?))));
        there.extend(keys.contents().iter().filter_map(|object| Some(format!("key {}", object.key()?))));
        there
            .extend(buckets.buckets().iter().filter_map(|bucket| Some(format!("bucket {}", bucket.name()?))));
        there.extend(
            groups.log_groups().iter().filter_map(|group| Some(format!("group {}", group.log_group_name()?))),
        );
        there
    }

    async fn live(&self, scope: &Scope) -> Vec<Live> {
        live::read(&self.session.cloudformation(), scope).await.expect("stacks")
    }

    /// What a cleanup of these environments finds.
    async fn find(&self, scope: &Scope, rule: Rule) -> Findings {
        let session = match scope {
            Scope::One(environment) => self.of(environment),
            Scope::Instances(file) => self.of(&format!("{file}-1")),
        };
        let live = self.live(scope).await;
        find::find(&session, scope, &live, &BTreeSet::new(), rule).await.expect("an answer")
    }
}

/// Whether something that [`Account::there`] names is of exactly this environment.
fn is_of(environment: &str, what: &str) -> bool {
    [
        format!("stack sluice-{environment}-lake"),
        format!("key {environment}/consumer/used.zip"),
        format!("key {environment}/consumer/old.zip"),
        format!("group /sluice/{environment}/lake"),
        format!("group /sluice/{environment}/lake/orphan"),
    ]
    .contains(&what.to_owned())
        || what.starts_with(&format!("bucket sluice-{environment}-lake-"))
}

#[tokio::test]
async fn destroying_an_environment_leaves_those_whose_names_begin_alike() {
    let account = Account::new().await;
    for environment in ALIKE {
        account.deploy(environment, None).await;
    }
    for environment in ["test", "test-2"] {
        let before = account.there().await;
        let orphan = format!("group /sluice/{environment}/lake/orphan");
        let session = account.of(environment);
        let plan =
            teardown::plan(&session, &()).await.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let plan = plan.expect("it is there");
        assert_eq!(
            plan.stacks.iter().map(|stack| stack.stack_name.as_str()).collect::<Vec<_>>(),
            [format!("sluice-{environment}-lake")]
        );
        let shared = plan.shared.as_ref().expect("its part of the bucket");
        assert_eq!((shared.prefix.clone(), shared.objects), (format!("{environment}/"), 2));

        let never = pending().boxed().shared();
        let receipt = teardown::execute(&session, None, &plan, &(), &never, None).await;
        let receipt = serde_json::to_value(receipt.expect("a receipt")).expect("JSON");
        // A service that recreated a group made what no stack has: the receipt tells of it.
        let left = receipt["left"].as_array().expect("a list");
        assert_eq!(
            left.iter()
                .map(|left| format!("group {}", left["physical_id"].as_str().unwrap_or_default()))
                .collect::<Vec<_>>(),
            std::slice::from_ref(&orphan),
            "{receipt}"
        );
        assert_eq!(
            (&receipt["emptied"]["objects"], &receipt["deleted"][0]["objects"]),
            (&json!(2), &json!(1))
        );
        let after = account.there().await;
        let gone: BTreeSet<&String> = before.difference(&after).collect();
        let of_it: BTreeSet<&String> =
            before.iter().filter(|what| is_of(environment, what) && **what != orphan).collect();
        assert_eq!((gone, of_it.len()), (of_it, 5));
    }
}

#[tokio::test]
async fn a_destruction_that_was_interrupted_goes_on() {
    let account = Account::new().await;
    account.deploy("test", None).await;
    let session = account.of("test");
    let plan = || async {
        let plan = teardown::plan(&session, &()).await;
        plan.unwrap_or_else(|failure| panic!("{:#}", failure.error))
    };
    let first = plan().await.expect("it is there");
    let before = account.there().await;
    // Interrupted at once, while or before anything is stopped: nothing is touched, or the stacks are kept.
    match teardown::execute(&session, None, &first, &(), &ready(()).boxed().shared(), None).await {
        Err(Untouched::Interrupted) => {}
        Err(other) => panic!("{other}"),
        Ok(receipt) => assert_eq!((receipt.is_clean(), receipt.failures()), (false, 1)),
    }
    assert_eq!(account.there().await, before);

    // Killed in the middle: the bucket is empty, the stack is gone, half of the code too.
    for bucket in first.stacks[0].buckets() {
        session.s3().delete_object().bucket(bucket).key("data").send().await.expect("gone");
    }
    session.cloudformation().delete_stack().stack_name("sluice-test-lake").send().await.expect("under way");
    let key = "test/consumer/old.zip";
    session.s3().delete_object().bucket(account.bucket()).key(key).send().await.expect("gone");
    session.logs().delete_log_group().log_group_name("/sluice/test/lake/orphan").send().await.expect("gone");

    let second = plan().await.expect("something is left");
    let receipt = teardown::execute(&session, None, &second, &(), &pending().boxed().shared(), None).await;
    assert!(receipt.expect("a receipt").is_clean());
    assert_eq!(plan().await, None);
    assert_eq!(account.there().await, [format!("bucket {}", account.bucket())].into());
}

#[tokio::test]
async fn cleaning_an_environment_up_leaves_those_whose_names_begin_alike() {
    let account = Account::new().await;
    for environment in ALIKE {
        account.deploy(environment, None).await;
    }
    // A log group that carries another environment's tag is that one's, whatever its name says.
    let foreign = account.session.logs().create_log_group().log_group_name("/sluice/test/foreign");
    foreign.tags("sluice:environment", "test2").send().await.expect("a log group");
    // One that nothing says is the pipeline's is somebody's, and told of.
    let mine = account.session.logs().create_log_group().log_group_name("/sluice/test/mine");
    mine.send().await.expect("a log group");

    for (scope, environments) in [
        (Scope::One("test".to_owned()), &["test"][..]),
        (Scope::Instances("test".to_owned()), &["test-2", "test-22"]),
    ] {
        let before = account.there().await;
        // Of what is new nothing goes: a deployment under way may need it.
        assert!(account.find(&scope, Rule { before: 0, change_sets_before: 0, ..ALL }).await.is_empty());
        let kept = account.find(&scope, Rule { keep: 1, ..ALL }).await;
        assert_eq!((kept.artifacts.len(), kept.log_groups.len()), (0, environments.len()), "{kept:?}");

        let found = account.find(&scope, ALL).await;
        let keys: Vec<&str> = found.artifacts.iter().map(|stale| stale.key.as_str()).collect();
        let groups: Vec<&str> = found.log_groups.iter().map(|orphan| orphan.name.as_str()).collect();
        assert_eq!(
            keys,
            environments.iter().map(|one| format!("{one}/consumer/old.zip")).collect::<Vec<_>>()
        );
        assert_eq!(
            groups,
            environments.iter().map(|one| format!("/sluice/{one}/lake/orphan")).collect::<Vec<_>>()
        );

        let strangers: Vec<&str> = found.strangers.iter().map(|one| one.name.as_str()).collect();
        let mine = if environments == ["test"] { vec!["/sluice/test/mine"] } else { Vec::new() };
        assert_eq!(strangers, mine);

        assert_eq!(sweep::sweep(&account.session, &found, &()).await, []);
        let after = account.there().await;
        let gone: BTreeSet<&str> = before.difference(&after).map(String::as_str).collect();
        let expected: Vec<String> = keys
            .iter()
            .map(|key| format!("key {key}"))
            .chain(groups.iter().map(|group| format!("group {group}")))
            .collect();
        assert_eq!(gone, expected.iter().map(String::as_str).collect());
        // Again: there is nothing to remove, and removing what is gone is no failure.
        assert!(account.find(&scope, ALL).await.is_empty());
        assert_eq!(sweep::sweep(&account.session, &found, &()).await, []);
    }
}

#[tokio::test]
async fn only_environments_whose_day_has_come_expire() {
    let account = Account::new().await;
    for (environment, expires) in [
        ("preview-1", Some("2026-11-20")),
        ("preview-12", Some("2026-11-22")),
        ("preview-3", None),
        ("preview2-1", Some("2026-11-20")),
        ("preview", Some("2026-11-20")),
    ] {
        account.deploy(environment, expires).await;
    }
    for (scope, names) in [
        (Scope::Instances("preview".to_owned()), &["preview-1"][..]),
        (Scope::One("preview-1".to_owned()), &["preview-1"]),
        (Scope::One("preview-12".to_owned()), &[]),
        (Scope::One("preview-3".to_owned()), &[]),
    ] {
        let live = account.live(&scope).await;
        let found = expired(&live, date(2026, 11, 21));
        assert_eq!(found.iter().map(|one| one.environment.as_str()).collect::<Vec<_>>(), names, "{scope}");
    }
}

#[tokio::test]
async fn a_change_set_that_nobody_executed_goes_and_its_code_stays_until_then() {
    let account = Account::new().await;
    account.deploy("test", None).await;
    let client = account.session.cloudformation();
    for (name, key) in [("sluice-0123456789abcdef", "test/consumer/old.zip"), ("by-hand", "x")] {
        let parameter =
            aws_sdk_cloudformation::types::Parameter::builder().parameter_key("Key").parameter_value(key);
        let made = client
            .create_change_set()
            .stack_name("sluice-test-lake")
            .change_set_name(name)
            .change_set_type(ChangeSetType::Update)
            .template_body(r#"{"Parameters": {"Key": {"Type": "String"}}, "Resources": {"Other": {"Type": "AWS::SQS::Queue"}}}"#)
            .parameters(parameter.build());
        made.send().await.expect("a change set");
    }
    let scope = Scope::One("test".to_owned());
    let started = std::time::Instant::now();
    while account.live(&scope).await[0].change_sets.is_empty() {
        assert!(started.elapsed().as_secs() < 60, "the change set is never listed");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // It may wait for an approval longer than anything else; and of an environment at which somebody is, no
    // change set goes, whichever of its stacks it is for.
    let young = account.find(&scope, Rule { change_sets_before: 0, ..ALL }).await;
    assert_eq!(young.change_sets, []);
    let mut live = account.live(&scope).await;
    live.push(Live {
        stack_name: "sluice-test-store".to_owned(),
        status: "UPDATE_IN_PROGRESS".to_owned(),
        change_sets: Vec::new(),
        ..live[0].clone()
    });
    let held =
        find::find(&account.of("test"), &scope, &live, &BTreeSet::new(), ALL).await.expect("an answer");
    assert_eq!((held.change_sets, held.held.len()), (Vec::new(), 1));

    let found = account.find(&scope, ALL).await;
    let names: Vec<&str> = found.change_sets.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, found.artifacts.len()), (vec!["sluice-0123456789abcdef"], 0));
    assert_eq!(sweep::sweep(&account.session, &found, &()).await, []);
    let found = account.find(&scope, ALL).await;
    assert_eq!((found.change_sets.len(), found.artifacts.len()), (0, 1));
    let left = client.list_change_sets().stack_name("sluice-test-lake").send().await.expect("change sets");
    let left: Vec<_> = left.summaries().iter().filter_map(|one| one.change_set_name()).collect();
    assert_eq!(left, ["by-hand"]);
}
