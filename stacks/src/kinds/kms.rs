//! Keys of one's own.

use super::grants::{Grants, NO_STEP, Needed, change, make, read, write};
use super::load::{Amounts, Cost, Site};
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::{ABSENT, BY_ID, Subject};
use super::{Data, Group, Kind, Local, Naming, Service, TOLD_BY_ID, Tags};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "kms", calls: &[], policy: Group::Data };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::KMS::Key",
    service: &SERVICE,
    naming: Naming::by_id("key/{id}"),
    tags: Tags::List("Tags"),
    data: Data::HoldsNothing("it encrypts what is under way, and nothing that is kept"),
    replaced_by: &[],
    immutable: &["KeySpec", "KeyUsage", "MultiRegion", "Origin"],
    at_most_once: TOLD_BY_ID,
    kept: &[],
    grants: Grants::Needs(key),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: TAGGED,
    cost: Cost::Metered(key_amounts),
}];

/// [`AWS::KMS::Key`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html).
/// A deletion is one that is scheduled: the key is there, of no use and without a price, until its window ends.
fn key(subject: Subject) -> Needed {
    let keys = [subject.arn_of("kms", "key/*")];
    let looked = allow(
        &["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
        keys.clone(),
    );
    let tagged = allow(&["kms:TagResource"], keys.clone());
    Ok(vec![
        read(subject.scope.unforeign(looked).because(ABSENT)),
        make(subject, &["kms:CreateKey"], ["*".to_owned()]),
        write(subject.scope.adopted(tagged).because(BY_ID)),
        change(
            subject,
            &[
                "kms:DisableKey",
                "kms:DisableKeyRotation",
                "kms:EnableKey",
                "kms:EnableKeyRotation",
                "kms:PutKeyPolicy",
                "kms:ScheduleKeyDeletion",
                "kms:UntagResource",
                "kms:UpdateKeyDescription",
            ],
            keys,
        ),
    ])
}

/// <https://aws.amazon.com/kms/pricing/>
fn key_amounts(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("key", 1.0)]
}
