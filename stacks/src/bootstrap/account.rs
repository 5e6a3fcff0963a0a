//! What an account has once in a Region: the bucket for code and large templates, and the provider of
//! GitHub's tokens, which IAM has once for all Regions.

use std::collections::BTreeMap;

use serde_json::json;

use super::{ACCOUNT, ACCOUNT_NAME, TAG, stack, trust};
use crate::cfn::{Expression, LogicalId, Resource, Template};
use crate::environment::{ACCOUNT_STACK, Environment, Target};
use crate::{Stack, buckets, overlay};

/// The provider, where the stack has made it.
pub const PROVIDER: LogicalId = LogicalId::new("GitHubProvider");

const BUCKET: LogicalId = LogicalId::new("ArtifactBucket");

/// Days for which an object that was replaced or deleted can be brought back.
const NONCURRENT_DAYS: u32 = 30;

/// Who has made the provider of GitHub's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Nobody: no role is taken from GitHub.
    Absent,
    /// This stack.
    Made,
    /// Somebody before it: IAM takes no second one.
    Found,
}

/// Builds the stack of an environment's account and Region. It is the same for all of its environments.
pub fn account(environment: &Environment, provider: Provider) -> Stack {
    let mut template = Template::new("Sluice: what all environments of an account share");
    // What lies in it can be built again, and S3 deletes no bucket that holds something.
    let bucket = buckets::add_versioned(&mut template, BUCKET, NONCURRENT_DAYS, Vec::new());
    if let Some(bucket) = template.resources_mut().get_mut(&bucket) {
        bucket.set_property(
            "BucketName",
            json!(Expression::Sub("sluice-artifacts-${AWS::AccountId}-${AWS::Region}")),
        );
    }
    template.output("ArtifactBucket", "Bucket of code and large templates", bucket.reference());
    if provider == Provider::Made {
        template.add(
            PROVIDER,
            Resource::new(
                "AWS::IAM::OIDCProvider",
                json!({
                    "Url": format!("https://{}", trust::ISSUER),
                    "ClientIdList": [trust::AUDIENCE],
                }),
            ),
        );
    }
    if provider != Provider::Absent {
        template.output("GitHubProviderArn", "Provider of GitHub's tokens", trust::provider());
    }
    if environment.target == Target::Local {
        overlay::leave_out(&mut template);
    }
    let tags = BTreeMap::from([(TAG.to_owned(), ACCOUNT.to_owned())]);
    stack(ACCOUNT_NAME, ACCOUNT_STACK.to_owned(), Vec::new(), template, tags)
}
