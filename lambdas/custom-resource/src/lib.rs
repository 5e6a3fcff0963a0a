//! The protocol of
//! [custom resources](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html).
//!
//! Knows nothing of the resources themselves. Whatever happens, `CloudFormation` gets an answer before
//! the invocation ends: without one it waits for up to an hour.

mod request;
mod responder;

pub use request::{NOT_CREATED, Provisioned, Request, RequestType, Unfit};
pub use responder::{Error, MARGIN, Responder};
