//! Scripts of tests that drive a service with boto3.

use std::{env, path::Path, process::Command};

/// Runs a script with these arguments, on the Python that `SLUICE_PYTHON` names.
///
/// It must have boto3. Without the variable the test fails: a test that skips itself proves nothing.
pub fn run(script: impl AsRef<Path>, arguments: &[&str]) {
    let python = env::var_os("SLUICE_PYTHON")
        .expect("SLUICE_PYTHON must name a Python that has boto3, for instance target/local/venv/bin/python");
    let script = script.as_ref();
    let output = Command::new(python)
        .arg(script)
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts");
    assert!(
        output.status.success(),
        "{} failed:\n{}{}",
        script.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
