//! What usually makes a resource fail, and what a person does about it. Pure.
//!
//! The code of a [handler](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html)
//! says which sort of failure it is, its sentence which one. The first row that fits counts, so the narrower one comes
//! first.

use super::status::{self, says_role_not_told, says_timestream_closed};

/// A usual cause.
#[derive(Debug)]
pub struct Cause {
    /// What it is called in a test and in a report.
    pub name: &'static str,
    /// The handler's code; empty for any.
    code: &'static str,
    /// Parts of the sentence, of which one must be there; none for any.
    says: &'static [&'static str],
    /// What to do.
    remedy: &'static str,
}

const fn cause(
    name: &'static str,
    code: &'static str,
    says: &'static [&'static str],
    remedy: &'static str,
) -> Cause {
    Cause { name, code, says, remedy }
}

// What to do about causes that have a code, or are told without one.
const QUOTA: &str = "the account has as many as it may have: delete what nobody needs, or raise the quota under Service Quotas";
const TAKEN: &str = "something has that name which is of no stack here: a destroyed environment that retains its data leaves such things, and a bucket's name is taken in every account; remove it, or deploy under another name";
const THROTTLED: &str = "the service has too many requests in this account: deploy again later";
/// The way out for an account to which Timestream is closed.
pub const OTHER_STORE: &str = "store in PostgreSQL instead: `--set store.kind=postgres` for once, `kind = \"postgres\"` under [store] of the \
     environment's file for good, as environments/start.toml has it; or deploy to an account that has used Timestream";
const BROKEN: &str =
    "the service failed by itself: deploy again; if it goes on, https://health.aws.amazon.com may say more";

