//! Removes what was found. Each thing by itself: what fails does not hold the others.

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::find::by_bucket;
use super::findings::{Failed, Findings};
use crate::deploy::status::says_not_there;
use session::Observer;
use session::Session;
use session::sdk_error::{is_not_there, sentence};

/// Most keys of one request.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const AT_ONCE: usize = 1_000;

/// Removes archives, log groups and change sets. Returns what was not removed.
pub async fn sweep(session: &Session, found: &Findings, observer: &dyn Observer) -> Vec<Failed> {
    let mut failed = Vec::new();
    if !found.change_sets.is_empty() {
        let step = observer.step("Change sets");
        failed.extend(change_sets(session, found).await);
        step.done(format_args!("{} looked at", found.change_sets.len()));
    }
    if !found.artifacts.is_empty() {
        let step = observer.step("Archives and templates");
        failed.extend(artifacts(session, found).await);
        step.done(format_args!("{} looked at", found.artifacts.len()));
    }
    if !found.log_groups.is_empty() {
        let step = observer.step("Log groups");
        failed.extend(log_groups(session, found).await);
        step.done(format_args!("{} looked at", found.log_groups.len()));
    }
    failed
}

async fn change_sets(session: &Session, found: &Findings) -> Vec<Failed> {
    let client = session.cloudformation();
    let mut failed = Vec::new();
    for one in &found.change_sets {
        let sent = client.delete_change_set().change_set_name(&one.id).send().await;
        let what = || format!("{} of {}", one.name, one.stack_name);
        failed.extend(refusal(sent).map(|why| Failed { what: what(), why }));
    }
    failed
}

async fn artifacts(session: &Session, found: &Findings) -> Vec<Failed> {
    let client = session.s3();
    let mut failed = Vec::new();
    for (bucket, versions) in by_bucket(&found.artifacts) {
        for some in versions.chunks(AT_ONCE) {
            let objects = some.iter().filter_map(|(key, version)| {
                ObjectIdentifier::builder().key(*key).set_version_id(version.map(str::to_owned)).build().ok()
            });
            let delete = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build();
            let sent = match delete {
                Ok(delete) => client.delete_objects().bucket(bucket).delete(delete).send().await,
                Err(error) => {
                    failed.push(Failed { what: bucket.to_owned(), why: error.to_string() });
                    continue;
                }
            };
            match sent {
                Ok(answer) => failed.extend(answer.errors().iter().map(|error| Failed {
                    what: format!("{bucket}/{}", error.key().unwrap_or_default()),
                    why: error.message().unwrap_or_default().to_owned(),
                })),
                Err(error) => {
                    let why = refusal::<(), _, _>(Err(error));
                    failed.extend(why.map(|why| Failed { what: bucket.to_owned(), why }));
                }
            }
        }
    }
    failed
}

async fn log_groups(session: &Session, found: &Findings) -> Vec<Failed> {
    let client = session.logs();
    let mut failed = Vec::new();
    for one in &found.log_groups {
        let sent = client.delete_log_group().log_group_name(&one.name).send().await;
        failed.extend(refusal(sent).map(|why| Failed { what: one.name.clone(), why }));
    }
    failed
}

/// Why something is still there. What is gone already is removed.
fn refusal<T, E, R>(answer: Result<T, SdkError<E, R>>) -> Option<String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let error = answer.err().filter(|error| !is_not_there(error))?;
    Some(sentence(&error)).filter(|why| !says_not_there(why))
}
