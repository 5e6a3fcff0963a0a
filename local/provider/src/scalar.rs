//! Scalars of properties. `CloudFormation` hands them to custom resources as text.

use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

/// A number or boolean, whether `CloudFormation` has made text of it or an emulator has not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scalar<T>(pub T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Scalar<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        text.parse().map(Self).map_err(|error| D::Error::custom(format_args!("{text:?}: {error}")))
    }
}
