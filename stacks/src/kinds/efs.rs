//! File systems.

use serde_json::Value;

use super::grants::{Grant, Grants, NO_STEP, Needed, change, linked_role, look, make, read, tag, write};
use super::kept::{Seconds, switch};
use super::load::{Amounts, Cost, Site};
use super::proof::{A_PART, TAGGED};
use super::statement::allow;
use super::subject::{BY_ID, Subject};
use super::{
    AtMostOnce, Data, Encryption, Group, Held, Keeping, Kept, Kind, Local, Lost, Naming, Service, TOLD_BY_ID,
    Tags,
};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "elasticfilesystem", calls: &[], policy: Group::Dashboards };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::EFS::AccessPoint",
        service: &SERVICE,
        naming: Naming::by_id("access-point/{id}"),
        tags: Tags::List("AccessPointTags"),
        data: Data::HoldsNothing("it is a way into a file system"),
        replaced_by: &["FileSystemId", "PosixUser", "RootDirectory"],
        immutable: &[],
        at_most_once: TOLD_BY_ID,
        kept: &[],
        grants: Grants::Needs(access_point),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("part of the file system"),
    },
    Kind {
        name: "AWS::EFS::FileSystem",
        service: &SERVICE,
        naming: Naming::by_id("file-system/{id}"),
        tags: Tags::List("FileSystemTags"),
        data: Data::HoldsData(Held {
            encryption: Encryption::By("Encrypted", |properties| properties["Encrypted"] == true),
            keeping: Keeping {
                cost: "by the gigabyte and month",
                remove: |id| format!("aws efs delete-file-system --file-system-id {id}"),
            },
        }),
        replaced_by: &["AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"],
        immutable: &[],
        at_most_once: TOLD_BY_ID,
        kept: &[Kept::For {
            of: backups,
            lost: Lost::All("what only a backup brings back: none is made from then on"),
        }],
        grants: Grants::Needs(file_system),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Metered(file_system_amounts),
    },
    Kind {
        name: "AWS::EFS::MountTarget",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is an address of its file system"),
        data: Data::HoldsNothing("it is an address of a file system"),
        replaced_by: &["FileSystemId", "SubnetId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/FileSystemId", "/SubnetId"]),
        kept: &[],
        grants: Grants::Needs(mount_target),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the file system"),
    },
];

/// The condition key that says by which call a tag of EFS is set.
const CREATE: &str = "elasticfilesystem:CreateAction";

const TAGGING: [&str; 2] = ["elasticfilesystem:TagResource", "elasticfilesystem:UntagResource"];

/// Looking for what was made, by the token of its creation or in a list.
fn list(actions: &[&str]) -> Grant {
    let listed = allow(actions, ["*".to_owned()]);
    read(listed.because("The handlers also ask without an id, which is about no single resource"))
}

/// [`AWS::EFS::FileSystem`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-efs-filesystem.html).
fn file_system(subject: Subject) -> Needed {
    let all = [subject.arn_of("elasticfilesystem", "file-system/*")];
    let mut grants = vec![
        file_system_reads(
            subject,
            &[
                "elasticfilesystem:DescribeBackupPolicy",
                "elasticfilesystem:DescribeFileSystemPolicy",
                "elasticfilesystem:DescribeLifecycleConfiguration",
                "elasticfilesystem:DescribeReplicationConfigurations",
                "elasticfilesystem:ListTagsForResource",
            ],
        ),
        list(&["elasticfilesystem:DescribeFileSystems"]),
        linked_role(subject, "elasticfilesystem.amazonaws.com"),
        make(subject, &["elasticfilesystem:CreateFileSystem"], ["*".to_owned()]),
        change(
            subject,
            &[
                "elasticfilesystem:DeleteFileSystem",
                "elasticfilesystem:DeleteFileSystemPolicy",
                "elasticfilesystem:PutBackupPolicy",
                "elasticfilesystem:PutFileSystemPolicy",
                "elasticfilesystem:PutLifecycleConfiguration",
                "elasticfilesystem:UpdateFileSystem",
                "elasticfilesystem:UpdateFileSystemProtection",
            ],
            all.clone(),
        ),
    ];
    grants.extend(tag(subject, &TAGGING, all, CREATE));
    Ok(grants)
}

fn file_system_reads(subject: Subject, actions: &[&str]) -> Grant {
    let all = [subject.arn_of("elasticfilesystem", "file-system/*")];
    read(subject.scope.owned(allow(actions, all)).because(BY_ID))
}

/// [`AWS::EFS::AccessPoint`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-efs-accesspoint.html).
fn access_point(subject: Subject) -> Needed {
    let points = [subject.arn_of("elasticfilesystem", "access-point/*")];
    let listed = allow(&["elasticfilesystem:ListTagsForResource"], points.clone());
    let mut grants = vec![
        list(&["elasticfilesystem:DescribeAccessPoints"]),
        read(subject.scope.owned(listed).because(BY_ID)),
        // Of its file system.
        change(
            subject,
            &["elasticfilesystem:CreateAccessPoint"],
            [subject.arn_of("elasticfilesystem", "file-system/*")],
        ),
        change(subject, &["elasticfilesystem:DeleteAccessPoint"], points.clone()),
    ];
    grants.extend(tag(subject, &TAGGING, points, CREATE));
    Ok(grants)
}

/// [`AWS::EFS::MountTarget`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-efs-mounttarget.html):
/// an address of a file system, which decides who may change it. EFS makes its network interface
/// [for whoever asks](https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html), without a tag.
fn mount_target(subject: Subject) -> Needed {
    const INTERFACE: &str = "EFS makes the interface and tags it not: the request has to come from a service, \
                             and names the subnet or the file system, whose tag says whose it is";
    let inside = ["security-group/*", "subnet/*"].map(|kind| subject.arn_of("ec2", kind));
    let interfaces = allow(
        &["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
        [subject.arn_of("ec2", "network-interface/*")],
    );
    Ok(vec![
        list(&["elasticfilesystem:DescribeMountTargets"]),
        file_system_reads(subject, &["elasticfilesystem:DescribeMountTargetSecurityGroups"]),
        change(
            subject,
            &[
                "elasticfilesystem:CreateMountTarget",
                "elasticfilesystem:DeleteMountTarget",
                "elasticfilesystem:ModifyMountTargetSecurityGroups",
            ],
            [subject.arn_of("elasticfilesystem", "file-system/*")],
        ),
        change(subject, &["ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"], inside),
        write(interfaces.when("Bool", "aws:ViaAWSService", ["true"]).because(INTERFACE)),
        look(&["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"]),
    ])
}

fn backups(properties: &Value) -> Option<Seconds> {
    switch(properties, "/BackupPolicy/Status", "ENABLED")
}

fn file_system_amounts(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("file-system", 1.0)]
}
