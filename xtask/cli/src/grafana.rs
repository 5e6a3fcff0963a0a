//! Grafana from outside: the files that it is provisioned with, how its container is, and pictures of its
//! dashboards.

pub mod picture;
pub mod query;
pub mod service;
