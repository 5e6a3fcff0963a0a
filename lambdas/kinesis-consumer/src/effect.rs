//! What a request to the store did to its records, whichever store it is.

/// What a request did to its records.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// All are stored.
    Stored,
    /// All are stored but these.
    Refused(Vec<Refusal>),
    /// None is stored, because one or more break a rule, or because they are too many bytes. Which, it does not
    /// say.
    Invalid(String),
    /// Perhaps none is stored; try again.
    Busy(Busy),
    /// None is stored, and trying again within this invocation would change nothing.
    Unusable(String),
}

/// Why to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// The service asks for fewer requests.
    Throttled,
    /// The service failed, or did not answer.
    Unavailable,
}

/// A record that the store refused alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Index in the request.
    pub index: usize,
    /// Why.
    pub cause: Cause,
}

/// Why a record is refused alone.
#[derive(Debug, PartialEq, Eq)]
pub enum Cause {
    /// A later version of it is there.
    Outdated,
    /// What it says.
    Content {
        /// The service's words.
        reason: String,
        /// The measure that is to blame, where one is: without it the record may be taken.
        measure: Option<String>,
    },
}
