//! What Grafana is given, held against Grafana's own types, the plugins' macros and a real store of each kind.

mod fixture;
mod layout;
mod plugin;
mod queries;
mod schema;
mod store;
