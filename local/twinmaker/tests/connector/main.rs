//! The deployed connector behind the endpoint: boto3 pages through the store in both directions.
//!
//! Everything is the real thing: the connector's program as a function of ministack, `local-timestream`
//! as its store, and this endpoint in front. `SLUICE_PYTHON` names a Python with boto3 and ministack.

#[path = "../process/mod.rs"]
mod process;

use std::{
    fs::File,
    net::TcpListener,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use local_harness::{
    process::{Process, command, program},
    python,
};

/// Until ministack answers, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// ministack, which ends with its value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // With SIGTERM ministack ends its functions too.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && matches!(self.0.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// ministack, and where it listens, when it does.
fn ministack(folder: &Path, timestream: &str) -> (Running, String) {
    let python = std::env::var_os("SLUICE_PYTHON")
        .expect("SLUICE_PYTHON must name a Python that has ministack and boto3; `cargo xtask test` sets it");
    let launcher = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/local/src/emulator/launch.py");
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let log = folder.join("ministack.log");
    let output = File::create(&log).expect("a log");
    let mut command = Command::new(python);
    command
        .arg("-I")
        .arg(launcher)
        .current_dir(folder)
        .env_clear()
        .envs(["PATH", "HOME", "LANG"].iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
        .envs([
            ("GATEWAY_PORT", port.to_string()),
            ("BIND_HOST", "127.0.0.1".to_owned()),
            ("IOT_MTLS_PORT", free_port().to_string()),
            ("STATE_DIR", folder.join("state").display().to_string()),
            ("S3_DATA_DIR", folder.join("s3").display().to_string()),
            ("TMPDIR", folder.display().to_string()),
            ("DOCKER_HOST", "unix:///nonexistent".to_owned()),
            ("LAMBDA_EXECUTOR", "local".to_owned()),
            ("SFTP_ENABLED", "0".to_owned()),
            ("AWS_ENDPOINT_URL_TIMESTREAM_QUERY", timestream.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ])
        .stdout(output.try_clone().expect("a log"))
        .stderr(output);
    let running = Running(command.spawn().expect("Python starts"));
    let end = Instant::now() + PATIENCE;
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "{}", std::fs::read_to_string(&log).unwrap_or_default());
        thread::sleep(Duration::from_millis(100));
    }
    (running, url)
}

#[test]
fn boto3_pages_through_ten_thousand_points_of_five_properties_in_both_directions() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("timestream");
    let store = Process::start(command(program("local-timestream"), &store));
    let timestream = store.url();
    let (_ministack, lambda) = ministack(folder.path(), &timestream);
    let twinmaker = process::start(&folder.path().join("twinmaker"), &lambda);
    let connector = program("twinmaker-connector").display().to_string();
    python::run(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_paging.py"),
        &[&twinmaker.url(), &lambda, &timestream, &connector],
    );
}
