//! Asks the service of a resource whether it is there, by its exact name. Read only.
//!
//! Which service that is, the row of its type says. What cannot be asked about cheaply is gone by
//! CloudFormation's word.

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use stacks::kinds::{self, Proof, Witness};

use super::plan::{Resource, SNAPSHOT};
use session::Session;
use session::sdk_error::{is_not_there, sentence};

/// The service that knows a resource of this type, and the name by which it does.
pub fn of(resource: &Resource) -> Option<(Witness, String)> {
    let id = resource.physical_id.as_str();
    let Proof::Asked(service) = kinds::of(&resource.kind)?.proof else { return None };
    // A queue's id is its URL.
    let name = if service == Witness::Sqs { id.rsplit('/').next().unwrap_or(id) } else { id };
    (!name.is_empty()).then(|| (service, name.to_owned()))
}

/// The resource that an ARN names, where its service can be asked about it.
pub fn named_by(arn: &str) -> Option<Resource> {
    let (kind, name) = kinds::named_by(arn)?;
    matches!(kind.proof, Proof::Asked(_)).then(|| Resource {
        logical_id: String::new(),
        kind: kind.name.to_owned(),
        physical_id: name.to_owned(),
    })
}

/// Whether an ARN names this resource.
pub fn is_of(arn: &str, resource: &Resource) -> bool {
    if resource.kind == SNAPSHOT {
        let name = arn.split_once(":cluster-snapshot:").map_or("", |(_, name)| name);
        return name.starts_with(resource.physical_id.trim_end_matches('*'));
    }
    // A type that an earlier version had is known by its service's name alone.
    let service = match kinds::of(&resource.kind) {
        Some(kind) => kind.service.namespace.to_owned(),
        None => resource.kind.split("::").nth(1).unwrap_or_default().to_lowercase(),
    };
    // The id of a table is `database|table`, and its ARN ends with `database/<database>/table/<table>`.
    let last = resource.physical_id.rsplit(['|', '/', ':']).next().unwrap_or_default();
    let ends = |name: &str| arn.strip_suffix(name).is_some_and(|start| start.ends_with([':', '/']));
    arn == resource.physical_id
        || !last.is_empty() && arn.split(':').nth(2) == Some(service.as_str()) && ends(last)
}

/// Whether it is there.
pub async fn is_there(session: &Session, service: Witness, name: &str) -> Result<bool, String> {
    match service {
        Witness::Lambda => said(&session.lambda().get_function().function_name(name).send().await),
        Witness::Sqs => said(&session.sqs().get_queue_url().queue_name(name).send().await),
        Witness::Kinesis => said(&session.kinesis().describe_stream_summary().stream_name(name).send().await),
        Witness::Firehose => {
            said(&session.firehose().describe_delivery_stream().delivery_stream_name(name).send().await)
        }
        Witness::Ecs => is_in_ecs(&session.ecs(), name).await,
        Witness::S3 => match session.s3().head_bucket().bucket(name).send().await {
            Err(error) if error.as_service_error().is_some_and(HeadBucketError::is_not_found) => Ok(false),
            answer => said(&answer),
        },
        Witness::Logs => {
            let groups = session.logs().describe_log_groups().log_group_name_prefix(name).send().await;
            let groups = groups.map_err(|error| sentence(&error))?;
            Ok(groups.log_groups().iter().any(|group| group.log_group_name() == Some(name)))
        }
        Witness::Flink => said(&session.flink().describe_application().application_name(name).send().await),
        Witness::Timestream => {
            let client = session.timestream_write().await.map_err(|failure| failure.error.to_string())?;
            said(&client.describe_database().database_name(name).send().await)
        }
    }
}

/// What was removed stays known for a while, and is inactive.
async fn is_in_ecs(client: &aws_sdk_ecs::Client, name: &str) -> Result<bool, String> {
    const INACTIVE: &str = "INACTIVE";
    if name.contains(":task-definition/") {
        let answer = client.describe_task_definition().task_definition(name).send().await;
        // One that was never there is a wrong argument.
        return match answer {
            Ok(answer) => Ok(answer
                .task_definition()
                .and_then(|one| one.status())
                .map(aws_sdk_ecs::types::TaskDefinitionStatus::as_str)
                != Some(INACTIVE)),
            Err(error) if error.code() == Some("ClientException") => Ok(false),
            Err(error) => Err(sentence(&error)),
        };
    }
    if let Some((_, service)) = name.split_once(":service/") {
        let (cluster, service) = service.split_once('/').unwrap_or(("default", service));
        let answer = client.describe_services().cluster(cluster).services(service).send().await;
        return match answer {
            Ok(answer) => Ok(answer.services().iter().any(|service| service.status() != Some(INACTIVE))),
            Err(error) => said::<(), _, _>(&Err(error)),
        };
    }
    let answer = client.describe_clusters().clusters(name).send().await;
    let answer = answer.map_err(|error| sentence(&error))?;
    Ok(answer.clusters().iter().any(|cluster| cluster.status() != Some(INACTIVE)))
}

