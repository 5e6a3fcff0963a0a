//! `quarantine export`: what was set aside, in a file that `model try` and `model infer` read.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use base64::prelude::*;
use clap::Args;
use serde_json::json;

use super::super::Outcome;
use super::Read;
use super::filter::Filter;
use crate::Global;
use crate::pages::quarantine::Exported;
use crate::quarantine::contents::instant;
use crate::quarantine::replay::items;
use crate::report::Report;
use session::{Exit, Failure};

/// Write events that were set aside into a file of JSON lines
///
/// Each line has the bytes as they came, a topic by which the model knows their kind and device, and beside it why they
/// were set aside: `cargo xtask model try FILE` and `model infer FILE` read it. Nothing is removed.
#[derive(Debug, Args)]
pub struct Export {
    /// The file, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    filter: Filter,
}

impl Export {
    pub(super) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let name = self.out.display().to_string();
        let file = std::fs::File::create_new(&self.out).map_err(|error| {
            Failure::new(Exit::Configuration, format_args!("cannot make {name}: {error}"))
        })?;
        let read = match Read::looked(global, report).await {
            Ok(read) => read,
            Err(failure) => {
                // An empty file would be in the way of the next attempt.
                let _ = std::fs::remove_file(&self.out);
                return Err(failure);
            }
        };
        let meant = read.meant(&self.filter);
        let entries = &read.contents.entries;
        let items = items(entries, &meant);
        let mut file = BufWriter::new(file);
        let mut bytes = 0;
        for item in &items {
            let (original, payload) = (item.original, item.original.bytes());
            let reasons: Vec<_> =
                item.places.iter().flat_map(|place| &entries[*place].aside.reasons).collect();
            let (sequence_number, nth) = original.number();
            let line = json!({
                "topic": original.topic(read.today.model()),
                "payload_base64": BASE64_STANDARD.encode(&payload),
                "quarantine": {
                    "id": original.id(),
                    "arrival": instant(original.arrival_ms()),
                    "partition_key": original.partition_key(),
                    "sequence_number": sequence_number,
                    "subsequence_number": nth,
                    "reasons": reasons,
                },
            });
            bytes += payload.len() as u64;
            writeln!(file, "{line}").with_context(|| format!("cannot write {name}"))?;
        }
        file.flush().with_context(|| format!("cannot write {name}"))?;
        let (events, unreadable) = (items.len(), read.contents.unreadable.len());
        report.print(&Exported { file: name, events, bytes, unreadable });
        Ok(Exit::Done)
    }
}
