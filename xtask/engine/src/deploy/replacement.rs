//! Which changes replace a resource, and which resources hold data. Pure.
//!
//! The rows of [`kinds`] name what can be known before CloudFormation is asked. What they do not name is caught
//! by the change set, which says of every resource whether it is replaced.

use stacks::kinds::{self, Kind};

pub use stacks::kinds::stands_for;

/// Whether resources of this type hold what cannot be made again: a replacement or removal loses it.
pub fn holds_data(kind: &str) -> bool {
    kinds::of(kind).is_some_and(Kind::holds_data)
}

/// Whether a change at this path of the resource, for instance `Properties.BucketName`, replaces it. So
/// does what is [`immutable`]: only another resource can have it otherwise.
pub fn follows_from(kind: &str, path: &str) -> bool {
    replaces(kind, path) || immutable(kind, path).is_some()
}

/// Whether CloudFormation answers a change at this path with a new resource.
pub fn replaces(kind: &str, path: &str) -> bool {
    let replaced_by = kinds::of(kind).map_or(&[][..], |kind| kind.replaced_by);
    property(path).is_some_and(|property| replaced_by.contains(&property))
}

/// The property at this path, when the service refuses every change of it.
pub fn immutable(kind: &str, path: &str) -> Option<&'static str> {
    let property = property(path)?;
    kinds::of(kind)?.immutable.iter().find(|immutable| **immutable == property).copied()
}

fn property(path: &str) -> Option<&str> {
    path.strip_prefix("Properties.")?.split('.').next()
}

#[cfg(test)]
mod tests;
