//! Finds what no stack owns any more. Read only.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatchlogs::types::LogGroup;
use stacks::STACKS;
use stacks::tags::ENVIRONMENT_TAG;

use super::artifacts::{self, Rule, Stale, Version};
use super::findings::{ChangeSet, Findings, Held, Orphan, Stranger};
use super::live::Live;
use super::scope::Scope;
use crate::deploy::status::{says_denied, says_not_there};
use crate::destroy::find::FindError;
use session::Session;
use session::sdk_error::sentence;

/// Everything that no stack of these environments owns, but what expires: those are not looked into.
pub async fn find(
    session: &Session,
    scope: &Scope,
    live: &[Live],
    expiring: &BTreeSet<&str>,
    rule: Rule,
) -> Result<Findings, FindError> {
    let live: Vec<&Live> =
        live.iter().filter(|stack| !expiring.contains(stack.environment.as_str())).collect();
    let held: Vec<Held> = live
        .iter()
        .filter(|stack| !stack.is_settled())
        .map(|stack| Held {
            environment: stack.environment.clone(),
            why: format!("{} is in {}", stack.stack_name, stack.status),
        })
        .collect();
    let skipped = |environment: &str| {
        expiring.contains(environment) || held.iter().any(|held| held.environment == environment)
    };
    let mut stale = Vec::new();
    for (environment, bucket) in places(session, scope, &live).await? {
        if skipped(&environment) {
            continue;
        }
        let own: Vec<&Live> = live.iter().copied().filter(|stack| stack.environment == environment).collect();
        let versions = versions(session, &bucket, &environment).await?;
        let marked = artifacts::marked(&environment, &own);
        stale.extend(artifacts::stale(&bucket, &environment, &versions, &marked, rule));
    }
    let is_looked_at = |group: &str| !scope.of_log_group(group).is_some_and(skipped);
    let Groups { mut orphans, mut strangers } = groups(session, scope, &live, rule).await?;
    orphans.retain(|orphan| is_looked_at(&orphan.name));
    strangers.retain(|stranger| is_looked_at(&stranger.name));
    let settled = live.iter().copied().filter(|stack| !skipped(&stack.environment));
    Ok(Findings {
        scope: scope.to_string(),
        artifacts: stale,
        log_groups: orphans,
        strangers,
        change_sets: change_sets(settled, rule),
        expired: Vec::new(),
        held,
    })
}

/// Where code of these environments lies: each with a bucket, its own or the account's.
async fn places(
    session: &Session,
    scope: &Scope,
    live: &[&Live],
) -> Result<BTreeSet<(String, String)>, FindError> {
    let mut places: BTreeSet<(String, String)> = live
        .iter()
        .flat_map(|stack| stack.buckets.iter().map(|bucket| (stack.environment.clone(), bucket.clone())))
        .collect();
    let Some(bucket) = session.environment.shared_bucket() else { return Ok(places) };
    match scope {
        Scope::One(environment) => {
            places.insert((environment.clone(), bucket));
        }
        Scope::Instances(_) => {
            let client = session.s3();
            let mut pages = client.list_objects_v2().bucket(&bucket).delimiter("/").into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = match page {
                    Ok(page) => page,
                    Err(error) if says_not_there(&sentence(&error)) => break,
                    Err(error) => return Err(FindError::new("S3", &error)),
                };
                let folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix());
                let environments = folders.filter_map(|folder| scope.of_folder(folder));
                places.extend(environments.map(|environment| (environment.to_owned(), bucket.clone())));
            }
        }
    }
    Ok(places)
}

/// Every version of every object below the environment's name. A bucket that does not exist has none.
async fn versions(session: &Session, bucket: &str, environment: &str) -> Result<Vec<Version>, FindError> {
    let client = session.s3();
    let (mut found, mut from) = (Vec::new(), (None, None));
    loop {
        let (key, version) = from;
        let page = client.list_object_versions().bucket(bucket).prefix(format!("{environment}/"));
        let page = match page.set_key_marker(key).set_version_id_marker(version).send().await {
            Ok(page) => page,
            Err(error) if says_not_there(&sentence(&error)) => return Ok(found),
            Err(error) => return Err(FindError::new("S3", &error)),
        };
        let seconds = |time: Option<&aws_sdk_s3::primitives::DateTime>| {
            // What has no time is not known to be old.
            time.map_or(i64::MAX, aws_sdk_s3::primitives::DateTime::secs)
        };
        found.extend(page.versions().iter().filter_map(|version| {
            Some(Version {
                key: version.key()?.to_owned(),
                id: version.version_id().map(str::to_owned),
                latest: version.is_latest() != Some(false),
                modified: seconds(version.last_modified()),
                bytes: version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            })
        }));
        found.extend(page.delete_markers().iter().filter_map(|marker| {
            Some(Version {
                key: marker.key()?.to_owned(),
                id: marker.version_id().map(str::to_owned),
                latest: marker.is_latest() != Some(false),
                modified: seconds(marker.last_modified()),
                bytes: 0,
            })
        }));
        if page.is_truncated() != Some(true) || page.next_key_marker().is_none() {
            return Ok(found);
        }
        from = (page.next_key_marker, page.next_version_id_marker);
    }
}

/// Log groups that bear the name of one of these environments and that no stack of theirs has.
#[derive(Debug, Default)]
struct Groups {
    /// A service wrote to a group that was deleted, and made it again without tags; or a deployment left it.
    orphans: Vec<Orphan>,
    /// They are left alone.
    strangers: Vec<Stranger>,
}

