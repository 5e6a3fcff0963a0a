//! ARNs that somebody wrote.

/// The parts of an [ARN](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    /// The rest, which may have colons in it.
    pub resource: &'a str,
}

impl<'a> Parts<'a> {
    /// Those of a text, where it has them.
    pub fn of(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts[..] else { return None };
        Some(Self { partition, service, region, account, resource })
    }

    /// Whether it is of an account of AWS.
    pub fn has_account(&self) -> bool {
        self.partition.starts_with("aws")
            && self.account.len() == 12
            && self.account.bytes().all(|b| b.is_ascii_digit())
    }
}