#[rustfmt::skip]
const CAUSES: &[Cause] = &[
    cause("explicit deny", "", &["with an explicit deny"], "a policy denies it whatever others allow: the sentence says which, a boundary or one of the organization"),
    cause("passing a role", "", &["iam:PassRole"], "who deploys may not hand that role to the service: `cargo xtask bootstrap` gives the deploying role what this version needs"),
    cause("not permitted", "", &["is not authorized to perform", "AccessDenied", "Access Denied", "not authorized to"], "who deploys may not do that: `cargo xtask bootstrap` gives the deploying role what this version needs"),
    cause("service-linked role", "", &["service linked role", "service-linked role"], "the account has not used the service before: deploy again in a minute, or have an administrator create its service-linked role"),
    cause("concurrency", "", &["UnreservedConcurrentExecution"], "the account's quota of concurrent Lambda executions is too small to reserve that many: raise it under Service Quotas, or reserve fewer"),
    cause("networks", "", &["maximum number of VPCs has been reached", "VpcLimitExceeded"], "the Region has as many VPCs as the account may have: delete one, or raise the quota under Service Quotas"),
    cause("addresses", "", &["maximum number of addresses has been reached", "AddressLimitExceeded"], "the Region has as many elastic addresses as the account may have: release one, or raise the quota under Service Quotas"),
    cause("quota", "ServiceLimitExceeded", &[], QUOTA),
    cause("quota, by its sentence", "", &["LimitExceeded", "limit exceeded", "quota"], QUOTA),
    cause("identity center", "", &["IAM Identity Center is not enabled", "SSO is not enabled", "AWS SSO"], "the account has no IAM Identity Center: enable it, or take `[grafana] kind = \"container\"`"),
    cause("region", "", &["Unrecognized resource types", "is not supported in this region", "not available in this region", "Could not connect to the endpoint URL"], "the Region has no such service: choose another `region` in the environment's file, or do without it"),
    cause("no such archive", "", &["NoSuchKey", "S3 Error Code: NoSuchBucket"], "the code is not where the template says: deploy again, which uploads what is missing; if it goes on, look whether a lifecycle rule empties the bucket"),
    cause("too large", "", &["Unzipped size must be smaller than", "Request must be smaller than"], "the function is too large: build it without what it does not use"),
    cause("name taken", "AlreadyExists", &[], TAKEN),
    cause("name taken, by its sentence", "", &["already exists", "AlreadyOwnedByYou", "BucketAlreadyExists"], TAKEN),
    cause("bucket not empty", "", &["BucketNotEmpty", "bucket you tried to delete is not empty"], "something was written to the bucket meanwhile: `cargo xtask destroy` empties what it deletes; agree to it in a deployment with `--allow-data-loss`"),
    cause("in use", "", &["has a dependent object", "has dependencies", "is in use", "DependencyViolation", "ResourceInUse", "currently in use"], "something outside of the stack uses it: remove that, then deploy again"),
    cause("protected cluster", "", &["Cannot delete protected Cluster", "has deletion protection option enabled"], "its data is to stay, so the cluster is protected: `aws rds modify-db-cluster --no-deletion-protection --db-cluster-identifier NAME` lifts that, if nobody needs its data; then do the same again"),
    cause("one zone", "", &["coverage requirement"], "a cluster needs subnets in two zones, and the account has one in this Region: choose another `region` in the environment's file"),
    cause("engine version", "", &["Cannot find version"], "RDS has no such version in this Region, or none any more: `aws rds describe-db-engine-versions --engine aurora-postgresql` lists those that there are, and stacks/src/store/postgres.rs names the one that is asked for"),
    cause("certificate", "", &["UnsupportedCertificate", "CertificateNotFound", "certificate must have", "Certificate ARN"], "the certificate is not of this Region and account, or not issued yet: look at `[grafana] certificate` and at ACM"),
    cause("tasks do not start", "", &["Circuit Breaker was triggered", "deployment circuit breaker", "tasks failed to start"], "the container does not become healthy: `cargo xtask logs` has what it said last, and the console the reason why its tasks stopped"),
    cause("no answer of a function", "", &["did not receive a response from your Custom Resource", "Custom Resource failed to stabilize"], "the function that stands in for the resource did not answer: `cargo xtask logs` has what it said last"),
    cause("failed hook", "", &["hook(s) failed", "hook failed", "Hook failed"], "a hook of the account refuses it: its message says what it wants; whoever runs the hooks can say more"),
    cause("gone", "NotFound", &[], "somebody deleted it by other means, and the stack does not know: deploy a change of it that replaces it, or import it again"),
    cause("another change", "ResourceConflict", &[], "the service is changing it already: deploy again when that is over"),
    cause("throttled", "Throttling", &[], THROTTLED),
    cause("throttled, by its sentence", "", &["Rate exceeded", "TooManyRequests"], THROTTLED),
    cause("did not stabilize", "NotStabilized", &[], "the service took it and did not finish: look at it in its console, then deploy again"),
    cause("timed out", "", &["timed out", "Exceeded attempts to wait", "did not stabilize"], "the service took it and did not finish in time: look at it in its console, then deploy again"),
    cause("service broken", "ServiceInternalError", &[], BROKEN),
    cause("service broken, by its code", "InternalFailure", &[], BROKEN),
    cause("bad value", "InvalidRequest", &[], "the service refuses a value: the sentence says which; `cargo xtask check` validates templates before anything is deployed"),
];

