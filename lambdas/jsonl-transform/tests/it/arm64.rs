//! The function as it is built for AWS: fit for the processor and the C library there, free of this
//! machine's paths, and answering a Runtime API.
//!
//! The build is that of `xtask/src/artifacts/build.rs`, on which no function may depend.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use object::read::elf::ElfFile64;
use object::{Architecture, Endianness, Object as _};
use tokio::process::Command;

use crate::runtime::answers_as_the_handler_does;

const TRIPLE: &str = "aarch64-unknown-linux-gnu";

/// The [C library](https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html) of `provided.al2023`.
const GLIBC: (u32, u32) = (2, 34);

/// Where Debian's `libc6-arm64-cross` puts the C library that an emulated program loads.
const EMULATED_ROOT: &str = "/usr/aarch64-linux-gnu";

#[tokio::test]
async fn the_binary_for_aws_answers_as_the_handler_does() {
    run(Command::new("rustup").args(["target", "add", TRIPLE])).await;
    let (one, other) = (build("one").await, build("other").await);
    let bytes = std::fs::read(&one).expect("a binary");
    assert!(bytes == std::fs::read(&other).expect("a binary"), "two builds differ: {one:?}, {other:?}");

    loads_in_provided_al2023(&bytes);
    for path in [checkout(), home()] {
        let prefix = format!("{}/", path.display());
        assert!(memchr::memmem::find(&bytes, prefix.as_bytes()).is_none(), "{prefix} is in {one:?}");
    }
    match startable(&one) {
        Some(command) => answers_as_the_handler_does(command).await,
        // Past the capture of the test's output, which a test that passes never shows.
        None => writeln!(
            std::io::stderr(),
            "NOT RUN: no invocation of the binary for AWS, because this machine has no qemu-aarch64 \
             (qemu-user-static) or no {EMULATED_ROOT} (libc6-arm64-cross)"
        )
        .expect("standard error"),
    }
}

/// The function, built for AWS in a target folder of its own. Cargo holds a lock on the folder that it
/// builds in, so builds elsewhere need not wait for this one, and of two builds none is a copy of the other.
async fn build(name: &str) -> PathBuf {
    let python = std::env::var_os("SLUICE_PYTHON").expect(
        "SLUICE_PYTHON must name a Python that has cargo-lambda and ziglang; `cargo xtask test` sets it",
    );
    let programs = Path::new(&python).parent().expect("the folder of a Python");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path));
    let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from);
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let flags = [remap(&checkout(), "sluice"), remap(&cargo_home, "cargo")].join("\u{1f}");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("arm64").join(name);
    let lambda = target.join("lambda");
    run(Command::new(programs.join("cargo-lambda"))
        .args(["lambda", "build", "--release", "--arm64", "--output-format", "binary"])
        .args(["--package", env!("CARGO_PKG_NAME"), "--lambda-dir"])
        .arg(&lambda)
        .current_dir(checkout())
        .env("PATH", std::env::join_paths(path).expect("folders without colons"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        // As an argument it would reach `cargo metadata` too, which refuses it.
        .env("CARGO_TARGET_DIR", &target))
    .await;
    lambda.join(env!("CARGO_PKG_NAME")).join("bootstrap")
}

/// What the kernel and the loader of `provided.al2023` on arm64 look at before they start a program.
fn loads_in_provided_al2023(binary: &[u8]) {
    let elf = ElfFile64::<Endianness>::parse(binary).expect("a 64-bit ELF");
    assert_eq!(elf.architecture(), Architecture::Aarch64);
    let sections = elf.elf_section_table();
    let endian = elf.endian();
    let (mut libraries, names) =
        sections.gnu_verneed(endian, binary).expect("sections").expect("versions of symbols");
    let names = sections.strings(endian, binary, names).expect("names");
    let mut versions = BTreeSet::new();
    while let Some((_, mut needed)) = libraries.next().expect("a library") {
        while let Some(version) = needed.next().expect("a version") {
            let name = str::from_utf8(version.name(endian, names).expect("a name")).expect("UTF-8");
            versions.extend(name.strip_prefix("GLIBC_"));
        }
    }
    assert!(!versions.is_empty(), "no version of glibc is needed");
    let too_new = |version: &&&str| {
        let (major, minor) = version.split_once('.').expect("a release of glibc");
        (major.parse().expect("a number"), minor.parse().expect("a number")) > GLIBC
    };
    let too_new: Vec<_> = versions.iter().filter(too_new).collect();
    assert!(too_new.is_empty(), "newer than glibc {GLIBC:?}: {too_new:?}");
}

/// The binary on this processor or on an emulated one, when there is either.
fn startable(binary: &Path) -> Option<Command> {
    if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
        return Some(Command::new(binary));
    }
    let path = std::env::var_os("PATH")?;
    let mut emulators = std::env::split_paths(&path)
        .flat_map(|folder| ["qemu-aarch64-static", "qemu-aarch64"].map(|name| folder.join(name)));
    let emulator = emulators.find(|file| file.is_file())?;
    Path::new(EMULATED_ROOT).is_dir().then(|| {
        let mut command = Command::new(emulator);
        // Older than Lambda's Graviton2, so that no instruction passes that Lambda lacks.
        command.args(["-cpu", "cortex-a72", "-L", EMULATED_ROOT]).arg(binary);
        command
    })
}

fn checkout() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("a package two folders down").to_owned()
}

fn home() -> PathBuf {
    std::env::home_dir().expect("a home folder")
}

async fn run(command: &mut Command) {
    let output = command.kill_on_drop(true).output().await;
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
}
