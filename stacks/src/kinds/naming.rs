//! How a resource is named: in its template, by `CloudFormation`, and in the policies of IAM.

/// The names of a type.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// Where its name comes from.
    pub name: Name,
    /// What `Ref` tells of it.
    pub reference: Reference,
    /// Its ARN behind the account, by the
    /// [Service Authorization Reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html):
    /// in braces `name`, `id` for what only the service knows, or a property. `None`: it has none, or one
    /// that no policy here is about.
    pub arn: Option<&'static str>,
    /// What the attribute `Arn` has behind that.
    pub behind: &'static str,
}

impl Naming {
    /// A name of one's own, as most have it.
    pub(super) const fn own(
        at: &'static str,
        longest: usize,
        otherwise: Generated,
        arn: &'static str,
    ) -> Self {
        let name = Name::Own { at, longest, refusal, otherwise };
        Self { name, reference: Reference::Name, arn: Some(arn), behind: "" }
    }

    /// A name inside of something that has a name.
    pub(super) const fn inside(at: &'static str, arn: &'static str) -> Self {
        Self { name: Name::Inside(at), reference: Reference::Name, arn: Some(arn), behind: "" }
    }

    /// An id of the service, which `Ref` tells.
    pub(super) const fn by_id(arn: &'static str) -> Self {
        Self { name: Name::Id, reference: Reference::Name, arn: Some(arn), behind: "" }
    }

    /// An id of the service, whose ARN `Ref` tells.
    pub(super) const fn by_arn(arn: &'static str) -> Self {
        Self { reference: Reference::Arn, ..Self::by_id(arn) }
    }

    /// Something that IAM does not know.
    pub(super) const NAMELESS: Self =
        Self { name: Name::Id, reference: Reference::Name, arn: None, behind: "" };
}

/// Where a name comes from.
#[derive(Debug, Clone, Copy)]
pub enum Name {
    /// It has one that is unique in its account, or wider.
    Own {
        /// The property in which a template gives it, as a JSON pointer.
        at: &'static str,
        /// Most characters that the service takes.
        longest: usize,
        /// What the service says to a name that it does not take.
        refusal: fn(&str) -> Option<&'static str>,
        /// The name that it has when its template gives none.
        otherwise: Generated,
    },
    /// It has one inside of something that has a name, in the property at this JSON pointer.
    Inside(&'static str),
    /// The service gives it an id, or it has none.
    Id,
}

/// The name that a resource has without one in its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generated {
    /// Stack, logical id, random characters; at most so many characters.
    Stack(usize),
    /// The same in lower case.
    Lower(usize),
    /// Logical id, this separator, and random characters, without the stack.
    Logical(char),
    /// Something with the logical id in it: whether the stack is in it is not documented.
    Somehow,
    /// Nobody has looked: its template has to give one.
    Unknown,
}

/// What `Ref` tells of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Its name or its id.
    Name,
    /// Its ARN.
    Arn,
}

/// What most services say: names that begin with `aws` are their own.
pub(super) fn refusal(name: &str) -> Option<&'static str> {
    name.to_ascii_lowercase().starts_with("aws").then_some("names that begin with aws belong to AWS")
}

impl Name {
    /// Whether it tells by itself whose the resource is: a name of the stack does, an id does not.
    pub(crate) fn tells_owner(self) -> bool {
        match self {
            Self::Own { otherwise, .. } => !matches!(otherwise, Generated::Logical(_)),
            Self::Inside(_) => true,
            Self::Id => false,
        }
    }
}

/// An ARN in an account and a Region, as far as the service has those.
pub fn arn(partition: &str, service: &str, region: &str, account: &str, rest: &str) -> String {
    let (region, account) = match service {
        "iam" => ("", account),
        // A dashboard is of every Region.
        "cloudwatch" if rest.starts_with("dashboard/") => ("", account),
        "route53" | "s3" => ("", ""),
        _ => (region, account),
    };
    format!("arn:{partition}:{service}:{region}:{account}:{rest}")
}