/// An example of each: the name of the cause, the type of the resource, and what is said, phrased as CloudFormation and
/// the handlers of its resources do. Names and numbers are made up.
#[rustfmt::skip]
pub const EXAMPLES: &[(&str, &str, &str)] = &[
    ("explicit deny", "AWS::S3::Bucket", "User: arn:aws:sts::111122223333:assumed-role/ci/x is not authorized to perform: s3:CreateBucket on resource: \"arn:aws:s3:::a-bucket\" with an explicit deny in a service control policy (Service: S3, Status Code: 403, Request ID: 1)"),
    ("passing a role", "AWS::Lambda::Function", "User: arn:aws:sts::111122223333:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/sluice-dev-f because no identity-based policy allows the iam:PassRole action (Service: AWSLambdaInternal; Status Code: 403; Error Code: AccessDeniedException)"),
    ("not permitted", "AWS::Kinesis::Stream", "Resource handler returned message: \"User: arn:aws:sts::111122223333:assumed-role/ci/x is not authorized to perform: kinesis:CreateStream on resource: arn:aws:kinesis:eu-central-1:111122223333:stream/sluice-dev-events because no identity-based policy allows the kinesis:CreateStream action (Service: Kinesis, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: AccessDenied)"),
    ("service-linked role", "AWS::ECS::Cluster", "Resource handler returned message: \"Invalid request provided: CreateCluster Invalid Request: Unable to assume the service linked role. Please verify that the ECS service linked role exists. (Service: Ecs, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("concurrency", "AWS::Lambda::Function", "Resource handler returned message: \"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10]. (Service: Lambda, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("networks", "AWS::EC2::VPC", "Resource handler returned message: \"The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: ServiceLimitExceeded)"),
    ("addresses", "AWS::EC2::EIP", "The maximum number of addresses has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: AddressLimitExceeded; Request ID: 1; Proxy: null)"),
    ("quota", "AWS::Kinesis::Stream", "Resource handler returned message: \"This request would exceed the shard limit for the account 111122223333 in eu-central-1. (Service: Kinesis, Status Code: 400)\" (RequestToken: 1, HandlerErrorCode: ServiceLimitExceeded)"),
    ("quota, by its sentence", "AWS::IAM::Role", "Cannot exceed quota for RolesPerAccount: 1000 (Service: AmazonIdentityManagement; Status Code: 409; Error Code: LimitExceeded; Request ID: 1; Proxy: null)"),
    ("identity center", "AWS::Grafana::Workspace", "Resource handler returned message: \"AWS SSO is required for this workspace: IAM Identity Center is not enabled (Service: Grafana, Status Code: 400)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("region", "AWS::IoTTwinMaker::Workspace", "Template format error: Unrecognized resource types: [AWS::IoTTwinMaker::Workspace]"),
    ("no such archive", "AWS::Lambda::Function", "Resource handler returned message: \"Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist. (Service: Lambda, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("too large", "AWS::Lambda::Function", "Resource handler returned message: \"Unzipped size must be smaller than 262144000 bytes (Service: Lambda, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("name taken", "AWS::Logs::LogGroup", "Resource handler returned message: \"Resource of type 'AWS::Logs::LogGroup' with identifier '{\"/properties/LogGroupName\":\"/sluice/dev/f\"}' already exists.\" (RequestToken: 1, HandlerErrorCode: AlreadyExists)"),
    ("name taken, by its sentence", "AWS::S3::Bucket", "sluice-dev-lake already exists in stack arn:aws:cloudformation:eu-central-1:111122223333:stack/other/1"),
    ("bucket not empty", "AWS::S3::Bucket", "Resource handler returned message: \"The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)"),
    ("in use", "AWS::EC2::SecurityGroup", "resource sg-1 has a dependent object (Service: AmazonEC2; Status Code: 400; Error Code: DependencyViolation; Request ID: 1; Proxy: null)"),
    ("protected cluster", "AWS::RDS::DBCluster", "Resource handler returned message: \"Cannot delete protected Cluster, please disable deletion protection and try again. (Service: Rds, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("one zone", "AWS::RDS::DBSubnetGroup", "Resource handler returned message: \"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: eu-central-1c. Add subnets to cover at least 2 AZs. (Service: Rds, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("engine version", "AWS::RDS::DBCluster", "Resource handler returned message: \"Cannot find version 17.5 for aurora-postgresql (Service: Rds, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("certificate", "AWS::ElasticLoadBalancingV2::Listener", "Resource handler returned message: \"Certificate ARN 'arn:aws:acm:us-east-1:111122223333:certificate/1' is not valid (Service: ElasticLoadBalancingV2, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
    ("tasks do not start", "AWS::ECS::Service", "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)"),
    ("no answer of a function", "Custom::Thing", "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [1]. If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version."),
    ("failed hook", "AWS::S3::Bucket", "The following hook(s) failed: [Company::S3::Encryption]"),
    ("gone", "AWS::Kinesis::Stream", "Resource handler returned message: \"Stream sluice-dev-events under account 111122223333 not found. (Service: Kinesis, Status Code: 400)\" (RequestToken: 1, HandlerErrorCode: NotFound)"),
    ("another change", "AWS::Lambda::Function", "Resource handler returned message: \"The operation cannot be performed at this time. An update is in progress for resource (Service: Lambda, Status Code: 409)\" (RequestToken: 1, HandlerErrorCode: ResourceConflict)"),
    ("throttled", "AWS::IoT::TopicRule", "Resource handler returned message: \"Please slow down (Service: Iot, Status Code: 429)\" (RequestToken: 1, HandlerErrorCode: Throttling)"),
    ("throttled, by its sentence", "AWS::Logs::LogGroup", "Rate exceeded (Service: CloudWatchLogs, Status Code: 400, Request ID: 1)"),
    ("did not stabilize", "AWS::KinesisFirehose::DeliveryStream", "Resource handler returned message: \"Exceeded attempts\" (RequestToken: 1, HandlerErrorCode: NotStabilized)"),
    ("timed out", "AWS::ElasticLoadBalancingV2::LoadBalancer", "Resource timed out waiting for completion (RequestToken: 1)"),
    ("service broken", "AWS::SQS::Queue", "Resource handler returned message: \"null\" (RequestToken: 1, HandlerErrorCode: ServiceInternalError)"),
    ("service broken, by its code", "AWS::SQS::Queue", "Internal Failure (RequestToken: 1, HandlerErrorCode: InternalFailure)"),
    ("bad value", "AWS::SQS::Queue", "Resource handler returned message: \"Invalid value for the parameter VisibilityTimeout. (Service: Sqs, Status Code: 400)\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"),
];

/// What a failure of this resource is, and what to do about it.
pub fn remedy(kind: &str, reason: &str) -> Option<String> {
    if says_timestream_closed(reason) {
        return Some(format!("AWS takes no new customers of Timestream for LiveAnalytics: {OTHER_STORE}"));
    }
    if says_role_not_told(kind, reason) {
        return Some("the role is too new for its service to know it: deploy again in a minute".to_owned());
    }
    let found = of(reason)?;
    Some(match allowing(reason) {
        Some(statement) if found.name != "explicit deny" => {
            format!("{}; or allow it: {statement}", found.remedy)
        }
        _ => found.remedy.to_owned(),
    })
}

/// The first row that fits a sentence.
pub fn of(reason: &str) -> Option<&'static Cause> {
    let code = status::error_code(reason).unwrap_or_default();
    CAUSES.iter().find(|cause| {
        let says = cause.says.is_empty() || cause.says.iter().any(|part| reason.contains(part));
        (cause.code.is_empty() || cause.code == code) && says
    })
}

/// The statement that would allow what a sentence says is denied:
/// `… is not authorized to perform: s3:CreateBucket on resource: arn:… because …`.
fn allowing(reason: &str) -> Option<String> {
    let rest = reason.split_once("authorized to perform")?.1.trim_start_matches([':', ' ']);
    let word = |text: &str| {
        let end = text.find(|at: char| at.is_whitespace() || "\"',;)".contains(at)).unwrap_or(text.len());
        text[..end].trim_end_matches('.').to_owned()
    };
    let action = word(rest);
    let service = action.split_once(':')?.0;
    if service.is_empty() || !action.chars().all(|at| at.is_ascii_alphanumeric() || ":-*".contains(at)) {
        return None;
    }
    let resource = rest
        .split_once("on resource")
        .map(|(_, resource)| word(resource.trim_start_matches([':', ' ', '"'])));
    let resource = resource.filter(|resource| resource.starts_with("arn:")).unwrap_or_else(|| "*".to_owned());
    let statement = serde_json::json!({"Effect": "Allow", "Action": action, "Resource": resource});
    Some(statement.to_string())
}

#[cfg(test)]
mod tests;
