//! ARNs of secrets that somebody keeps in Secrets Manager. The container gets their values when it starts.

use super::arn::Parts;
use super::entrance::Owner;
use crate::config::Fault;

/// What keeps secrets, as ARNs call it.
pub(super) const SERVICE: &str = "secretsmanager";

/// Why a secret cannot be handed to the container.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretFault {
    // What stands there may be the secret itself: it is not repeated.
    #[error("is no ARN of a secret of Secrets Manager, which ends with a hyphen and six characters")]
    Arn,
    #[error("is of Region {region}, but the container starts in {own}")]
    Elsewhere { region: String, own: String },
}

impl Fault for SecretFault {
    fn help(&self) -> String {
        match self {
            Self::Arn => {
                "write its ARN, arn:aws:secretsmanager:<region>:<account>:secret:<name>-<six characters>, as `aws secretsmanager describe-secret` prints it".into()
            }
            Self::Elsewhere { own, .. } => {
                format!("`aws secretsmanager replicate-secret-to-regions` makes a copy in {own}")
            }
        }
    }
}

/// A secret's [ARN](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html)
/// ends with a hyphen and six characters, which a policy names with it.
pub(super) fn check(arn: &str, owner: Option<&Owner>) -> Result<(), SecretFault> {
    let parts = Parts::of(arn).filter(|parts| parts.service == SERVICE).ok_or(SecretFault::Arn)?;
    let name = parts.resource.strip_prefix("secret:").ok_or(SecretFault::Arn)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b);
    let sound = parts.has_account()
        && name.bytes().all(plain)
        && name.rsplit_once('-').is_some_and(|(name, end)| {
            !name.is_empty() && end.len() == 6 && end.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    if !sound {
        return Err(SecretFault::Arn);
    }
    match owner {
        Some(own) if own.region != parts.region => {
            Err(SecretFault::Elsewhere { region: parts.region.to_owned(), own: own.region.clone() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_in_full() {
        let owner = Owner { region: "eu-central-1".to_owned(), account: "111122223333".to_owned() };
        for (arn, expected) in [
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:grafana/oidc-AbC123", true),
            // Another account may share its secret.
            ("arn:aws:secretsmanager:eu-central-1:444455556666:secret:oidc-AbC123", true),
            ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:oidc-AbC123", false),
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:oidc", false),
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:-AbC123", false),
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:*-AbC123", false),
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:oidc-AbC123:field::", false),
            ("arn:aws:ssm:eu-central-1:111122223333:secret:oidc-AbC123", false),
            ("hunter2", false),
        ] {
            assert_eq!(check(arn, Some(&owner)).is_ok(), expected, "{arn}");
        }
    }
}
