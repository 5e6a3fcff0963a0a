//! `devices`: who a device is. A thing type, and one policy for the certificates of all of them.
//!
//! The [policy](https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html) lets a
//! certificate connect with the name of the thing that it is attached to, and publish to the topics of the model
//! with that name where the model names the device. It reads and subscribes to nothing. Things and certificates
//! are made by `cargo xtask device add`: a template that had them would have their private keys pass through
//! `CloudFormation`, and a stack with a device in it could not be deployed without all others.

mod topics;

use serde_json::{Value, json};

use crate::Inputs;
use crate::cfn::{Arn, LogicalId, Resource, Template};
use crate::environment::Environment;
use crate::kinds::arn;
pub use topics::is_thing_name;
pub(crate) use topics::{Others, TopicsFault, is_plain, speaks_for_others, topics};

/// Name of the stack in the table of stacks.
pub const STACK: &str = "devices";
/// Output with the name of the policy.
pub const POLICY_OUTPUT: &str = "DevicePolicyName";
/// Output with the name of the thing type.
pub const THING_TYPE_OUTPUT: &str = "DeviceThingTypeName";

/// Longest document of a policy, in characters without white space. See
/// [quotas](https://docs.aws.amazon.com/general/latest/gr/iot-core.html#security-limits).
pub(crate) const MAX_POLICY: usize = 2_048;

/// What stands for the thing's name when a policy is judged.
pub const THING: &str = "${iot:Connection.Thing.ThingName}";

const CLIENTS: Arn = Arn::sub("arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:client/");
const TOPICS: Arn = Arn::sub("arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:topic/");

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: who a device is", environment.name));
    let thing_type = template.add(
        LogicalId::new("DeviceType"),
        Resource::new(
            "AWS::IoT::ThingType",
            json!({
                "ThingTypeName": environment.device_name(),
                "ThingTypeProperties": {
                    "ThingTypeDescription": format!("Devices of the environment {}", environment.name),
                },
            }),
        ),
    );
    let policy = template.add(
        LogicalId::new("DevicePolicy"),
        Resource::new(
            "AWS::IoT::Policy",
            json!({
                "PolicyName": environment.device_name(),
                "PolicyDocument": document(
                    inputs,
                    |name| json!(CLIENTS.within(name)),
                    |name| json!(TOPICS.within(name)),
                ),
            }),
        ),
    );
    template.output(POLICY_OUTPUT, "Policy of the devices' certificates", policy.reference());
    template.output(THING_TYPE_OUTPUT, "Thing type of the devices", thing_type.reference());
    template
}

/// What a device may do, and nothing else. `client` and `topic` make the name of a resource.
fn document(inputs: &Inputs, client: impl Fn(&str) -> Value, topic: impl Fn(&str) -> Value) -> Value {
    // A model that cannot be bound has not been placed in this environment.
    let topics = inputs.model.kinds.iter().filter_map(|kind| topics(kind).ok()).flatten();
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["iot:Connect"],
                "Resource": [client(THING)],
                "Condition": {"Bool": {"iot:Connection.Thing.IsAttached": "true"}},
            },
            {
                "Effect": "Allow",
                "Action": ["iot:Publish"],
                "Resource": topics.map(|name| topic(&name)).collect::<Vec<_>>(),
            },
        ],
    })
}

/// How long the document of the policy is, in characters.
pub(crate) fn document_length(inputs: &Inputs) -> usize {
    let Environment { region, account, .. } = inputs.environment;
    let named = |rest: String| json!(arn(inputs.environment.partition(), "iot", region, account, &rest));
    let client = |name: &str| named(format!("client/{name}"));
    document(inputs, client, |name| named(format!("topic/{name}"))).to_string().chars().count()
}
