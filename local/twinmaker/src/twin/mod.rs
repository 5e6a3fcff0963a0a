//! What a digital twin consists of, and the rules that hold between its parts. No I/O.

pub mod built_in;
pub mod component;
pub mod component_type;
pub mod definition;
pub mod value;
