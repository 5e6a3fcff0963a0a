//! What is known of each type of resource: of all that the templates have, and of nothing else.

#[path = "../shipped/mod.rs"]
mod shipped;

mod fixture;
mod rows;
