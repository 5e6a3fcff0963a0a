//! Buckets and file systems.

use super::super::PermissionsError;
use super::super::names::{BY_ID, Subject};
use super::super::policy::allow;
use super::{Grant, change, linked_role, look, make, read, tag, write};

/// [`AWS::S3::Bucket`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html).
/// Its handler reads every side of a bucket, whatever the template sets.
pub(super) fn bucket(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(
            &[
                "s3:GetAccelerateConfiguration",
                "s3:GetAnalyticsConfiguration",
                "s3:GetBucketAbac",
                "s3:GetBucketAcl",
                "s3:GetBucketCORS",
                "s3:GetBucketLocation",
                "s3:GetBucketLogging",
                "s3:GetBucketMetadataTableConfiguration",
                "s3:GetBucketNotification",
                "s3:GetBucketObjectLockConfiguration",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetBucketWebsite",
                "s3:GetEncryptionConfiguration",
                "s3:GetIntelligentTieringConfiguration",
                "s3:GetInventoryConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetMetricsConfiguration",
                "s3:GetReplicationConfiguration",
                "s3:ListBucket",
                "s3:ListTagsForResource",
            ],
            arn.clone(),
        )),
        write(allow(
            &[
                "s3:CreateBucket",
                "s3:DeleteBucket",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketTagging",
                "s3:PutBucketVersioning",
                "s3:PutEncryptionConfiguration",
                "s3:PutLifecycleConfiguration",
                "s3:TagResource",
                "s3:UntagResource",
            ],
            arn,
        )),
    ])
}

/// [`AWS::S3::BucketPolicy`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html).
pub(super) fn bucket_policy(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let bucket = subject.text(subject.resource.property("Bucket"))?;
    let arn = [subject.arn_of("s3", &bucket)];
    Ok(vec![
        read(allow(&["s3:GetBucketPolicy"], arn.clone())),
        write(allow(&["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"], arn)),
    ])
}

/// The condition key that says by which call a tag of EFS is set.
const CREATE: &str = "elasticfilesystem:CreateAction";

/// Looking for what was made, by the token of its creation or in a list.
fn list(actions: &[&str]) -> Grant {
    let listed = allow(actions, ["*".to_owned()]);
    read(listed.because("The handlers also ask without an id, which is about no single resource"))
}

/// [`AWS::EFS::FileSystem`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-efs-filesystem.html).
pub(super) fn file_system(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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

const TAGGING: [&str; 2] = ["elasticfilesystem:TagResource", "elasticfilesystem:UntagResource"];

fn file_system_reads(subject: Subject, actions: &[&str]) -> Grant {
    let all = [subject.arn_of("elasticfilesystem", "file-system/*")];
    read(subject.scope.owned(allow(actions, all)).because(BY_ID))
}

/// [`AWS::EFS::AccessPoint`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-efs-accesspoint.html).
pub(super) fn access_point(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
pub(super) fn mount_target(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
