//! How a person's configuration is read: TOML in, typed values or every problem out.
//!
//! Nothing here knows what a key means. The readers in [`model`](crate::model) and
//! [`environment`](crate::environment) say which keys there are; this module finds them, keeps
//! where each was written, and never stops at the first mistake.

mod document;
mod problem;
mod section;
mod spelling;

pub(crate) use document::{At, Document, Spot, Value};
pub use problem::{Fault, Place, Problem, Problems};
pub(crate) use section::Section;
pub use section::grouped;
pub use spelling::likely;
