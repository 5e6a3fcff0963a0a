//! The Query API: the dialect as tables of queries and their rows, and the real process under two SDKs.

mod articles;
mod clients;
mod comparisons;
mod dialect;
mod errors;
mod fixture;
mod functions;
mod guide;
mod metadata;
mod moving;
mod mutations;
mod paging;
#[path = "../process/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod process;
mod series;
