//! What an account is prepared with: the templates as they are reviewed, and who is trusted.

mod fixture;
#[path = "../shipped/mod.rs"]
mod shipped;
mod snapshots;
mod trust;
