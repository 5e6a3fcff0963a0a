//! The function as it is built for AWS: fit for the processor and the C library there, and answering a
//! Runtime API. That such a build has the same bytes everywhere, `xtask/tests/reproducible.rs` shows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use object::read::elf::ElfFile64;
use object::{Architecture, Endianness, Object as _};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::runtime::answers_as_the_handler_does;

const TRIPLE: &str = "aarch64-unknown-linux-gnu";

/// The [C library](https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html) of `provided.al2023`.
const GLIBC: (u32, u32) = (2, 34);

#[tokio::test]
async fn the_binary_for_aws_loads_there() {
    loads_in_provided_al2023(&std::fs::read(built().await).expect("a binary"));
}

/// On this processor or on an emulated one.
#[tokio::test]
async fn needs_qemu_the_binary_for_aws_answers_as_the_handler_does() {
    let binary = built().await;
    let emulator = (!cfg!(all(target_os = "linux", target_arch = "aarch64"))).then(|| {
        std::env::var_os("SLUICE_QEMU")
            .expect("SLUICE_QEMU must name a qemu-aarch64; `cargo xtask test` sets it where there is one")
    });
    answers_as_the_handler_does(binary, emulator.as_deref()).await;
}

/// The function, built for AWS once for all tests, in a target folder of its own: cargo holds a lock on the
/// folder that it builds in, so that builds elsewhere need not wait for this one.
async fn built() -> &'static Path {
    static BINARY: OnceCell<PathBuf> = OnceCell::const_new();
    BINARY.get_or_init(build).await
}

async fn build() -> PathBuf {
    run(Command::new("rustup").args(["target", "add", TRIPLE])).await;
    let python = std::env::var_os("SLUICE_PYTHON").expect(
        "SLUICE_PYTHON must name a Python that has cargo-lambda and ziglang; `cargo xtask test` sets it",
    );
    let programs = Path::new(&python).parent().expect("the folder of a Python");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("arm64");
    let lambda = target.join("lambda");
    run(Command::new(programs.join("cargo-lambda"))
        .args(["lambda", "build", "--release", "--arm64", "--output-format", "binary"])
        .args(["--package", env!("CARGO_PKG_NAME"), "--lambda-dir"])
        .arg(&lambda)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env("PATH", std::env::join_paths(path).expect("folders without colons"))
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

async fn run(command: &mut Command) {
    let output = command.kill_on_drop(true).output().await;
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
}
