//! What a deployment is made of depends on the sources and the compiler, and neither on the checkout's folder nor
//! on the caller's environment: two people build in two copies of this checkout, and get the same archives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The smallest stack that deploys a function.
const STACK: &str = "lake";

/// Files by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// Somebody with a copy of the checkout.
struct Person {
    checkout: &'static str,
    umask: &'static str,
    environment: &'static [(&'static str, &'static str)],
}

const ONE: Person = Person { checkout: "one", umask: "022", environment: &[] };

/// Sets whatever may be set for a build.
const OTHER: Person = Person {
    checkout: "another/deeper",
    umask: "077",
    environment: &[
        ("CARGO_BUILD_TARGET", "wasm32-unknown-unknown"),
        ("CARGO_ENCODED_RUSTFLAGS", "-Cdebuginfo=2\u{1f}-Copt-level=1"),
        ("CARGO_INCREMENTAL", "1"),
        ("CARGO_PROFILE_DEV_CODEGEN_UNITS", "3"),
        ("CARGO_PROFILE_DEV_OPT_LEVEL", "1"),
        ("CARGO_PROFILE_RELEASE_LTO", "off"),
        ("CARGO_PROFILE_RELEASE_STRIP", "none"),
        ("CFLAGS", "-O1 -g"),
        ("CI", "true"),
        ("LC_ALL", "C.UTF-8"),
        ("RUSTFLAGS", "-Cdebuginfo=2"),
        ("SOURCE_DATE_EPOCH", "1"),
        ("TZ", "Asia/Tokyo"),
    ],
};

#[test]
fn a_function_is_the_same_for_everybody_here_and_on_aws() {
    for environment in ["local", "dev"] {
        let [one, other] = [ONE, OTHER].map(|person| person.builds(environment));
        let names: Vec<&String> = one.keys().collect();
        assert_eq!(names.len(), 2, "an archive and its index: {names:?}");
        assert_eq!(other.keys().collect::<Vec<_>>(), names, "{environment}");
        assert!(one == other, "{environment}: files of one name differ");
    }
    let program = std::fs::read(target().join("sluice/lambda/arm64/jsonl-transform/bootstrap"));
    let program = program.expect("a program for AWS");
    let home = std::env::home_dir().expect("a home folder");
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    for folder in [target(), checkout(), home, cargo] {
        let prefix = format!("{}/", folder.display());
        let is_there = program.windows(prefix.len()).any(|bytes| bytes == prefix.as_bytes());
        assert!(!is_there, "{prefix} is in the program for AWS");
    }
}

impl Person {
    /// What `build` writes for an environment, in a fresh copy of the checkout.
    fn builds(&self, environment: &str) -> Files {
        let place = tempfile::tempdir().expect("a folder");
        let checkout = place.path().join(self.checkout);
        copy(&self::checkout(), &checkout);
        forget();
        let out = place.path().join("out");
        let output = Command::new("sh")
            .args(["-c", "umask \"$0\"; exec \"$@\"", self.umask])
            .args([env!("CARGO_BIN_EXE_xtask"), "build", "--env", environment, "--stack", STACK, "--out"])
            .arg(&out)
            .current_dir(&checkout)
            .stdin(Stdio::null())
            .envs(self.environment.iter().copied())
            .env("CARGO_MANIFEST_DIR", checkout.join("xtask"))
            .env("CARGO_TARGET_DIR", target())
            .output()
            .expect("xtask runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut files = Files::new();
        read(&out, &out, &mut files);
        files
    }
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a checkout").to_owned()
}

/// The target folder of this test. All clones on a machine may have one: what they do not share by their sources
/// and flags, cargo compiles for each.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder").to_owned()
}

/// Lets cargo compile the functions again, and this program pack them again.
fn forget() {
    let target = target();
    let is_of_function = |name: &str| name.starts_with("jsonl-transform-");
    for folder in ["debug/.fingerprint", "aarch64-unknown-linux-gnu/release/.fingerprint", "sluice/archives"]
    {
        for entry in std::fs::read_dir(target.join(folder)).into_iter().flatten().flatten() {
            let path = entry.path();
            match (is_of_function(&entry.file_name().to_string_lossy()), path.is_dir()) {
                (true, true) => std::fs::remove_dir_all(path).expect("removed"),
                (true, false) => std::fs::remove_file(path).expect("removed"),
                (false, _) => {}
            }
        }
    }
}

/// Copies the sources.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (name, kind) = (entry.file_name(), entry.file_type().expect("a type"));
        if kind.is_dir() && !["target", ".git", "flink-job"].iter().any(|left| name == *left) {
            copy(&entry.path(), &to.join(name));
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to.join(name)).expect("a copy");
        }
    }
}

fn read(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("inside").display().to_string();
            files.insert(name, std::fs::read(path).expect("a file"));
        }
    }
}
