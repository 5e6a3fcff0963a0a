//! The room as a whole, against a service.

mod service;
