//! What a person reads of a cleanup.

use engine::cleanup::findings::Deed;

use super::*;
use crate::report::shown;

fn found() -> Findings {
    let bucket = "sluice-artifacts-111122223333-eu-west-1";
    let stale = |key: &str, bytes| Stale {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        bytes,
        versions: vec![None],
    };
    let expired = |environment: &str, kept: Option<&str>| Expired {
        environment: environment.to_owned(),
        expires: "2026-11-20".parse().expect("a day"),
        stacks: 7,
        kept: kept.map(str::to_owned),
    };
    Findings {
        scope: "preview-*".to_owned(),
        artifacts: vec![
            stale("preview-12/kinesis-consumer/aa.zip", 3_500_000),
            stale("preview-12/templates/lake/bb.json", 61_000),
        ],
        log_groups: vec![Orphan { name: "/sluice/preview-12/twin/connector".to_owned(), bytes: 2_048 }],
        strangers: vec![Stranger {
            name: "/sluice/preview-12/mine".to_owned(),
            why: "it has no tag, and no stack gives such a name".to_owned(),
        }],
        change_sets: vec![ChangeSet {
            stack_name: "sluice-preview-12-lake".to_owned(),
            name: "sluice-0123456789abcdef".to_owned(),
            id: "arn:change-set".to_owned(),
        }],
        expired: vec![
            expired("preview-7", None),
            expired("preview-9", Some("its stacks were deployed with `on_delete = \"retain\"`")),
        ],
        held: vec![Held {
            environment: "preview-13".to_owned(),
            why: "sluice-preview-13-lake is in UPDATE_IN_PROGRESS".to_owned(),
        }],
    }
}

#[test]
fn findings_are_as_reviewed() {
    insta::assert_snapshot!("found", shown(&found()));
    let nothing = Findings { scope: "dev".to_owned(), ..Findings::default() };
    assert!(nothing.is_empty());
    insta::assert_snapshot!("nothing", shown(&nothing));
    let kept = Findings { expired: found().expired.split_off(1), ..nothing };
    assert!(kept.is_empty(), "what stays is nothing to remove");
}

#[test]
fn what_was_removed_is_as_reviewed() {
    let swept = |failed| Swept { deed: Deed::Removed, found: found(), receipts: Vec::new(), failed };
    let done = swept(Vec::new());
    assert!(done.is_clean());
    insta::assert_snapshot!("removed", shown(&done));
    let failed = Failed { what: "preview-7".to_owned(), why: "AccessDenied: not you".to_owned() };
    let partly = swept(vec![failed]);
    assert!(!partly.is_clean());
    insta::assert_snapshot!("removed-partly", shown(&partly));
}

/// Between what a person answered for and what is found then, only what both have goes.
#[test]
fn only_what_was_shown_and_is_still_there_goes() {
    let shown = found();
    let mut later = found();
    later.artifacts.remove(0);
    later.artifacts[0].versions.push(Some("new".to_owned()));
    later.artifacts.push(Stale { key: "preview-12/new.zip".to_owned(), ..later.artifacts[0].clone() });
    later.log_groups[0].name.push_str("-new");
    later.change_sets[0].id.push_str("-new");
    let still = later.still(&shown);
    assert_eq!(still.artifacts, shown.artifacts[1..]);
    assert_eq!((still.log_groups, still.change_sets), (Vec::new(), Vec::new()));
}
