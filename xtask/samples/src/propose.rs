//! A model for samples: what a person would write who has seen them, with what is unsure said beside it.
//!
//! Every single value of a sample becomes a measure, so that nothing that is there is forgotten: leaving out is an
//! edit. The proposal passes the check of a model, and stores every sample that it was made of.

mod fields;
mod kind;
mod time;
mod topics;
mod tree;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use kind::Kind;
use topics::Message;
use tree::Tree;

use crate::Sample;

/// How often names that the check refuses are changed.
const ROUNDS: usize = 4;

/// A `telemetry.toml` for these samples.
pub fn propose(samples: &[Sample]) -> String {
    let messages = samples.iter().map(|sample| Message {
        topic: sample.topic.as_ref().map(|topic| topic.split('/').map(str::to_owned).collect()),
        tree: Tree::of(&sample.payload),
    });
    let mut names = BTreeSet::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for group in topics::groups(messages.collect()) {
        let kind = Kind::of(&group, &names);
        names.insert(kind.name.clone());
        kinds.push(kind);
    }
    agree(&mut kinds);
    let mut text = write::model(&kinds, samples.len());
    for _ in 0..ROUNDS {
        let Err(problems) = stacks::model::parse("telemetry.toml", &text) else { return text };
        let refused: Vec<(usize, &str, usize)> =
            problems.problems.iter().filter_map(|problem| name_of(&problem.key)).collect();
        if refused.is_empty() {
            let problems = problems.to_string();
            let remarks: String = problems.lines().flat_map(|line| ["# ", line, "\n"]).collect();
            return format!("# The check refuses this as it is:\n{remarks}\n{text}");
        }
        for (kind, what, index) in refused {
            let name = match what {
                "measure" => kinds[kind].measures.get_mut(index).map(|measure| &mut measure.name),
                _ => kinds[kind].dimensions.get_mut(index).map(|(name, _)| name),
            };
            if let Some(name) = name {
                name.push_str("_value");
            }
        }
        agree(&mut kinds);
        text = write::model(&kinds, samples.len());
    }
    text
}

/// The kind, what it is of, and which, of a key such as `kind[1].measure[2].name`.
fn name_of(key: &str) -> Option<(usize, &str, usize)> {
    let (kind, rest) = match key.strip_prefix("kind[") {
        Some(rest) => {
            let (index, rest) = rest.split_once("].")?;
            (index.parse().ok()?, rest)
        }
        None => (0, key),
    };
    let (what, rest) = rest.split_once('[')?;
    let index = rest.strip_suffix("].name")?.parse().ok()?;
    matches!(what, "measure" | "dimension").then_some((kind, what, index))
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
