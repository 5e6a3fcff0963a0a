//! Which stack waits for which. Pure.
//!
//! Names that are not in the graph are nothing to wait for: a stack that an environment leaves out,
//! or one that is there already.

use std::collections::{BTreeMap, BTreeSet};

/// Stacks and what each of them needs first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    needs: BTreeMap<String, BTreeSet<String>>,
}

/// Why there is no order.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("these stacks wait for each other without end: {}", .0.join(", "))]
pub struct Cycle(pub Vec<String>);

impl Graph {
    /// The graph of these stacks. Fails when some of them need each other.
    pub fn new<'a, N>(stacks: impl IntoIterator<Item = (&'a str, N)>) -> Result<Self, Cycle>
    where
        N: IntoIterator<Item = &'a str>,
    {
        let mut needs: BTreeMap<String, BTreeSet<String>> = stacks
            .into_iter()
            .map(|(name, first)| (name.to_owned(), first.into_iter().map(str::to_owned).collect()))
            .collect();
        let names: BTreeSet<String> = needs.keys().cloned().collect();
        for first in needs.values_mut() {
            first.retain(|name| names.contains(name));
        }
        let graph = Self { needs };
        let ordered: BTreeSet<String> = graph.order().into_iter().collect();
        if ordered.len() == names.len() {
            return Ok(graph);
        }
        Err(Cycle(names.difference(&ordered).cloned().collect()))
    }

    /// The same stacks, each after those that need it: the order of deletion.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut needs: BTreeMap<String, BTreeSet<String>> =
            self.needs.keys().map(|name| (name.clone(), BTreeSet::new())).collect();
        for (name, first) in &self.needs {
            for other in first {
                needs.entry(other.clone()).or_default().insert(name.clone());
            }
        }
        Self { needs }
    }

    /// What a stack waits for.
    pub fn needs(&self, name: &str) -> impl Iterator<Item = &str> {
        self.needs.get(name).into_iter().flatten().map(String::as_str)
    }

    /// These stacks and all that they need.
    pub fn closure<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = names.into_iter().filter(|name| self.needs.contains_key(*name)).collect();
        while let Some(name) = open.pop() {
            if found.insert(name.to_owned()) {
                open.extend(self.needs(name));
            }
        }
        found
    }

    /// Every stack after what it needs, by name where the graph leaves the choice.
    pub fn order(&self) -> Vec<String> {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        let mut order = Vec::new();
        loop {
            let ready: Vec<&str> = self
                .needs
                .iter()
                .filter(|(name, first)| {
                    !done.contains(name.as_str()) && first.iter().all(|other| done.contains(other.as_str()))
                })
                .map(|(name, _)| name.as_str())
                .collect();
            if ready.is_empty() {
                return order;
            }
            order.extend(ready.iter().map(|name| (*name).to_owned()));
            done.extend(ready);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        Graph::new([
            ("consumer", vec!["artifacts", "ingest", "store"]),
            ("ingest", vec!["absent"]),
            ("store", vec![]),
            ("artifacts", vec![]),
            ("lake", vec!["ingest", "artifacts"]),
        ])
        .expect("no cycle")
    }

    #[test]
    fn a_stack_comes_after_what_it_needs() {
        assert_eq!(graph().order(), ["artifacts", "ingest", "store", "consumer", "lake"]);
    }

    #[test]
    fn deletion_goes_the_other_way() {
        assert_eq!(graph().reversed().order(), ["consumer", "lake", "artifacts", "ingest", "store"]);
    }

    #[test]
    fn a_choice_brings_what_it_needs() {
        let table: [(&[&str], &[&str]); 3] =
            [(&["store"], &["store"]), (&["lake"], &["artifacts", "ingest", "lake"]), (&["nowhere"], &[])];
        for (names, expected) in table {
            let closure = graph().closure(names.iter().copied());
            assert_eq!(closure.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn stacks_that_need_each_other_are_named() {
        let cycle = Graph::new([("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["b"]), ("d", vec![])]);
        assert_eq!(cycle, Err(Cycle(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()])));
    }
}