async fn groups(session: &Session, scope: &Scope, live: &[&Live], rule: Rule) -> Result<Groups, FindError> {
    let client = session.logs();
    let declared: BTreeSet<&str> =
        live.iter().flat_map(|stack| stack.log_groups.iter().map(String::as_str)).collect();
    let prefix = match scope {
        Scope::One(environment) => format!("/sluice/{environment}/"),
        Scope::Instances(file) => format!("/sluice/{file}-"),
    };
    let mut found = Groups::default();
    let mut groups =
        client.describe_log_groups().log_group_name_prefix(prefix).into_paginator().items().send();
    while let Some(group) = groups.next().await {
        let group = group.map_err(|error| FindError::new("CloudWatch Logs", &error))?;
        let name = group.log_group_name().unwrap_or_default();
        let old = group.creation_time().is_some_and(|milliseconds| milliseconds / 1_000 < rule.before);
        let Some(environment) = scope.of_log_group(name) else { continue };
        if !old || declared.contains(name) {
            continue;
        }
        match whose(session, &group, environment).await? {
            Whose::Ours => {
                let bytes = group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok());
                found.orphans.push(Orphan { name: name.to_owned(), bytes: bytes.unwrap_or_default() });
            }
            Whose::Unknown(why) => found.strangers.push(Stranger { name: name.to_owned(), why }),
            Whose::Another => {}
        }
    }
    Ok(found)
}

/// Whose log group it is.
enum Whose {
    /// It is of the environment that it is named after.
    Ours,
    /// It carries the tag of another one.
    Another,
    /// Nothing says so, and this is why.
    Unknown(String),
}

/// Whose a log group is: by its tag, or where it has none, by having exactly the name that a stack of the
/// pipeline gives, while no stack at all has it.
async fn whose(session: &Session, group: &LogGroup, environment: &str) -> Result<Whose, FindError> {
    let arn = group.arn().unwrap_or_default().trim_end_matches(":*");
    let tags = session.logs().list_tags_for_resource().resource_arn(arn).send().await;
    let tags = tags.map_err(|error| FindError::new("CloudWatch Logs", &error))?;
    match tags.tags().and_then(|tags| tags.get(ENVIRONMENT_TAG)) {
        Some(tag) if tag == environment => return Ok(Whose::Ours),
        Some(_) => return Ok(Whose::Another),
        None => {}
    }
    let name = group.log_group_name().unwrap_or_default();
    if !is_of_a_stack(name, environment) {
        return Ok(Whose::Unknown("it has no tag, and no stack gives such a name".to_owned()));
    }
    let client = session.cloudformation();
    match client.describe_stack_resources().physical_resource_id(name).send().await {
        Ok(answer) => {
            let owner = answer.stack_resources().iter().find_map(|resource| resource.stack_name());
            let owner = owner.unwrap_or("a stack");
            Ok(Whose::Unknown(format!("{owner} has it, which is none of the environment's")))
        }
        Err(error) if says_not_there(&sentence(&error)) => Ok(Whose::Ours),
        // A role that may not ask is no reason to remove nothing else.
        Err(error) if says_denied(&sentence(&error)) => {
            Ok(Whose::Unknown("which stack has it is not known: this role may not ask".to_owned()))
        }
        Err(error) => Err(FindError::new("CloudFormation", &error)),
    }
}

/// Whether a log group has exactly such a name as a stack gives: `/sluice/<environment>/<stack>/<writer>`.
fn is_of_a_stack(group: &str, environment: &str) -> bool {
    let rest = group.strip_prefix("/sluice/").and_then(|rest| rest.strip_prefix(environment));
    let parts = rest.and_then(|rest| rest.strip_prefix('/')).and_then(|rest| rest.split_once('/'));
    parts.is_some_and(|(stack, writer)| {
        STACKS.iter().any(|one| one.name == stack) && !writer.is_empty() && !writer.contains('/')
    })
}

fn change_sets<'a>(live: impl Iterator<Item = &'a Live>, rule: Rule) -> Vec<ChangeSet> {
    let of = |stack: &Live| {
        let old = stack.change_sets.iter().filter(|pending| pending.created < rule.change_sets_before);
        let (stack_name, old): (&str, Vec<_>) = (&stack.stack_name, old.collect());
        old.into_iter()
            .map(|pending| ChangeSet {
                stack_name: stack_name.to_owned(),
                name: pending.name.clone(),
                id: pending.id.clone(),
            })
            .collect::<Vec<_>>()
    };
    live.flat_map(of).collect()
}

/// What goes, by bucket: how S3 wants it.
pub fn by_bucket(stale: &[Stale]) -> BTreeMap<&str, Vec<(&str, Option<&str>)>> {
    let mut buckets: BTreeMap<&str, Vec<(&str, Option<&str>)>> = BTreeMap::new();
    for one in stale {
        let versions = one.versions.iter().map(|version| (one.key.as_str(), version.as_deref()));
        buckets.entry(&one.bucket).or_default().extend(versions);
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::is_of_a_stack;

    #[test]
    fn only_names_that_a_stack_gives_are_ours_without_a_tag() {
        for (group, expected) in [
            ("/sluice/test/consumer/kinesis-consumer", true),
            ("/sluice/test/consumer/", false),
            ("/sluice/test/consumer", false),
            ("/sluice/test/consumer/a/b", false),
            ("/sluice/test/mine/consumer", false),
            ("/sluice/test//consumer", false),
            ("/sluice/test2/consumer/kinesis-consumer", false),
            ("/sluice/test-2/consumer/kinesis-consumer", false),
            ("/aws/lambda/test/consumer/x", false),
        ] {
            assert_eq!(is_of_a_stack(group, "test"), expected, "{group}");
        }
    }
}
