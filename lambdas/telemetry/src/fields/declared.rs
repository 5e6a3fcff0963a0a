//! The declared fields of a kind of events, as a tree of the steps that lead to them.

use std::collections::HashMap;

use crate::path::{Path, Step, WHOLE};

/// Up to so many names are compared one by one.
const FEW: usize = 8;

/// The paths of fields, each with its slot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    root: Node,
    slots: usize,
    /// Members that are called like a whole path, with its slot.
    literals: Vec<(Box<str>, usize)>,
}

/// What is declared at a place of an event, and below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// The place, as reasons say it; empty for the event itself.
    pub(super) at: Box<str>,
    /// Whether the last name on the way here is written in JSON as it is.
    plain: bool,
    pub(super) slot: Option<usize>,
    pub(super) members: Members,
    pub(super) elements: Vec<(usize, Node)>,
}

/// The declared members of an object, by their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Members {
    nodes: Vec<(Box<str>, Node)>,
    places: HashMap<Box<str>, usize>,
}

impl Declared {
    /// The slot of the field at `path`; the same place has the same slot.
    pub(crate) fn declare(&mut self, path: &Path) -> usize {
        // `$` alone is no place in an event: a member may be called so.
        let itself = [Step::Member(WHOLE.into())];
        let steps = if path.steps.is_empty() { &itself[..] } else { &path.steps };
        let mut node = &mut self.root;
        for (index, step) in steps.iter().enumerate() {
            let at = || Path::to(steps[..=index].to_vec());
            node = match step {
                Step::Member(name) => node.members.of(name, || at().to_string().into()),
                Step::Element(element) => node.element(*element as usize, || at().to_string().into()),
            };
        }
        let slot = *node.slot.get_or_insert(self.slots);
        self.slots = self.slots.max(slot + 1);
        if let Some(name) = &path.literal {
            self.literals.push((name.clone(), slot));
        }
        slot
    }

    /// Lets each path be found as the name of a member too, where no path of one step is called so.
    pub(crate) fn with_literals(mut self) -> Self {
        for (name, slot) in std::mem::take(&mut self.literals) {
            let node = self.root.members.of(&name, || name.clone());
            if node.slot.is_none() && node.is_leaf() {
                node.slot = Some(slot);
            }
        }
        self
    }

    /// Whether `name` is a member of the event that is declared, or leads to one.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        self.root.members.find(name).is_some()
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    pub(super) fn root(&self) -> &Node {
        &self.root
    }
}

impl Node {
    /// Whether nothing is declared below.
    pub(super) fn is_leaf(&self) -> bool {
        self.members.nodes.is_empty() && self.elements.is_empty()
    }

    /// Calls `visit` with each slot here and below.
    pub(super) fn each_slot(&self, visit: &mut impl FnMut(usize)) {
        self.slot.iter().copied().for_each(&mut *visit);
        let members = self.members.nodes.iter().map(|(_, node)| node);
        for node in members.chain(self.elements.iter().map(|(_, node)| node)) {
            node.each_slot(visit);
        }
    }

    /// The declared element with an index.
    pub(super) fn at_index(&self, index: usize) -> Option<&Self> {
        self.elements.iter().find(|(at, _)| *at == index).map(|(_, node)| node)
    }

    fn element(&mut self, index: usize, at: impl FnOnce() -> Box<str>) -> &mut Self {
        let there = self.elements.iter().position(|(at, _)| *at == index);
        let place = there.unwrap_or_else(|| {
            self.elements.push((index, Self { at: at(), ..Self::default() }));
            self.elements.len() - 1
        });
        &mut self.elements[place].1
    }
}

impl Members {
    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The member at a place, if its name is written in JSON as it is.
    pub(super) fn plain(&self, place: usize) -> Option<(&str, &Node)> {
        let (name, node) = self.nodes.get(place)?;
        node.plain.then_some((name, node))
    }

    /// The member called `name`, and its place among the others.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Node)> {
        let place = if self.nodes.len() <= FEW {
            self.nodes.iter().position(|(there, _)| **there == *name)?
        } else {
            *self.places.get(name)?
        };
        Some((place, &self.nodes[place].1))
    }

    fn of(&mut self, name: &str, at: impl FnOnce() -> Box<str>) -> &mut Node {
        let place = *self.places.entry(name.into()).or_insert_with(|| {
            let plain = !name.contains(['"', '\\']);
            self.nodes.push((name.into(), Node { at: at(), plain, ..Node::default() }));
            self.nodes.len() - 1
        });
        &mut self.nodes[place].1
    }
}
