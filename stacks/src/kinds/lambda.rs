//! Functions, and what invokes them.

use serde_json::Value;

use super::grants::{Grants, NO_STEP, Needed, look, read, write};
use super::kept::{Seconds, present};
use super::load::{
    Amounts, Cost, HOURS, KB, MILLION, REQUEST_RECORDS, SECONDS, Site, batches, quantity, rate,
};
use super::proof::{A_PART, TAGGED};
use super::statement::allow;
use super::subject::{ABSENT, BY_ID, Subject, Unresolved};
use super::{
    AtMostOnce, Data, Generated, Group, Kept, Kind, Local, Lost, Naming, Proof, Service, Tags, Witness,
};
use crate::artifact::{Artifact, Calls};
use crate::cfn::ParameterSource;
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "lambda", calls: &["ec2"], policy: Group::Functions };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::Lambda::EventSourceMapping",
        service: &SERVICE,
        naming: Naming::by_id("event-source-mapping:{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("a new one begins where the stream does"),
        replaced_by: &["EventSourceArn", "StartingPosition", "StartingPositionTimestamp"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/FunctionName", "/EventSourceArn"]),
        kept: &[Kept::For { of: given_up, lost: Lost::All("batches that the function gives up") }],
        grants: Grants::Needs(event_source_mapping),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("invocations cost, not the mapping"),
    },
    Kind {
        name: "AWS::Lambda::Function",
        service: &SERVICE,
        naming: Naming::own("/FunctionName", 64, Generated::Stack(64), "function:{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("its code is built from the source"),
        replaced_by: &["FunctionName", "PackageType"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/FunctionName"]),
        kept: &[],
        grants: Grants::Needs(function),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: Proof::Asked(Witness::Lambda),
        cost: Cost::Depends(function_cost),
    },
    Kind {
        name: "AWS::Lambda::Permission",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is a statement of the policy of its function"),
        data: Data::HoldsNothing("it is made again from the template"),
        replaced_by: &["Action", "FunctionName", "Principal", "SourceArn", "SourceAccount"],
        immutable: &[],
        at_most_once: AtMostOnce::Many("a policy has any number of statements"),
        kept: &[],
        grants: Grants::Needs(permission),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("permissions cost nothing"),
    },
];

/// [`AWS::Lambda::Function`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html).
/// Its code is read from the artifact bucket, which is a step of the deployment.
fn function(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    let network: &[&str] = match subject.resource.property("VpcConfig") {
        Value::Null => &[],
        _ => &[
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
    };
    let looked = (!network.is_empty()).then(|| look(network));
    let of_itself = [
        read(allow(
            &[
                "lambda:GetFunction",
                "lambda:GetFunctionCodeSigningConfig",
                "lambda:GetFunctionConfiguration",
                "lambda:GetFunctionRecursionConfig",
                "lambda:GetFunctionScalingConfig",
                "lambda:GetRuntimeManagementConfig",
                "lambda:ListTags",
            ],
            arn.clone(),
        )),
        write(allow(
            &[
                "lambda:CreateFunction",
                "lambda:DeleteFunction",
                "lambda:DeleteFunctionConcurrency",
                "lambda:PutFunctionConcurrency",
                "lambda:PutFunctionRecursionConfig",
                "lambda:PutRuntimeManagementConfig",
                "lambda:TagResource",
                "lambda:UntagResource",
                "lambda:UpdateFunctionCode",
                "lambda:UpdateFunctionConfiguration",
            ],
            arn,
        )),
    ];
    Ok(of_itself.into_iter().chain(looked).collect())
}

/// The ARN of the function that a property names.
fn function_of(subject: Subject) -> Result<String, Unresolved> {
    let name = subject.text(subject.resource.property("FunctionName"))?;
    Ok(subject.arn_of("lambda", &format!("function:{name}")))
}

/// [`AWS::Lambda::EventSourceMapping`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html):
/// an id, and the function that it invokes, by which it is told from others.
fn event_source_mapping(subject: Subject) -> Needed {
    const BY_FUNCTION: &str = "Its service gives it an id when it is made: the function says whose it is";
    let function = function_of(subject)?;
    let all = [subject.arn_of("lambda", "event-source-mapping:*")];
    let of_function = |actions: &[&str], resources: [String; 1]| {
        let statement = allow(actions, resources);
        statement.when("ArnLike", "lambda:FunctionArn", [function.as_str()]).because(BY_FUNCTION)
    };
    let listed = allow(&["lambda:ListTags"], all.clone());
    let tagged = allow(&["lambda:TagResource"], all.clone());
    let untagged = allow(&["lambda:UntagResource"], all.clone());
    Ok(vec![
        read(allow(&["lambda:GetEventSourceMapping"], all.clone()).because(ABSENT)),
        read(subject.scope.owned(listed).because(BY_ID)),
        write(of_function(&["lambda:CreateEventSourceMapping"], ["*".to_owned()])),
        write(of_function(&["lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"], all)),
        write(subject.scope.adopted(tagged).because(BY_ID)),
        write(subject.scope.owned(untagged).because(BY_ID)),
    ])
}

/// [`AWS::Lambda::Permission`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html):
/// for this principal, and no other.
fn permission(subject: Subject) -> Needed {
    let function = [function_of(subject)?];
    let principal = subject.text(subject.resource.property("Principal"))?;
    let added = allow(&["lambda:AddPermission"], function.clone());
    Ok(vec![
        read(allow(&["lambda:GetPolicy"], function.clone())),
        write(added.when("StringEquals", "lambda:Principal", [principal])),
        write(allow(&["lambda:RemovePermission"], function)),
    ])
}

fn given_up(properties: &Value) -> Option<Seconds> {
    present(properties, "/DestinationConfig/OnFailure")
}

/// Seconds of an invocation, and of each request of 100 records that the consumer writes in it. Assumed.
const INVOCATION_SECONDS: f64 = 0.02;
const REQUEST_SECONDS: f64 = 0.05;
/// Seconds in which the simulator sends a minute's events. Assumed.
const SIMULATION_SECONDS: f64 = 2.0;

/// Invocations a month, and the seconds of each.
fn invocations(site: Site, calls: Calls) -> (f64, f64) {
    let rate = rate(site);
    match calls {
        Calls::PerBatch => {
            let (batches, records) = batches(site);
            (batches * SECONDS, INVOCATION_SECONDS + (records / REQUEST_RECORDS).ceil() * REQUEST_SECONDS)
        }
        Calls::PerBuffer => {
            // A buffer of 1 MB, or of a minute.
            let by_time = if rate > 0.0 { 1.0 / 60.0 } else { 0.0 };
            let calls = (rate * site.load.event_bytes / (KB * KB)).max(by_time);
            (calls * SECONDS, INVOCATION_SECONDS)
        }
        Calls::TwiceADay => (HOURS / 12.0, INVOCATION_SECONDS),
        Calls::PerMinute => (HOURS * 60.0, SIMULATION_SECONDS),
        Calls::OnRequest | Calls::ByUse => (0.0, 0.0),
    }
}

/// Who calls a function of a stack.
fn calls(site: Site, resource: &Resource) -> Calls {
    let key = resource.property("Code")["S3Key"]["Ref"].as_str();
    match key.and_then(|key| site.stack.parameters.get(key)) {
        Some(ParameterSource::ArtifactKey(Artifact::Function(function))) => function.calls,
        _ => Calls::OnRequest,
    }
}

fn function_cost(site: Site, resource: &Resource) -> Cost {
    match calls(site, resource) {
        Calls::ByUse => Cost::ByUse("how often further functions are called, and for how long"),
        _ => Cost::Metered(function_amounts),
    }
}

fn function_amounts(site: Site, _: &LogicalId, resource: &Resource) -> Amounts {
    let (calls, seconds) = invocations(site, calls(site, resource));
    let memory_gb = quantity(resource.property("MemorySize")) / KB;
    vec![("lambda-request", calls / MILLION), ("lambda-duration", calls * seconds * memory_gb)]
}
