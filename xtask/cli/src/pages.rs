//! Plans, receipts and findings as pages: text for a terminal, Markdown for GitHub. Nothing here decides, or asks
//! a service.

pub mod chart;
pub mod cleanup;
pub mod copy;
pub mod deploy;
pub mod destroy;
pub mod quarantine;
pub mod receipt;
