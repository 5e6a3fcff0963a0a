//! The function that Lambda runs: reads its environment, makes the client, hands requests on.

fn main() {}
