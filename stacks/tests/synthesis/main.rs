//! The stacks as whole: their templates, the table, the invariants, the local overlay.

mod bootstrap;
mod derivation;
mod fixture;
mod grafana;
mod invariants;
mod overlay;
mod several;
#[path = "../shipped/mod.rs"]
mod shipped;
mod snapshots;
mod table;
mod twin;
