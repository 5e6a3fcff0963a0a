//! `telemetry.toml`: what a device sends, in the form that a person writes.
