//! A payload as it was written: members in their order, whole numbers apart from others.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use telemetry::path::{Path, Step};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Boolean(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The JSON of a payload, or its text where it is none.
    pub(super) fn of(payload: &[u8]) -> Self {
        let text = String::from_utf8_lossy(payload);
        serde_json::from_str(&text).unwrap_or_else(|_| Self::Text(text.trim().to_owned()))
    }

    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What a path leads to.
    pub(super) fn at(&self, path: &Path) -> Option<&Self> {
        path.steps.iter().try_fold(self, |tree, step| match (step, tree) {
            (Step::Member(name), tree) => tree.member(name),
            (Step::Element(index), Self::Array(elements)) => elements.get(*index as usize),
            _ => None,
        })
    }

    /// Those of an array; nothing else has any.
    pub(super) fn elements(&self) -> &[Self] {
        if let Self::Array(elements) = self { elements } else { &[] }
    }

    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The text of a scalar, as a dimension has it.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim().to_owned()),
            Self::Whole(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Every scalar and where it is, in the order of the document. Arrays of more than `longest` elements are not
    /// entered.
    pub(super) fn leaves(&self, longest: usize) -> Vec<(Path, &Self)> {
        let mut leaves = Vec::new();
        self.collect(&mut Vec::new(), longest, &mut leaves);
        leaves
    }

    fn collect<'a>(&'a self, steps: &mut Vec<Step>, longest: usize, leaves: &mut Vec<(Path, &'a Self)>) {
        match self {
            Self::Object(members) => {
                for (name, value) in members {
                    steps.push(Step::Member(name.as_str().into()));
                    value.collect(steps, longest, leaves);
                    steps.pop();
                }
            }
            Self::Array(elements) if elements.len() <= longest => {
                for (index, value) in (0..).zip(elements) {
                    steps.push(Step::Element(index));
                    value.collect(steps, longest, leaves);
                    steps.pop();
                }
            }
            Self::Array(_) => {}
            scalar => {
                leaves.push((Path::to(steps.clone()), scalar));
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Whole(value))
    }

    #[allow(clippy::cast_precision_loss, reason = "beyond 64 bits with a sign it is a number like any other")]
    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or(Tree::Number(value as f64), Tree::Whole))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element()? {
            array.push(element);
        }
        Ok(Tree::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Tree::Object(object))
    }
}
