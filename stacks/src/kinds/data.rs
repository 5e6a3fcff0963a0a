//! What a type holds, and what a template says of its end because of that.
//!
//! No stack says it of its resources: it follows from the type and from what the environment says of its
//! data, so that nobody can forget it.

use serde_json::Value;

use super::of;
use crate::cfn::{Policy, Template};
use crate::environment::OnDelete;

/// What a type holds.
#[derive(Debug, Clone, Copy)]
pub enum Data {
    /// What cannot be made again: a replacement or a removal loses it. It stays or goes as `on_delete` of the
    /// environment says.
    HoldsData(Held),
    /// Nothing that is missed, for this reason. A template says nothing of its end.
    HoldsNothing(&'static str),
    /// Nothing itself, but what it is a part of does, and it stays or goes with that.
    GoesWithData(&'static str),
    /// What nobody misses once its stack is gone, for this reason: it goes wherever it is, and says so.
    GoesWithStack(&'static str),
    /// Nothing, but others count on it, for this reason: it stays wherever it is.
    Stays(&'static str),
}

/// Data of which there may be no second copy.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// How it is encrypted at rest.
    pub encryption: Encryption,
    /// What it is to keep it.
    pub keeping: Keeping,
}

/// How data is encrypted at rest.
#[derive(Debug, Clone, Copy)]
pub enum Encryption {
    /// By this property, when these properties of the resource say so.
    By(&'static str, fn(&Value) -> bool),
    /// Always, for this reason.
    Always(&'static str),
}

/// What it is to keep something that stayed.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// What it costs.
    pub cost: &'static str,
    /// The command that removes it, by its physical id.
    pub remove: fn(&str) -> String,
}

impl Data {
    /// What a template says of its end: on deletion, and on replacement.
    pub(crate) fn end(self, on_delete: OnDelete) -> Option<(Policy, Policy)> {
        let on_delete = match self {
            Self::HoldsData(_) | Self::GoesWithData(_) => on_delete,
            Self::GoesWithStack(_) => OnDelete::Delete,
            Self::Stays(_) => OnDelete::Retain,
            Self::HoldsNothing(_) => return None,
        };
        Some(match on_delete {
            OnDelete::Delete => (Policy::Delete, Policy::Delete),
            OnDelete::Retain => (Policy::RetainExceptOnCreate, Policy::Retain),
        })
    }
}

/// Says of every resource what becomes of it at its end.
pub(crate) fn apply(template: &mut Template, on_delete: OnDelete) {
    for resource in template.resources_mut().values_mut() {
        let end = of(resource.kind()).and_then(|kind| kind.data.end(on_delete));
        if let Some((deletion, replacement)) = end {
            resource.set_policies(deletion, replacement);
        }
    }
}
