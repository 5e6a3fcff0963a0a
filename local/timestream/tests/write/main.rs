//! The process and its Write API as clients see them: the wire, the Rust SDK, boto3, restarts, faults.

mod client;
mod control;
mod durability;
mod faults;
#[path = "../process/mod.rs"]
mod process;
mod records;
mod wire;

use local_harness::python;

#[test]
fn boto3() {
    let state = tempfile::TempDir::new().expect("a temporary folder");
    let process = process::start(state.path());
    python::run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_write.py"), &[&process.url()]);
}
