//! What Grafana is given, held against Grafana's own types, the plugin's macros and a real Timestream
//! endpoint.

mod endpoint;
mod fixture;
mod layout;
mod plugin;
mod queries;
mod schema;
