//! Which objects of a bucket for code no stack needs: what is used is marked, the rest is swept. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::live::Live;
use artifacts::digest::hex;

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Key of the object.
    pub key: String,
    /// Id of the version; of a bucket without versions, `null` or nothing.
    pub id: Option<String>,
    /// Whether it is what the key stands for now.
    pub latest: bool,
    /// When it was written, in seconds since 1970.
    pub modified: i64,
    /// Its size. Of a mark of deletion, 0.
    pub bytes: u64,
}

/// A key that nothing uses, with all of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Size of all versions.
    pub bytes: u64,
    /// The versions that go.
    #[serde(skip)]
    pub versions: Vec<Option<String>>,
}

/// What is kept although nothing uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What was written after this moment, in seconds since 1970: a deployment under way may need it.
    pub before: i64,
    /// How many of the latest of each archive and template.
    pub keep: usize,
    /// Change sets that were made after this moment: they may wait for an approval.
    pub change_sets_before: i64,
}

/// The keys that these stacks use: those in their parameters, and those of their templates.
pub fn marked(environment: &str, live: &[&Live]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for stack in live {
        keys.extend(stack.values.iter().cloned());
        let name = stack.stack_name.strip_prefix(&format!("sluice-{environment}-"));
        let hash = hex(&Sha256::digest(&stack.template));
        keys.extend(name.map(|name| format!("{environment}/templates/{name}/{hash}.json")));
    }
    keys
}

/// What goes of the objects of an environment. What does not lie below its name is none of them, whatever
/// was listed.
pub fn stale(
    bucket: &str,
    environment: &str,
    versions: &[Version],
    marked: &BTreeSet<String>,
    rule: Rule,
) -> Vec<Stale> {
    let prefix = format!("{environment}/");
    let mut by_key: BTreeMap<&str, Vec<&Version>> = BTreeMap::new();
    for version in versions.iter().filter(|version| version.key.starts_with(&prefix)) {
        by_key.entry(&version.key).or_default().push(version);
    }
    let newest = |versions: &[&Version]| versions.iter().map(|version| version.modified).max();
    let mut unused: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
    for (key, versions) in by_key.iter().filter(|(key, _)| !marked.contains(**key)) {
        let what = key.rsplit_once('/').map_or(*key, |(what, _)| what);
        unused.entry(what).or_default().push((newest(versions).unwrap_or(i64::MAX), key));
    }
    let mut going = BTreeSet::new();
    for keys in unused.values_mut() {
        keys.sort_by(|a, b| b.cmp(a));
        going.extend(
            keys.iter().skip(rule.keep).filter(|(modified, _)| *modified < rule.before).map(|(_, key)| *key),
        );
    }
    let of_key = |(key, versions): (&str, Vec<&Version>)| {
        // Of a key that is used, what it stood for earlier is used no more.
        let goes = |version: &&Version| {
            going.contains(key) || (marked.contains(key) && !version.latest && version.modified < rule.before)
        };
        let gone: Vec<&Version> = versions.into_iter().filter(goes).collect();
        (!gone.is_empty()).then(|| Stale {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            bytes: gone.iter().map(|version| version.bytes).sum(),
            versions: gone.into_iter().map(|version| version.id.clone()).collect(),
        })
    };
    by_key.into_iter().filter_map(of_key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const NOW: i64 = 100 * DAY;

    fn version(key: &str, days: i64) -> Version {
        Version { key: key.to_owned(), id: None, latest: true, modified: NOW - days * DAY, bytes: 10 }
    }

    fn keys(versions: &[Version], marked: &[&str], keep: usize) -> Vec<String> {
        let marked = marked.iter().map(|key| (*key).to_owned()).collect();
        let rule = Rule { before: NOW - DAY, keep, change_sets_before: NOW };
        stale("b", "test", versions, &marked, rule).into_iter().map(|stale| stale.key).collect()
    }

    #[test]
    fn what_is_used_or_new_or_another_environments_stays() {
        let versions = [
            version("test/consumer/used.zip", 50),
            version("test/consumer/old.zip", 50),
            version("test/consumer/older.zip", 60),
            version("test/consumer/new.zip", 0),
            version("test/templates/lake/old.json", 9),
            version("test2/consumer/old.zip", 50),
            version("test-2/consumer/old.zip", 50),
            version("testing", 50),
            version("test", 50),
            version("other/test/old.zip", 50),
        ];
        let used = ["test/consumer/used.zip"];
        let old = ["test/consumer/old.zip", "test/consumer/older.zip", "test/templates/lake/old.json"];
        assert_eq!(keys(&versions, &used, 0), old);
        // The latest of each that nothing uses is the new one of the consumer, and the only one of the lake.
        assert_eq!(keys(&versions, &used, 1), old[..2]);
        assert_eq!(keys(&versions, &used, 2), old[1..2]);
        assert_eq!(keys(&versions, &used, 3), Vec::<String>::new());
        // Without any stack, everything old is unused.
        assert_eq!(keys(&versions, &[], 0).len(), 4);
    }

    /// The moment of the grace itself is within it.
    #[test]
    fn what_is_as_old_as_the_grace_stays() {
        let exactly = version("test/a/1.zip", 1);
        let older = Version { modified: exactly.modified - 1, ..version("test/a/2.zip", 1) };
        assert_eq!(keys(&[exactly, older], &[], 0), ["test/a/2.zip"]);
    }

    #[test]
    fn versions_go_with_their_key() {
        let of = |id: &str, latest, days| Version {
            id: Some(id.to_owned()),
            latest,
            ..version("test/a/1.zip", days)
        };
        let versions = [of("3", true, 5), of("2", false, 6), of("1", false, 0)];
        let rule = Rule { before: NOW - DAY, keep: 0, change_sets_before: NOW };
        let sweep = |marked: &[&str], versions: &[Version]| -> Vec<String> {
            let marked = marked.iter().map(|key| (*key).to_owned()).collect();
            let stale = stale("b", "test", versions, &marked, rule);
            stale.into_iter().flat_map(|stale| stale.versions).flatten().collect()
        };
        // One version is new: somebody is at it.
        assert_eq!(sweep(&[], &versions), Vec::<String>::new());
        assert_eq!(sweep(&[], &versions[..2]), ["3", "2"]);
        assert_eq!(sweep(&["test/a/1.zip"], &versions), ["2"]);
    }
}
