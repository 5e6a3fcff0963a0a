//! Scripts that drive the process with boto3.

use std::{env, path::Path, process::Command};

/// Runs `tests/<script>` with these arguments, on the Python that `SLUICE_PYTHON` names.
///
/// It must have boto3. Without the variable the test fails: a test that skips itself proves nothing.
pub fn run(script: &str, arguments: &[&str]) {
    let python = env::var_os("SLUICE_PYTHON")
        .expect("SLUICE_PYTHON must name a Python that has boto3, for instance target/local/venv/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let output = Command::new(python)
        .arg(&script)
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
