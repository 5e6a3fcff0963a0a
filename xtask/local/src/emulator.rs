//! The AWS endpoint of the local target: a pip package, run as a process.
//!
//! Its environment is made from nothing, so that neither the person's credentials nor a proxy can
//! lead a function of the emulator out of this machine.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::services::Setting;

/// Name of its log and folder.
pub const NAME: &str = "emulator";
/// Answers 200 once the MQTT broker is settled too, and says how it is.
pub const HEALTH: &str = "/_ministack/ready";
/// What the health page says when the MQTT broker listens.
pub const MQTT_LISTENS: &str = "\"iot_mtls\": \"listening\"";

/// What starts the emulator, and does what it does not do by itself. Files of the target's folder, so that
/// a list of processes says what runs.
const PROGRAM: [(&str, &str); 10] = [
    (LAUNCHER, include_str!("emulator/launch.py")),
    ("aggregates.py", include_str!("emulator/aggregates.py")),
    ("alarms.py", include_str!("emulator/alarms.py")),
    ("broker.py", include_str!("emulator/broker.py")),
    ("calls.py", include_str!("emulator/calls.py")),
    ("delivery.py", include_str!("emulator/delivery.py")),
    ("destination.py", include_str!("emulator/destination.py")),
    ("function_logs.py", include_str!("emulator/function_logs.py")),
    ("identity.py", include_str!("emulator/identity.py")),
    ("rules.py", include_str!("emulator/rules.py")),
];
const LAUNCHER: &str = "emulator.py";

/// Variables of the person's environment that a process cannot do without.
const KEPT: &[&str] = &["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

/// The command that runs it in the foreground. The folder is prepared.
pub fn command(setting: &Setting) -> io::Result<Command> {
    let Setting { venv, folder, ports, region, .. } = setting;
    let data = folder.data(NAME);
    let own = |name: &str| -> PathBuf { data.join(name) };
    for (name, text) in PROGRAM {
        std::fs::write(own(name), text)?;
    }
    let endpoint = format!("http://127.0.0.1:{}", ports.aws);
    let timestream = format!("http://127.0.0.1:{}", ports.timestream);
    let twinmaker = format!("http://127.0.0.1:{}", ports.twinmaker);
    let rds_data = format!("http://127.0.0.1:{}", ports.rds_data);
    let mut command = Command::new(venv.python());
    command.arg("-I").arg(own(LAUNCHER)).current_dir(&data).env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
        // Where it listens and where it keeps things.
        .env("GATEWAY_PORT", ports.aws.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("IOT_MTLS_PORT", ports.mqtt.to_string())
        .env("STATE_DIR", own("state"))
        .env("S3_DATA_DIR", own("s3"))
        .env("TMPDIR", &data)
        .env("MINISTACK_REGION", region)
        // Services and executors that would start containers or open further ports.
        .env("DOCKER_HOST", format!("unix://{}", own("no-docker.sock").display()))
        .env("LAMBDA_EXECUTOR", "local")
        .env("SFTP_ENABLED", "0")
        // What the functions inherit: every AWS API is on this machine.
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ENDPOINT_URL_TIMESTREAM_WRITE", &timestream)
        .env("AWS_ENDPOINT_URL_TIMESTREAM_QUERY", timestream)
        .env("AWS_ENDPOINT_URL_IOTTWINMAKER", twinmaker)
        // Whether or not it runs: it may be started later than this.
        .env("AWS_ENDPOINT_URL_RDS_DATA", rds_data)
        .env("AWS_REGION", region)
        .env("AWS_DEFAULT_REGION", region)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    Ok(command)
}
