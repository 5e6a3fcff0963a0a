//! What a Lambda function needs beside its code. Which there are, their stacks say.
//!
//! A function is a role that names its log group and nothing else, a log group with retention, and
//! the archive that the deployment uploads under a key made from its content.

use std::collections::BTreeMap;

use serde_json::json;

use crate::artifact::{Artifact, Function};
use crate::artifacts;
use crate::audit_exceptions::with_reasons;
use crate::cfn::{
    Arn, Auditor, Expression, LogicalId, ParameterSource, Resource, Statement, Template, Trust, role,
};
use crate::environment::{Environment, LogLevel};
use crate::network::{self, Placement};

impl Function {
    /// The id of the function in its template, and the beginning of the ids of what belongs to it.
    pub fn logical_id(&self) -> LogicalId {
        LogicalId::from_kebab(self.name)
    }

    /// The id of its role.
    pub fn role(&self) -> LogicalId {
        self.logical_id().with("Role")
    }
}

/// What differs from function to function.
pub(crate) struct Deployment {
    /// The stack that it belongs to, for the name of its log group.
    pub stack: &'static str,
    /// What it does, for people.
    pub description: &'static str,
    /// Memory, in MB.
    pub memory_mb: u32,
    /// Time limit, in seconds.
    pub timeout_seconds: u32,
    /// Environment variables, beside `LOG_LEVEL`.
    pub variables: BTreeMap<&'static str, Expression>,
    /// What it may do, beside writing its logs.
    pub statements: Vec<Statement>,
    /// What becomes of the invocations that fail.
    pub failures: Failures,
}

