//! The process and its Write API as clients see them: the wire, the Rust SDK, boto3, restarts, faults.

mod client;
mod control;
mod durability;
mod faults;
#[path = "../process/mod.rs"]
mod process;
#[path = "../process/python.rs"]
mod python;
mod records;
mod wire;

#[test]
fn boto3() {
    let state = tempfile::TempDir::new().expect("a temporary folder");
    let process = process::Process::start(state.path());
    python::run("boto3_write.py", &process.url());
}
