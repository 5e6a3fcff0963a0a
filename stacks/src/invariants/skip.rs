//! What an auditor finds and nobody mends: never without a reason that says something.

use super::{Breach, Subject};

/// Shorter than this, a reason is none: "not needed", "by design".
const SHORTEST_REASON: usize = 40;

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let mut seen = Vec::new();
    for skip in subject.resource.skipped() {
        if skip.comment.trim().chars().count() < SHORTEST_REASON {
            breaches.push(Breach::Unexplained(skip.id.to_owned()));
        }
        if seen.contains(&(skip.auditor, skip.id)) {
            breaches.push(Breach::SkippedTwice(skip.id.to_owned()));
        }
        seen.push((skip.auditor, skip.id));
    }
}