/// What becomes of the invocations that fail, after what Lambda repeats by itself.
pub(crate) enum Failures {
    /// The queue with this ARN keeps them, for nobody waits for an answer.
    #[allow(dead_code, reason = "the functions that `cargo xtask new` writes for topic rules have it")]
    Queued(Arn),
    /// No queue keeps them, for this reason.
    NotQueued(&'static str),
}

/// Why no function has a reserved share of the account's concurrency.
const SHARED_CONCURRENCY: &str = "A share that is reserved comes out of the account's, of which 100 have to \
    stay: a new account, which has 10, could not deploy. One caller of this pipeline invokes it";

/// What Lambda does with the role of a function to have it in a network, as its
/// [managed policy](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html)
/// has it.
const ENTER: &[&str] = &[
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];

/// Why a function is in no network.
const NO_NETWORK: &str = "It calls services of AWS by HTTPS, and nothing can connect to a function. In a VPC it \
    would need NAT or an endpoint for each of them, paid by the hour";

/// Why the variables of a function have no key of their own.
const PLAIN_VARIABLES: &str = "Its variables are names of resources and settings, none of them secret; Lambda \
    encrypts them with a key that it keeps";

/// Why a log group has no key of its own.
pub(crate) const LOG_KEY: &str = "CloudWatch Logs encrypts each group with a key that it keeps. One of one's own costs a \
    dollar a month, and a mistake in its policy loses the logs";

/// Adds a function, its role and its log group, and returns the function's id.
pub(crate) fn add(
    template: &mut Template,
    environment: &Environment,
    function: Function,
    deployment: Deployment,
) -> LogicalId {
    add_as(template, environment, (function, function.logical_id()), None, deployment)
}

/// The same for a function that is called `name` in its template, and is in a network, if it is in one. Under another
/// name it is another function, with the role and the logs of the first.
pub(crate) fn add_as(
    template: &mut Template,
    environment: &Environment,
    (function, name): (Function, LogicalId),
    network: Option<&Placement>,
    deployment: Deployment,
) -> LogicalId {
    let id = function.logical_id();
    let logs = add_log_group(template, environment, id.with("Logs"), deployment.stack, function.name);

    let mut statements = deployment.statements;
    statements.push(write_logs(&logs));
    if let Failures::Queued(queue) = &deployment.failures {
        statements.push(Statement::allow(&["sqs:SendMessage"], [queue.clone()]));
    }
    if network.is_some() {
        statements.extend([network::join(ENTER), Statement::refuse_to_code(ENTER)]);
    }
    let role = role(deployment.description, &Trust::service("lambda.amazonaws.com"), &statements);
    let role = template.add(function.role(), with_reasons(role));

    let bucket = artifacts::bucket(template, environment);
    let key = template.parameter(id.with("Key"), ParameterSource::ArtifactKey(Artifact::Function(function)));
    let mut variables = deployment.variables;
    variables.insert("LOG_LEVEL", environment.logs.level.as_str().into());
    let mut properties = json!({
        "Description": deployment.description,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Code": {"S3Bucket": bucket.reference(), "S3Key": key.reference()},
        "Role": role.attribute("Arn"),
        "MemorySize": deployment.memory_mb,
        "Timeout": deployment.timeout_seconds,
        "LoggingConfig": {
            "LogFormat": "JSON",
            // Lambda's filter takes a line without level and time, as of metrics, to be of INFO: it must
            // let that pass. The function itself keeps to LOG_LEVEL.
            "ApplicationLogLevel": environment.logs.level.max(LogLevel::Info).as_str(),
            // The report of each invocation, with its duration and memory, is of this level.
            "SystemLogLevel": "INFO",
            "LogGroup": logs.reference(),
        },
        "Environment": {"Variables": variables},
    });
    if let Some(architecture) = environment.architecture {
        properties["Architectures"] = json!([architecture.as_str()]);
    }
    if let Failures::Queued(queue) = &deployment.failures {
        properties["DeadLetterConfig"] = json!({"TargetArn": queue});
    }
    let mut function = Resource::new("AWS::Lambda::Function", properties).skip(
        Auditor::Checkov,
        "CKV_AWS_115",
        SHARED_CONCURRENCY,
    );
    if let Failures::NotQueued(because) = deployment.failures {
        function = function.skip(Auditor::Checkov, "CKV_AWS_116", because);
    }
    match network {
        Some(Placement { subnets, group }) => {
            function.set_property("VpcConfig", json!({"SubnetIds": subnets, "SecurityGroupIds": [group]}));
        }
        None => function = function.skip(Auditor::Checkov, "CKV_AWS_117", NO_NETWORK),
    }
    template.add(name, function.skip(Auditor::Checkov, "CKV_AWS_173", PLAIN_VARIABLES))
}

/// Adds a log group with the environment's retention, named `/sluice/<environment>/<stack>/<writer>`.
///
/// The name is fixed, so that people find it. Logs go with their stack, and nothing in the pipeline
/// may create a log group, so that none comes back.
pub(crate) fn add_log_group(
    template: &mut Template,
    environment: &Environment,
    id: LogicalId,
    stack: &'static str,
    writer: &str,
) -> LogicalId {
    template.add(
        id,
        Resource::new(
            "AWS::Logs::LogGroup",
            json!({
                "LogGroupName": format!("/sluice/{}/{stack}/{writer}", environment.name),
                "RetentionInDays": environment.logs.retention_days,
            }),
        )
        .skip(Auditor::Checkov, "CKV_AWS_158", LOG_KEY),
    )
}

/// Allows writing to the streams of one log group. Its ARN already ends with `:*`.
pub(crate) fn write_logs(log_group: &LogicalId) -> Statement {
    Statement::allow(&["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.arn()])
}

/// Lets a rule of `EventBridge` call a function, under the id `permission`.
pub(crate) fn let_rule_call(
    template: &mut Template,
    permission: LogicalId,
    function: &LogicalId,
    rule: &LogicalId,
) {
    template.add(
        permission,
        Resource::new(
            "AWS::Lambda::Permission",
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": function.reference(),
                "Principal": "events.amazonaws.com",
                "SourceArn": rule.attribute("Arn"),
            }),
        ),
    );
}

/// Allows sending to one stream, in requests of many records.
pub(crate) fn put_to_stream(stream: Arn) -> Statement {
    Statement::allow(&["kinesis:PutRecords"], [stream])
}
