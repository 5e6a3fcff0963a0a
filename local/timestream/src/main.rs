//! Placeholder of the process.

fn main() {}
