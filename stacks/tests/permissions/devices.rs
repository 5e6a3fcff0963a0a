//! What the policy of the devices lets a certificate do, as IoT judges it: with the variables of the connection.
//! <https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html>

use serde_json::Value;
use stacks::{Inputs, synthesize};
use telemetry::Model;

use crate::evaluator::{holds, is_like};
use crate::shipped;

const THING_NAME: &str = "iot:Connection.Thing.ThingName";
const IS_ATTACHED: &str = "iot:Connection.Thing.IsAttached";

/// A connection: the id that a client gives itself, and the things that its certificate is attached to.
struct Connection<'a> {
    client: &'a str,
    things: &'a [&'a str],
}

impl Connection<'_> {
    /// The value of a variable. The name of the thing is known where a thing of the client's id has the certificate.
    fn variable(&self, name: &str) -> Option<&str> {
        let is_attached = self.things.contains(&self.client);
        match name {
            THING_NAME => is_attached.then_some(self.client),
            IS_ATTACHED => Some(if is_attached { "true" } else { "false" }),
            other => panic!("the evaluator does not know the variable {other}"),
        }
    }

    /// Whether a policy allows this. A resource with a variable that has no value is like nothing.
    fn may(&self, policy: &Value, action: &str, resource: &str) -> bool {
        let statements = policy["Statement"].as_array().expect("statements");
        statements.iter().any(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            let actions = statement["Action"].as_array().expect("actions");
            let mut resources = statement["Resource"].as_array().expect("resources").iter();
            let conditions = statement["Condition"].as_object().into_iter().flatten();
            let holds = conditions.flat_map(|(operator, keys)| {
                keys.as_object().expect("keys").iter().map(move |(key, value)| (operator, key, value))
            });
            actions.iter().any(|allowed| allowed == action)
                && resources.any(|pattern| self.resolved(pattern).is_some_and(|one| is_like(&one, resource)))
                && holds.into_iter().all(|(operator, key, value)| {
                    let actual = self.variable(key).map(|value| vec![value.to_owned()]);
                    holds_one(operator, actual.as_deref(), value.as_str().expect("a value"))
                })
        })
    }

    /// What a resource of the template names for this connection, in the account of the shipped environments.
    fn resolved(&self, pattern: &Value) -> Option<String> {
        let text = pattern["Fn::Sub"].as_str().expect("an ARN of this account");
        let mut pieces = text.split("${");
        let mut resolved = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').expect("a closing brace");
            resolved.push_str(match name {
                "AWS::Partition" => "aws",
                "AWS::Region" => "eu-central-1",
                "AWS::AccountId" => "111122223333",
                other => self.variable(other.strip_prefix('!').expect("a variable of IoT"))?,
            });
            resolved.push_str(rest);
        }
        Some(resolved)
    }
}

fn holds_one(operator: &str, actual: Option<&[String]>, expected: &str) -> bool {
    holds(operator, actual, &[expected])
}

/// The policy that an environment makes for this model.
fn policy(model: Model, name: &str, overrides: &[(&str, &str)]) -> Value {
    let environment = shipped::environment(name, overrides);
    let model = environment.place(name, model).unwrap_or_else(|problems| panic!("{problems}"));
    let stacks = synthesize(&Inputs { model: &model, environment: &environment });
    let stack = stacks.iter().find(|stack| stack.name == "devices").expect("the stack");
    let mut resources = stack.template.resources().values();
    let policy = resources.find(|resource| resource.kind() == "AWS::IoT::Policy").expect("a policy");
    policy.property("PolicyDocument").clone()
}

