//! What a digital twin consists of, and the rules that hold between its parts. No I/O.

use std::collections::BTreeMap;

pub mod built_in;
pub mod component;
pub mod component_type;
pub mod definition;
pub mod value;

/// Tags of a resource.
pub type Tags = BTreeMap<String, String>;
