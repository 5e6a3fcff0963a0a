//! A model for samples: what a person would write who has seen them, with what is unsure said beside it.
//!
//! Every single value of a sample becomes a measure, so that nothing that is there is forgotten: leaving out is an
//! edit. What cannot be one is a remark. A proposal that the check of a model refuses all the same says so at its top.

mod fields;
mod kind;
mod shape;
mod time;
mod topics;
mod tree;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use kind::Kind;
use stacks::config::Problem;
use timestream::names::{DIMENSION_BYTES, MEASURE_BYTES};
use topics::Message;
use tree::Tree;

use crate::Sample;

/// How often what the check refuses is changed.
const ROUNDS: usize = 4;

/// A `telemetry.toml` for these samples. A payload without bytes is none.
pub fn propose(samples: &[Sample]) -> String {
    let messages = samples.iter().filter(|sample| !sample.payload.is_empty()).map(|sample| Message {
        topic: sample.topic.as_ref().map(|topic| topic.split('/').map(str::to_owned).collect()),
        tree: Tree::of(&sample.payload),
    });
    let messages: Vec<Message> = messages.collect();
    let count = messages.len();
    let mut names = BTreeSet::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for group in topics::groups(messages) {
        let kind = Kind::of(&group, &names);
        names.insert(kind.name.clone());
        kinds.push(kind);
    }
    let mut rounds = ROUNDS;
    loop {
        agree(&mut kinds);
        let text = write::model(&kinds, count);
        let Err(problems) = stacks::model::parse("telemetry.toml", &text) else { return text };
        if rounds == 0 || !mend(&mut kinds, &problems.problems) {
            let problems = problems.to_string();
            let remarks: String = problems.lines().flat_map(|line| ["# ", line, "\n"]).collect();
            return format!("# The check refuses this as it is:\n{remarks}\n{text}");
        }
        rounds -= 1;
    }
}

/// Gives what has a name that the check refuses another one, and leaves out what has such a field. Whether there was any.
fn mend(kinds: &mut [Kind], problems: &[Problem]) -> bool {
    let mut is_mended = false;
    // From the last one, so that an index still means the same after another was left out.
    let mut refused: Vec<Part<'_>> = problems.iter().filter_map(|problem| part_of(&problem.key)).collect();
    refused.sort_unstable();
    refused.dedup();
    for Part { kind, index, is_measure, key } in refused.into_iter().rev() {
        let Some(kind) = kinds.get_mut(kind) else { continue };
        let name = if is_measure {
            kind.measures.get_mut(index).map(|measure| (&mut measure.name, MEASURE_BYTES))
        } else {
            kind.dimensions.get_mut(index).map(|(name, _)| (name, DIMENSION_BYTES))
        };
        match (name, key) {
            (Some((name, longest)), "name") => is_mended |= rename(name, longest),
            (Some(_), "field") if is_measure => {
                let field = kind.measures.remove(index).field;
                kind.remarks.push(kind::no_field(&field));
                is_mended = true;
            }
            _ => {}
        }
    }
    is_mended
}

/// Cuts a name that is too long, and puts a prefix before one that means something else. Whether it is another then.
fn rename(name: &mut String, longest: usize) -> bool {
    const PREFIX: &str = "m_";
    if name.len() > longest {
        name.truncate(longest);
        true
    } else if name.starts_with(PREFIX) {
        false
    } else {
        name.insert_str(0, PREFIX);
        true
    }
}

/// What a key such as `kind[1].measure[2].name` is of.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part<'a> {
    kind: usize,
    is_measure: bool,
    index: usize,
    key: &'a str,
}

fn part_of(key: &str) -> Option<Part<'_>> {
    let (kind, rest) = match key.strip_prefix("kind[") {
        Some(rest) => {
            let (index, rest) = rest.split_once("].")?;
            (index.parse().ok()?, rest)
        }
        None => (0, key),
    };
    let (what, rest) = rest.split_once('[')?;
    let (index, key) = rest.split_once("].")?;
    let is_measure = what == "measure";
    (is_measure || what == "dimension").then_some(Part { kind, is_measure, index: index.parse().ok()?, key })
}

/// A name is of one type in all kinds, which share a table; another one has its kind's name before it.
fn agree(kinds: &mut [Kind]) {
    let mut types: BTreeMap<String, &'static str> = BTreeMap::from([("device".to_owned(), "dimension")]);
    for kind in kinds.iter_mut() {
        let prefix = kind.name.replace('-', "_");
        for (name, _) in &mut kind.dimensions {
            if types.get(name).is_some_and(|one| *one != "dimension") {
                *name = format!("{prefix}_{name}");
            }
            types.insert(name.clone(), "dimension");
        }
        let mut own = BTreeSet::new();
        for measure in &mut kind.measures {
            while types.get(&measure.name).is_some_and(|one| *one != measure.kind)
                || own.contains(&measure.name)
            {
                measure.name = format!("{prefix}_{}", measure.name);
            }
            own.insert(measure.name.clone());
            types.insert(measure.name.clone(), measure.kind);
        }
    }
}

#[cfg(test)]
mod tests;
