//! What the function is called with.

use custom_resource::Request;
use serde::Deserialize;
use serde_json::Value;

/// What the function is called with.
#[derive(Debug)]
pub enum Event {
    /// `CloudFormation` wants the schema. Boxed: a request is large.
    Schema(Box<Request>),
    /// The schedule wants what it wants every time: `{"maintain": true}`.
    Maintain,
}

impl TryFrom<Value> for Event {
    type Error = serde_json::Error;

    fn try_from(event: Value) -> Result<Self, Self::Error> {
        if event["maintain"] == true {
            return Ok(Self::Maintain);
        }
        Request::deserialize(event).map(|request| Self::Schema(Box::new(request)))
    }
}
