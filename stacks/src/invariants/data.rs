//! What holds data: encrypted, private, and with a word on what happens to it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Breach, Subject, objects};
use crate::cfn::{Policy, Resource};
use crate::environment::OnDelete;
use crate::kinds::{self, Data, Encryption};

const PUBLIC_ACCESS: [&str; 4] =
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let resource = subject.resource;
    check_ground(subject, breaches);
    // A message of it waits on a disk until it is told.
    if resource.kind() == "AWS::SNS::Topic" && resource.property("KmsMasterKeyId").is_null() {
        breaches.push(Breach::Unencrypted("KmsMasterKeyId"));
    }
    let Some(kind) = kinds::of(resource.kind()) else { return };
    let (deletion, replacement) = (resource.deletion_policy(), resource.update_replace_policy());
    let on_delete = subject.stack.on_delete;
    if kind.data.end(on_delete).is_some() && (deletion.is_none() || replacement.is_none()) {
        breaches.push(Breach::NoDataPolicy);
    }
    let Data::HoldsData(held) = kind.data else { return };
    if on_delete == OnDelete::Retain && [deletion, replacement].contains(&Some(Policy::Delete)) {
        breaches.push(Breach::LosesData);
    }
    if let Encryption::By(property, is_encrypted) = held.encryption
        && !is_encrypted(resource.properties())
    {
        breaches.push(Breach::Unencrypted(property));
    }
    if resource.kind() == "AWS::S3::Bucket" {
        let block = resource.property("PublicAccessBlockConfiguration");
        breaches
            .extend(PUBLIC_ACCESS.iter().filter(|key| block[**key] != true).map(|key| Breach::Public(key)));
    }
}

/// What stays keeps what it refers to, and that in turn. Of what holds data itself, the other breaches tell.
fn check_ground(subject: &Subject, breaches: &mut Vec<Breach>) {
    const STAYS: [Policy; 2] = [Policy::Retain, Policy::RetainExceptOnCreate];
    let stays = |resource: &Resource| resource.deletion_policy().is_some_and(|end| STAYS.contains(&end));
    if !stays(subject.resource) {
        return;
    }
    let goes = |resource: &Resource| {
        let end = kinds::of(resource.kind()).and_then(|kind| kind.data.end(subject.stack.on_delete));
        end.is_none() && !stays(resource)
    };
    let values = objects(subject.resource.properties()).into_iter().cloned().map(Value::Object);
    let referred =
        values.filter_map(|value| subject.referred(&value).map(|(id, other)| (id.clone(), goes(other))));
    let gone: BTreeSet<_> = referred.filter(|(_, goes)| *goes).map(|(id, _)| id.to_string()).collect();
    breaches.extend(gone.into_iter().map(Breach::LosesGround));
}
