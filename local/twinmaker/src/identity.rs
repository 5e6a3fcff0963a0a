//! Whose twin this is, and the ARNs that follow from it.
//!
//! Their forms are those of the
//! [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiottwinmaker.html).

/// Where and whose.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The Region of ARNs.
    pub region: String,
    /// The account of ARNs, twelve digits.
    pub account: String,
}

/// What an ARN stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A workspace, by its id.
    Workspace(String),
    /// A component type, by workspace and id.
    ComponentType(String, String),
    /// An entity, by workspace and id.
    Entity(String, String),
}

impl Identity {
    /// The ARN of a resource.
    pub fn arn(&self, resource: &Resource) -> String {
        let Self { region, account } = self;
        let path = match resource {
            Resource::Workspace(workspace) => format!("workspace/{workspace}"),
            Resource::ComponentType(workspace, id) => format!("workspace/{workspace}/component-type/{id}"),
            Resource::Entity(workspace, id) => format!("workspace/{workspace}/entity/{id}"),
        };
        format!("arn:aws:iottwinmaker:{region}:{account}:{path}")
    }

    /// What an ARN of this account and Region stands for.
    pub fn resource(&self, arn: &str) -> Option<Resource> {
        let Self { region, account } = self;
        let path = arn.strip_prefix(&format!("arn:aws:iottwinmaker:{region}:{account}:workspace/"))?;
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            [workspace] => Some(Resource::Workspace((*workspace).to_owned())),
            [workspace, "component-type", id] => {
                Some(Resource::ComponentType((*workspace).to_owned(), (*id).to_owned()))
            }
            [workspace, "entity", id] => Some(Resource::Entity((*workspace).to_owned(), (*id).to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_lead_back_to_what_they_stand_for() {
        let identity = Identity { region: "eu-west-1".into(), account: "123456789012".into() };
        for resource in [
            Resource::Workspace("home".into()),
            Resource::ComponentType("home".into(), "a.b:1".into()),
            Resource::Entity("home".into(), "x:y".into()),
        ] {
            assert_eq!(identity.resource(&identity.arn(&resource)), Some(resource));
        }
        for arn in [
            "arn:aws:iottwinmaker:us-east-1:123456789012:workspace/home",
            "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/home/scene/x",
            "arn:aws:iottwinmaker:eu-west-1:123456789012:sync-job/x",
            "home",
        ] {
            assert_eq!(identity.resource(arn), None, "{arn}");
        }
    }
}
