//! An IoT TwinMaker endpoint for the local target.

fn main() {}
