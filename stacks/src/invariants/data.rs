//! What holds data: encrypted, private, and with a word on what happens to it.

use super::{Breach, Subject};
use crate::cfn::Policy;
use crate::environment::OnDelete;
use crate::kinds::{self, Data, Encryption};

const PUBLIC_ACCESS: [&str; 4] =
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let resource = subject.resource;
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