#[test]
fn a_device_sends_to_its_own_topic_and_does_nothing_else() {
    let dev = [("devices", "{ enabled = true, topic_segment = 2 }")];
    let policy = policy(shipped::model(), "dev", &dev);
    let own = Connection { client: "kitchen", things: &["kitchen"] };
    let other_id = Connection { client: "cellar", things: &["kitchen"] };
    let no_thing = Connection { client: "kitchen", things: &[] };
    let two_things = Connection { client: "cellar", things: &["kitchen", "cellar"] };
    for (connection, what, action, resource, expected) in [
        (&own, "itself", "iot:Connect", "client/kitchen", true),
        (&own, "another's name", "iot:Connect", "client/cellar", false),
        (&own, "every name", "iot:Connect", "client/*", false),
        (&other_id, "with another's name", "iot:Connect", "client/cellar", false),
        (&no_thing, "a certificate of no thing", "iot:Connect", "client/kitchen", false),
        (&no_thing, "a certificate of no thing", "iot:Publish", "topic/dev/dt/kitchen/measures", false),
        (&other_id, "with another's name", "iot:Publish", "topic/dev/dt/kitchen/measures", false),
        (&other_id, "with another's name", "iot:Publish", "topic/dev/dt/cellar/measures", false),
        (&two_things, "the thing that it connected as", "iot:Publish", "topic/dev/dt/cellar/measures", true),
        (&two_things, "the other one", "iot:Publish", "topic/dev/dt/kitchen/measures", false),
        (&own, "its own topic", "iot:Publish", "topic/dev/dt/kitchen/measures", true),
        (&own, "another's topic", "iot:Publish", "topic/dev/dt/cellar/measures", false),
        (&own, "a name that begins like its own", "iot:Publish", "topic/dev/dt/kitchen2/measures", false),
        (&own, "a level more", "iot:Publish", "topic/dev/dt/kitchen/measures/x", false),
        (&own, "a level less", "iot:Publish", "topic/dev/dt/kitchen", false),
        (&own, "a wildcard", "iot:Publish", "topic/dev/dt/+/measures", false),
        (&own, "every topic", "iot:Publish", "topic/#", false),
        (&own, "another environment's", "iot:Publish", "topic/prod/dt/kitchen/measures", false),
        (&own, "no environment's", "iot:Publish", "topic/dt/kitchen/measures", false),
        (&own, "its shadow", "iot:Publish", "topic/$aws/things/kitchen/shadow/update", false),
        (
            &own,
            "a rule by its name",
            "iot:Publish",
            "topic/$aws/rules/TopicRule/dev/dt/kitchen/measures",
            false,
        ),
        (&own, "to be given a certificate", "iot:Publish", "topic/$aws/certificates/create/json", false),
        (&own, "what stays at the broker", "iot:RetainPublish", "topic/dev/dt/kitchen/measures", false),
        (&own, "its own topic", "iot:Subscribe", "topicfilter/dev/dt/kitchen/measures", false),
        (&own, "everything", "iot:Subscribe", "topicfilter/#", false),
        (&own, "its own topic", "iot:Receive", "topic/dev/dt/kitchen/measures", false),
        (&own, "its shadow", "iot:GetThingShadow", "thing/kitchen", false),
        (&own, "its name in the registry", "iot:DescribeThing", "thing/kitchen", false),
    ] {
        let arn = format!("arn:aws:iot:eu-central-1:111122223333:{resource}");
        assert_eq!(connection.may(&policy, action, &arn), expected, "{what}: {action} {resource}");
        for elsewhere in ["arn:aws:iot:eu-west-1:111122223333:", "arn:aws:iot:eu-central-1:444455556666:"] {
            assert!(
                !connection.may(&policy, action, &format!("{elsewhere}{resource}")),
                "{what}: {elsewhere}"
            );
        }
    }
}

/// The environment in which identity matters names its devices by topic.
#[test]
fn whoever_holds_data_of_devices_knows_who_they_are() {
    let policy = policy(shipped::model(), "prod", &[]);
    let own = Connection { client: "kitchen", things: &["kitchen"] };
    for (topic, expected) in [("dt/kitchen/measures", true), ("dt/cellar/measures", false)] {
        let arn = format!("arn:aws:iot:eu-central-1:111122223333:topic/{topic}");
        assert_eq!(own.may(&policy, "iot:Publish", &arn), expected, "{topic}");
    }
    let model = shipped::environment("prod", &[]).place("prod", shipped::model()).expect("they fit together");
    assert_eq!(model.first().device.topic_segments, [2]);
    assert_eq!(model.first().partition_key_template(), "${topic(2)}");
}

/// Each problem names its key, what is wrong, and what to write instead.
#[test]
fn a_model_that_cannot_be_bound_is_refused() {
    let of = |topic: &str, device: &str| {
        let rest = "[[measure]]\nname = \"m\"\nfield = \"m\"\ntype = \"double\"\n";
        let text = format!("topic = \"{topic}\"\n[device]\nfield = \"id\"\n{device}\n{rest}");
        stacks::model::parse("telemetry.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let cases = [
        ("dt/+/measures", "", "{ enabled = true }"),
        ("dt/+/measures", "", "{ enabled = true, topic_segment = 1 }"),
        ("dt/+/+/measures", "topic_segments = [2, 3]", "{ enabled = true }"),
        ("a/+/+/#", "topic_segment = 3", "{ enabled = true }"),
        ("+/+/+", "topic_segment = 2", "{ enabled = true }"),
        ("dt/+/a*", "topic_segment = 2", "{ enabled = true }"),
        ("dt/+/measures", "", "{ enabled = false, topic_segment = 2 }"),
    ];
    let told = cases.map(|(topic, device, devices)| {
        let text = include_str!("../../../environments/prod.toml");
        let overrides = [("devices".to_owned(), devices.to_owned())];
        let environment = stacks::environment::parse("prod", "environments/prod.toml", text, &overrides);
        let problems = match environment {
            Ok(environment) => environment.place("environments/prod.toml", of(topic, device)).err(),
            Err(problems) => Some(problems),
        };
        format!(
            "{topic} {device} {devices}\n{}",
            problems.map_or_else(String::new, |found| found.to_string())
        )
    });
    insta::assert_snapshot!("refused_identities", told.join("\n\n"));
}
