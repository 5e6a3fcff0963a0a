//! How messages hold events: one, an array of them, or a pack.

use telemetry::path::{Path, Step, WHOLE};

use super::time;
use super::topics::Group;
use super::tree::Tree;

/// Labels of SenML that hold a value.
pub(super) const SENML_VALUES: &[&str] = &["v", "vs", "vb", "vd"];
/// Most numbers outside of an array whose elements are the events.
const MOST_BESIDE: usize = 3;
/// Longest array whose elements are measures of their own.
pub(super) const LONGEST_ARRAY: usize = 8;
/// Where the events of a message are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Event,
    Each(String),
    Senml,
}

/// How the messages of a group hold their events.
pub(super) fn shape(group: &Group) -> Shape {
    let trees = || group.messages.iter().map(|message| &message.tree);
    if trees().all(|tree| matches!(tree, Tree::Array(_))) {
        let records = trees().flat_map(Tree::elements);
        let is_record = |record: &Tree| {
            let has = |label: &str| record.member(label).is_some();
            (has("n") || has("bn")) && (SENML_VALUES.iter().any(|label| has(label)) || has("bn"))
        };
        let mut records = records.peekable();
        let is_pack = records.peek().is_some() && records.all(is_record);
        return if is_pack { Shape::Senml } else { Shape::Each(WHOLE.to_owned()) };
    }
    let Some(first) = group.messages.first().map(|message| &message.tree) else { return Shape::Event };
    for (path, elements) in arrays_of_objects(first) {
        let beside = first.leaves(0).into_iter().filter(|(leaf, value)| {
            matches!(value, Tree::Whole(_) | Tree::Number(_) | Tree::Boolean(_)) && time::rank(leaf).is_none()
        });
        let is_readings = elements.iter().all(|element| two_members(element).is_some());
        let everywhere = trees().all(|tree| matches!(tree.at(&path), Some(Tree::Array(_))));
        if everywhere && !is_readings && beside.count() <= MOST_BESIDE {
            return Shape::Each(path.to_string());
        }
    }
    Shape::Event
}

/// Arrays of objects, up to two names deep.
fn arrays_of_objects(tree: &Tree) -> Vec<(Path, &[Tree])> {
    let mut found = Vec::new();
    let Tree::Object(members) = tree else { return found };
    let path = |names: &[&str]| Path::to(names.iter().map(|name| Step::Member((*name).into())).collect());
    let is_list = |elements: &[Tree]| {
        !elements.is_empty() && elements.iter().all(|element| matches!(element, Tree::Object(_)))
    };
    for (name, value) in members {
        match value {
            Tree::Array(elements) if is_list(elements) => found.push((path(&[name]), elements.as_slice())),
            Tree::Object(inner) => {
                for (inner_name, value) in inner {
                    if let Tree::Array(elements) = value
                        && is_list(elements)
                    {
                        found.push((path(&[name, inner_name]), elements.as_slice()));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The time and the value of an element that has nothing else.
fn two_members(element: &Tree) -> Option<(String, String)> {
    let Tree::Object(members) = element else { return None };
    let [(one, first), (other, second)] = &members[..] else { return None };
    let is_time = |name: &str, value: &Tree| {
        let steps = vec![Step::Member(name.into())];
        time::rank(&Path::to(steps)).is_some() && time::written(&[value]).is_some()
    };
    if is_time(one, first) && second.is_scalar() {
        Some((one.clone(), other.clone()))
    } else if is_time(other, second) && first.is_scalar() {
        Some((other.clone(), one.clone()))
    } else {
        None
    }
}

/// Arrays of readings: their paths, and the names of their members.
pub(super) fn readings(tree: &Tree) -> Vec<(Path, String, String)> {
    let arrays = arrays_of_objects(tree).into_iter();
    arrays
        .filter_map(|(path, elements)| {
            let (time, value) = two_members(elements.first()?)?;
            let same =
                elements.iter().all(|element| two_members(element) == Some((time.clone(), value.clone())));
            same.then_some((path, time, value))
        })
        .collect()
}

/// Arrays whose elements are too many to be measures.
pub(super) fn long_arrays(tree: &Tree) -> Vec<(String, usize)> {
    let Tree::Object(members) = tree else { return Vec::new() };
    let long = members.iter().filter_map(|(name, value)| match value {
        Tree::Array(elements) if elements.len() > LONGEST_ARRAY => elements
            .iter()
            .any(|element| two_members(element).is_none())
            .then(|| (name.clone(), elements.len())),
        _ => None,
    });
    long.collect()
}
