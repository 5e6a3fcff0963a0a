//! Deployments to look at: the environment `dev` as it is shipped, and edits of it. Made by the same synthesis
//! and the same planning as real ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stacks::environment::Environment;
use stacks::{Inputs, STORED, synthesize};

use artifacts::Archive;
use engine::deploy::difference::{Change, PropertyChange, ResourceChange};
use engine::deploy::plan::{self, Current, Desired, Plan, Source};
use engine::deploy::{artifacts, desired};

/// The desired state: `dev`, with keys of its file replaced as `--set` does.
pub fn dev(overrides: &[(&str, &str)]) -> Desired {
    let overrides: Vec<_> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let text = include_str!("../../../../../environments/dev.toml");
    let environment: Environment = stacks::environment::parse("dev", "dev.toml", text, &overrides)
        .expect("the shipped environment is valid");
    let model = stacks::model::parse("telemetry.toml", include_str!("../../../../../telemetry.toml"))
        .and_then(|model| environment.place("dev.toml", model))
        .expect("the shipped model is valid");
    let stacks = synthesize(&Inputs { model: &model, environment: &environment });
    let archives = artifacts(&stacks)
        .into_iter()
        .map(|artifact| {
            let name = artifact.name();
            let key = format!("{name}/{}.zip", "0123456789abcdef".repeat(4));
            (name, Archive { key, path: "archive.zip".into(), bytes: 1_500_000 })
        })
        .collect();
    desired(&environment, &stacks, &archives)
}

/// What is after a deployment of `desired`, in which every output is an ARN of its name.
pub fn deployed(desired: &Desired) -> BTreeMap<String, Current> {
    let output = |stack: &str, name: &str| {
        let Desired { region, account, .. } = desired;
        format!("arn:aws:{stack}:{region}:{account}:{name}")
    };
    let current = |stack: &plan::DesiredStack| Current {
        stack_id: format!("arn:aws:cloudformation:eu-central-1:111122223333:stack/{}/0", stack.stack_name),
        status: "CREATE_COMPLETE".to_owned(),
        template: stack.template.clone(),
        parameters: stack
            .parameters
            .iter()
            .map(|(name, source)| match source {
                Source::Value(value) => (name.clone(), value.clone()),
                Source::Output { stack, output: id } => (name.clone(), output(stack, id)),
            })
            .collect(),
        outputs: outputs(&stack.template)
            .into_iter()
            .map(|id| (id.clone(), output(&stack.name, &id)))
            .collect(),
        tags: stack.tags.clone(),
        updated: None,
    };
    desired.stacks.iter().map(|stack| (stack.name.clone(), current(stack))).collect()
}

fn outputs(template: &str) -> Vec<String> {
    let template: Value = serde_json::from_str(template).expect("a template is JSON");
    template["Outputs"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect()
}

/// Changes a stack's template.
pub fn edit(desired: &mut Desired, stack: &str, change: impl FnOnce(&mut Value)) {
    let stack = desired.stacks.iter_mut().find(|known| known.name == stack).expect("the stack is there");
    let mut template = serde_json::from_str(&stack.template).expect("a template is JSON");
    change(&mut template);
    stack.template = serde_json::to_string_pretty(&template).expect("and stays it");
}

/// The first deployment.
pub fn first() -> Plan {
    plan::make(&dev(&[]), &BTreeMap::new()).expect("no cycle")
}

/// Nothing to do.
pub fn nothing() -> Plan {
    plan::make(&dev(&[]), &deployed(&dev(&[]))).expect("no cycle")
}

/// A longer retention, with what only CloudFormation knows of it: who follows whom, what may be replaced, and
/// what somebody changed by other means.
pub fn asked() -> Plan {
    let after = dev(&[("stream.retention_hours", "48")]);
    let mut plan = plan::make(&after, &deployed(&dev(&[]))).expect("no cycle");
    let stream = plan.stacks.iter().flat_map(|stack| &stack.resources).next().cloned();
    let stream = stream.expect("the stream changes");
    let follower = |id: &str, kind: &str, change, path: &str| ResourceChange {
        logical_id: id.to_owned(),
        kind: kind.to_owned(),
        change,
        properties: vec![PropertyChange {
            path: path.to_owned(),
            before: None,
            after: None,
            deferred: true,
            ..stream.properties[0].clone()
        }],
        why: vec!["follows `EventStream`".to_owned()],
        possible: true,
        ..stream.clone()
    };
    let updated = follower("TopicRuleRole", "AWS::IAM::Role", Change::Modify, "Policies");
    let replaced = follower("TopicRule", "AWS::IoT::TopicRule", Change::MayReplace, "TopicRulePayload");
    let mut queue = stream.clone();
    (queue.logical_id, queue.kind) = ("QuarantineQueue".to_owned(), "AWS::SQS::Queue".to_owned());
    queue.drift = Some("MODIFIED".to_owned());
    queue.properties[0].path = "MessageRetentionPeriod".to_owned();
    (queue.properties[0].before, queue.properties[0].after) =
        (Some(json!(1_209_600)), Some(json!(1_209_600)));
    queue.properties[0].actual = Some(json!(60));
    let stack = plan.stacks.iter_mut().find(|stack| stack.name == "ingest").expect("the stack is there");
    stack.resources.extend([queue, replaced, updated]);
    plan
}

/// A stream, a table and logs that keep less than before.
pub fn shortened() -> Plan {
    let before = dev(&[
        ("stream.retention_hours", "168"),
        ("store.memory_hours", "48"),
        ("store.magnetic_days", "730"),
        ("logs.retention_days", "90"),
    ]);
    plan::make(&dev(&[]), &deployed(&before)).expect("no cycle")
}

/// A measure of another type, in a table that has it.
pub fn retyped() -> Plan {
    let mut after = dev(&[]);
    edit(&mut after, "store", |template| {
        template["Resources"]["Table"]["Metadata"][STORED]["temperature"] = json!("varchar");
    });
    plan::make(&after, &deployed(&dev(&[]))).expect("no cycle")
}

/// A table that is replaced, a longer retention, a wider role, and a network more that may connect.
pub fn update() -> Plan {
    let before = dev(&[]);
    let networks = r#"["203.0.113.0/24", "198.51.100.7/32"]"#;
    let mut after = dev(&[("stream.retention_hours", "48"), ("grafana.networks", networks)]);
    edit(&mut after, "store", |template| {
        template["Resources"]["Table"]["Properties"]["TableName"] = json!("measures");
    });
    edit(&mut after, "consumer", |template| {
        let resources = template["Resources"].as_object_mut().expect("resources");
        let role = resources.values_mut().find(|resource| resource["Type"] == "AWS::IAM::Role");
        let statements =
            &mut role.expect("a role")["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
        let statements = statements.as_array_mut().expect("statements");
        statements.remove(0);
        statements.push(json!({"Effect": "Allow", "Action": ["iot:Publish"], "Resource": "*"}));
    });
    edit(&mut after, "ingest", |template| {
        let resources = template["Resources"].as_object_mut().expect("resources");
        // Messages in plain text are no longer refused.
        resources.retain(|_, resource| resource["Type"] != "AWS::SQS::QueuePolicy");
    });
    plan::make(&after, &deployed(&before)).expect("no cycle")
}
