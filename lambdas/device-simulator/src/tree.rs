//! A message as a device writes it: members in the order in which they were added.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use telemetry::path::{Path, Step};

/// A scalar in a message.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Double(f64),
    Bigint(i64),
    Boolean(bool),
    Text(String),
}

impl Scalar {
    /// The scalar as JSON, and text without its quotes: what a value is compared as.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            // Finite numbers always become JSON.
            other => serde_json::to_string(other).unwrap_or_default(),
        }
    }
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// What nothing was put into yet: `null`.
    Nothing,
    Scalar(Scalar),
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
}

impl Node {
    /// Puts `node` where `path` leads, and makes what is on the way.
    pub(crate) fn put(&mut self, path: &Path, node: Node) {
        *path.steps.iter().fold(self, Self::enter) = node;
    }

    fn enter(&mut self, step: &Step) -> &mut Self {
        match step {
            Step::Member(name) => {
                if !matches!(self, Self::Object(_)) {
                    *self = Self::Object(Vec::new());
                }
                let Self::Object(members) = self else { unreachable!("it was made an object") };
                let index = members.iter().position(|(member, _)| **member == **name).unwrap_or_else(|| {
                    members.push((name.to_string(), Self::Nothing));
                    members.len() - 1
                });
                &mut members[index].1
            }
            Step::Element(index) => {
                if !matches!(self, Self::Array(_)) {
                    *self = Self::Array(Vec::new());
                }
                let Self::Array(elements) = self else { unreachable!("it was made an array") };
                let index = *index as usize;
                if elements.len() <= index {
                    elements.resize(index + 1, Self::Nothing);
                }
                &mut elements[index]
            }
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Text as keys and finite numbers always become JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Scalar(scalar) => scalar.serialize(serializer),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, node) in members {
                    map.serialize_entry(name, node)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_make_what_is_on_the_way() {
        let mut message = Node::Object(Vec::new());
        for (path, value) in
            [("b", 1), ("a.x", 2), ("a.y", 3), ("list[1].z", 4), (r#"a."x.y""#, 5), ("t[C]", 6), ("$.id", 7)]
        {
            message.put(&Path::of(path), Node::Scalar(Scalar::Bigint(value)));
        }
        assert_eq!(
            String::from_utf8_lossy(&message.to_bytes()),
            r#"{"b":1,"a":{"x":2,"y":3,"x.y":5},"list":[null,{"z":4}],"t[C]":6,"id":7}"#
        );
    }
}
