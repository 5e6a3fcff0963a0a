//! The data plane: questions about the values of properties, answered by connectors where they are
//! stored externally, and what connectors say of a new component.

pub mod answer;
pub mod connector;
pub mod history;
pub mod schema;
pub mod subject;
pub mod token;
pub mod value;
