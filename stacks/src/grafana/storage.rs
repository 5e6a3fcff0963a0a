//! Grafana's database on EFS: encrypted, at rest and on the way, and only for the user of the container.

use serde_json::json;

use super::network::Network;
use crate::cfn::{Arn, Expression, LogicalId, Resource, Template};
use crate::environment::GrafanaContainer;

/// User and group of Grafana in the [official image](https://grafana.com/docs/grafana/latest/setup-grafana/configure-docker/).
const USER: &str = "472";
const GROUP: &str = "0";

/// Whoever may mount: the role of the task, which is made after the file system and so is known by the
/// beginning of its name alone.
const TASK_ROLES: Arn =
    Arn::sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AWS::StackName}-TaskRole-*");

/// What the container mounts.
pub(super) struct Storage {
    pub files: LogicalId,
    pub access_point: LogicalId,
    pub mounts: Vec<LogicalId>,
}

pub(super) fn add(template: &mut Template, container: &GrafanaContainer, network: &Network) -> Storage {
    let files = template.add(
        LogicalId::new("Files"),
        Resource::new(
            "AWS::EFS::FileSystem",
            json!({
                "Encrypted": true,
                "PerformanceMode": "generalPurpose",
                // A few megabytes, seldom touched: paid by use.
                "ThroughputMode": "elastic",
                "BackupPolicy": {"Status": if container.backup { "ENABLED" } else { "DISABLED" }},
                // With a policy, only roles that are allowed to can mount it, and none without TLS. Roles of
                // other environments of the account are no such roles: their own policies cannot tell one
                // file system from another, whose ids say nothing.
                "FileSystemPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "RefusePlainText",
                            "Effect": "Deny",
                            "Principal": {"AWS": "*"},
                            "Action": "*",
                            "Resource": "*",
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        },
                        {
                            "Sid": "OthersStayOut",
                            "Effect": "Deny",
                            "Principal": {"AWS": "*"},
                            "Action": [
                                "elasticfilesystem:ClientMount",
                                "elasticfilesystem:ClientRootAccess",
                                "elasticfilesystem:ClientWrite",
                            ],
                            "Resource": "*",
                            "Condition": {"ArnNotLike": {"aws:PrincipalArn": TASK_ROLES}},
                        },
                    ],
                },
            }),
        ),
    );
    let access_point = template.add(
        LogicalId::new("AccessPoint"),
        Resource::new(
            "AWS::EFS::AccessPoint",
            json!({
                "FileSystemId": files.reference(),
                "PosixUser": {"Uid": USER, "Gid": GROUP},
                "RootDirectory": {
                    "Path": "/grafana",
                    "CreationInfo": {"OwnerUid": USER, "OwnerGid": GROUP, "Permissions": "0750"},
                },
            }),
        ),
    );
    let mount = |(subnet, id): (&LogicalId, LogicalId)| {
        let target = Resource::new(
            "AWS::EFS::MountTarget",
            json!({
                "FileSystemId": files.reference(),
                "SubnetId": subnet.reference(),
                "SecurityGroups": [network.files.attribute("GroupId")],
            }),
        );
        template.add(id, target)
    };
    let mounts =
        network.subnets.iter().zip([LogicalId::new("MountA"), LogicalId::new("MountB")]).map(mount).collect();
    Storage { files, access_point, mounts }
}

impl Storage {
    /// The volume of a task: over TLS, as the role of the task.
    pub fn volume(&self, name: &str) -> serde_json::Value {
        let id: Expression = self.files.reference();
        json!({
            "Name": name,
            "EFSVolumeConfiguration": {
                "FilesystemId": id,
                "TransitEncryption": "ENABLED",
                "AuthorizationConfig": {"AccessPointId": self.access_point.reference(), "IAM": "ENABLED"},
            },
        })
    }
}