fn said<T, E, R>(answer: &Result<T, SdkError<E, R>>) -> Result<bool, String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match answer {
        Ok(_) => Ok(true),
        Err(error) if is_not_there(error) => Ok(false),
        Err(error) => Err(sentence(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: &str, physical_id: &str) -> Resource {
        Resource { logical_id: String::new(), kind: kind.to_owned(), physical_id: physical_id.to_owned() }
    }

    #[test]
    fn an_arn_names_what_its_service_can_be_asked_about() {
        for (arn, expected) in [
            ("arn:aws:lambda:eu-west-1:1:function:sluice-a-f", Some(("Lambda", "sluice-a-f"))),
            ("arn:aws:sqs:eu-west-1:1:sluice-a-q", Some(("SQS", "sluice-a-q"))),
            ("arn:aws:kinesis:eu-west-1:1:stream/s", Some(("Kinesis", "s"))),
            ("arn:aws:firehose:eu-west-1:1:deliverystream/d", Some(("Firehose", "d"))),
            ("arn:aws:s3:::bucket", Some(("S3", "bucket"))),
            ("arn:aws:logs:eu-west-1:1:log-group:/sluice/a/f:*", Some(("CloudWatch Logs", "/sluice/a/f"))),
            ("arn:aws:logs:eu-west-1:1:log-group:/sluice/a/f", Some(("CloudWatch Logs", "/sluice/a/f"))),
            ("arn:aws:timestream:eu-west-1:1:database/d", Some(("Timestream", "d"))),
            ("arn:aws:timestream:eu-west-1:1:database/d/table/t", None),
            ("arn:aws:glue:eu-west-1:1:database/d", None),
            (
                "arn:aws:ecs:eu-west-1:1:task-definition/a:1",
                Some(("ECS", "arn:aws:ecs:eu-west-1:1:task-definition/a:1")),
            ),
            ("arn:aws:ecs:eu-west-1:1:cluster/a", Some(("ECS", "a"))),
            ("arn:aws:ecs:eu-west-1:1:container-instance/a", None),
            ("not an arn", None),
        ] {
            let found = named_by(arn).and_then(|resource| of(&resource));
            let found = found.as_ref().map(|(service, name)| (service.name(), name.as_str()));
            assert_eq!(found, expected, "{arn}");
        }
    }

    #[test]
    fn an_arn_names_one_resource() {
        let queue = resource("AWS::SQS::Queue", "https://sqs.eu-west-1.amazonaws.com/1/sluice-a-q");
        let table = resource("AWS::Timestream::Table", "sluice_a|telemetry");
        let database = resource("Custom::TimestreamDatabase", "sluice_a");
        let files = resource("AWS::EFS::FileSystem", "fs-1");
        let secret = resource("AWS::SecretsManager::Secret", "arn:aws:secretsmanager:eu-west-1:1:secret:a-x");
        for (arn, resource, expected) in [
            ("arn:aws:sqs:eu-west-1:1:sluice-a-q", &queue, true),
            ("arn:aws:sqs:eu-west-1:1:x-sluice-a-q", &queue, false),
            ("arn:aws:lambda:eu-west-1:1:function:sluice-a-q", &queue, false),
            ("arn:aws:timestream:eu-west-1:1:database/sluice_a/table/telemetry", &table, true),
            ("arn:aws:timestream:eu-west-1:1:database/sluice_a", &database, true),
            ("arn:aws:glue:eu-west-1:1:database/sluice_a", &database, false),
            ("arn:aws:timestream:eu-west-1:1:database/sluice_a2", &database, false),
            ("arn:aws:elasticfilesystem:eu-west-1:1:file-system/fs-1", &files, true),
            ("arn:aws:elasticfilesystem:eu-west-1:1:file-system/fs-12", &files, false),
            ("arn:aws:secretsmanager:eu-west-1:1:secret:a-x", &secret, true),
            ("arn:aws:s3:::", &super::tests::resource("AWS::S3::Bucket", ""), false),
        ] {
            assert_eq!(is_of(arn, resource), expected, "{arn} {resource:?}");
        }
    }
}
