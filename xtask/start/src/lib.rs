//! What `cargo run` sets for the program that it starts, which is of no concern to what that program starts.

/// Whether `cargo run` tells the program that it starts something by this variable: build scripts that watch
/// those variables would build everything again.
pub fn is_told(variable: &str) -> bool {
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    prefixes.iter().any(|prefix| variable.starts_with(prefix))
        || matches!(variable, "CARGO_PRIMARY_PACKAGE" | "CARGO_CFG_TARGET_OS" | "OUT_DIR")
}
