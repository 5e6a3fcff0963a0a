//! What `CloudFormation` asks for.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The physical id of what could not be created. `CloudFormation` asks to delete that too.
pub const NOT_CREATED: &str = "not-created";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum RequestType {
    /// Something that is not there.
    Create,
    /// A change of what is there.
    Update,
    /// Its end; also of what could not be created.
    Delete,
}

/// A request of `CloudFormation`. All scalar properties are text.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(clippy::struct_field_names, reason = "the names of the protocol")]
pub struct Request {
    /// What is asked for.
    pub request_type: RequestType,
    /// Tells the request from others.
    pub request_id: String,
    /// ARN of the stack.
    pub stack_id: String,
    /// Where the answer goes.
    #[serde(rename = "ResponseURL")]
    pub response_url: String,
    /// The type in the template.
    pub resource_type: String,
    /// The id in the template.
    pub logical_resource_id: String,
    /// Absent in a `Create`.
    #[serde(default)]
    pub physical_resource_id: Option<String>,
    /// What the template says.
    #[serde(default)]
    pub resource_properties: Map<String, Value>,
    /// Present in an `Update`.
    #[serde(default)]
    pub old_resource_properties: Map<String, Value>,
}

/// What there is after a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Provisioned {
    /// What `Ref` gives. Another one than before is a replacement.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives.
    pub attributes: Vec<(&'static str, String)>,
}

/// Why a request is none that can be met.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Its properties are not those of its type.
    #[error("the properties of {kind} are not understood: {source}")]
    Properties {
        /// The type.
        kind: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Nobody can say what is to be changed.
    #[error("an update of {0} came without a physical id")]
    Unidentified(String),
}

impl Request {
    /// The physical id of what a `Create` has made; `None` where there never was anything.
    pub fn existing(&self) -> Option<&str> {
        self.physical_resource_id.as_deref().filter(|id| *id != NOT_CREATED)
    }

    /// The properties that are asked for.
    pub fn properties<T: DeserializeOwned>(&self) -> Result<T, Unfit> {
        T::deserialize(Value::Object(self.resource_properties.clone()))
            .map_err(|source| Unfit::Properties { kind: self.resource_type.clone(), source })
    }

    /// What an update is about; `None` for a creation.
    pub fn subject(&self) -> Result<Option<&str>, Unfit> {
        match self.request_type {
            RequestType::Create => Ok(None),
            _ => {
                self.existing().map(Some).ok_or_else(|| Unfit::Unidentified(self.logical_resource_id.clone()))
            }
        }
    }

    /// A name of the kind that `CloudFormation` gives: stack, logical id, and something that tells two
    /// resources of one logical id apart. A repeated request finds the same.
    pub fn generated_name(&self) -> String {
        let stack = self.stack_id.split('/').nth(1).unwrap_or("stack");
        let unique: String = self.request_id.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
        format!("{stack}-{}-{}", self.logical_resource_id, unique.to_ascii_uppercase())
    }

    /// What there is after a deletion.
    pub fn deleted(&self) -> Provisioned {
        let physical_id =
            self.physical_resource_id.clone().unwrap_or_else(|| self.logical_resource_id.clone());
        Provisioned { physical_id, attributes: vec![] }
    }
}
