//! What every command starts from: the checkout, an environment and the way to its services, whoever watches,
//! and how it fails. Nothing here prints, asks, or knows of a command line.

pub mod annotation;
mod failure;
mod observer;
mod project;
pub mod sdk_error;
mod target;
pub mod whole;

pub use self::annotation::Annotation;
pub use self::failure::{Exit, Explain, Failure, causes};
pub use self::observer::{Event, Observer, Step, StepId};
pub use self::project::{ConfigurationError, Project};
pub use self::target::{Endpoints, Session, TargetError, account_of_credentials};
