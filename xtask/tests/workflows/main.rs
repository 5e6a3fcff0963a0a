//! The workflows, run here: what GitHub does with the files in `.github` is done by this program, and every
//! `run` step of theirs is given to bash unchanged, against local targets and an HTTP server that answers as
//! GitHub's API does.
//!
//! `expression` and `runner` know of GitHub what these workflows use, and fail on anything else. `rules` reads
//! the files without running them.

mod comment;
mod expression;
mod files;
mod github;
mod lifecycle;
mod rules;
mod runner;
