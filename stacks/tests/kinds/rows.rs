//! The rows, walked.

use std::collections::BTreeSet;

use stacks::cfn::{Policy, Resource};
use stacks::environment::OnDelete;
use stacks::invariants::{Breach, check};
use stacks::kinds::{self, AtMostOnce, Data, Kind, Name, Tags};

use crate::fixture::{EVERY_STACK, stacks_of};

fn resources(stacks: &[stacks::Stack]) -> impl Iterator<Item = (&stacks::Stack, &Resource)> {
    stacks.iter().flat_map(|stack| stack.template.resources().values().map(move |resource| (stack, resource)))
}

#[test]
fn every_type_of_a_template_has_a_row_and_no_row_is_idle() {
    let used: BTreeSet<&str> = resources(&EVERY_STACK).map(|(_, resource)| resource.kind()).collect();
    let unknown: Vec<_> = used.iter().filter(|kind| kinds::of(kind).is_none()).collect();
    assert!(
        unknown.is_empty(),
        "{unknown:?} have no row: add one to the file of their service in stacks/src/kinds"
    );
    let idle = |kind: &&Kind| !used.contains(kind.name);
    assert_eq!(
        kinds::all().filter(idle).map(|kind| kind.name).collect::<Vec<_>>(),
        [""; 0],
        "in no template"
    );
    let stand_ins = kinds::all().filter_map(Kind::stand_in);
    assert_eq!(stand_ins.filter(|name| !used.contains(name)).collect::<Vec<_>>(), [""; 0], "in no template");
}

#[test]
fn every_row_is_about_one_type_of_its_service() {
    let mut names = BTreeSet::new();
    for kind in kinds::all() {
        assert!(kind.name.starts_with("AWS::"), "{}", kind.name);
        for name in [Some(kind.name), kind.stand_in()].into_iter().flatten() {
            assert!(names.insert(name), "{name} is there twice");
            assert_eq!(kinds::of(name).map(|kind| kind.name), Some(kind.name));
            assert_eq!(kinds::stands_for(name), kind.name);
        }
    }
    assert_eq!(kinds::stands_for("AWS::New::Thing"), "AWS::New::Thing");
}

/// A reason is a part of a sentence, which says more than that it is so.
#[test]
fn what_a_type_lacks_it_lacks_for_a_reason() {
    for kind in kinds::all() {
        for reason in kind.reasons() {
            assert!(reason.split(' ').count() > 2 && !reason.ends_with('.'), "{}: {reason:?}", kind.name);
        }
    }
}

#[test]
fn what_is_said_of_properties_fits_together() {
    for kind in kinds::all() {
        let both = kind.replaced_by.iter().find(|name| kind.immutable.contains(name));
        assert_eq!(both, None, "{}", kind.name);
        if let AtMostOnce::By(pointers) = kind.at_most_once {
            assert!(!pointers.is_empty() && pointers.iter().all(|at| at.starts_with('/')), "{}", kind.name);
        }
        if let Name::Own { at, longest, .. } = kind.naming.name {
            assert!(at.starts_with('/') && longest > 0, "{}", kind.name);
        }
    }
}

/// No stack says it: what becomes of a resource follows from its type and from its environment.
#[test]
fn whatever_holds_data_says_what_becomes_of_it() {
    let gone = (Some(Policy::Delete), Some(Policy::Delete));
    let kept = (Some(Policy::RetainExceptOnCreate), Some(Policy::Retain));
    let mut seen = BTreeSet::new();
    for (stack, resource) in resources(&EVERY_STACK) {
        let kind = kinds::of(resource.kind()).expect("a row");
        let by_environment = if stack.on_delete == OnDelete::Retain { kept } else { gone };
        let found = (resource.deletion_policy(), resource.update_replace_policy());
        let snapshot = (Some(Policy::Snapshot), Some(Policy::Snapshot));
        let expected = match kind.data {
            // An environment may ask for a final snapshot of what goes.
            Data::HoldsData(_) if stack.on_delete == OnDelete::Delete && found == snapshot => snapshot,
            Data::HoldsData(_) | Data::GoesWithData(_) => by_environment,
            Data::GoesWithStack(_) => gone,
            Data::Stays(_) => kept,
            // What data that stays refers to stays with it.
            Data::HoldsNothing(_) if stack.on_delete == OnDelete::Retain && found == kept => kept,
            Data::HoldsNothing(_) => (None, None),
        };
        assert_eq!(found, expected, "{} {}", stack.stack_name, kind.name);
        if kind.holds_data() {
            seen.insert((kind.name, stack.on_delete == OnDelete::Retain));
        }
    }
    let held = kinds::all().filter(|kind| kind.holds_data()).count();
    assert_eq!(seen.len(), 2 * held, "each type that holds data, where it goes and where it stays: {seen:?}");
    // What can be built again goes wherever it is.
    let alone = stacks_of("prod", &[("on_delete", "retain"), ("bootstrap", "false")]);
    let artifacts = alone.iter().find(|stack| stack.name == "artifacts").expect("the stack of archives");
    assert_eq!(artifacts.on_delete, OnDelete::Delete);
}

/// And the finished template is read again: whichever type forgot it would be noticed.
#[test]
fn whatever_forgets_it_is_noticed() {
    for name in ["dev", "local"] {
        let mut stacks = stacks_of(name, &[]);
        let mut expected = Vec::new();
        for stack in &mut stacks {
            for (id, resource) in stack.template.resources_mut() {
                if resource.deletion_policy().is_some() {
                    let mut bare = Resource::new(resource.kind(), resource.properties().clone());
                    for (key, value) in resource.metadata() {
                        let key = ["checkov", "cfn-lint", "sluice:accepted", "sluice:stored"]
                            .into_iter()
                            .find(|known| known == key);
                        bare = bare.metadata_entry(key.expect("a known key"), value.clone());
                    }
                    *resource = bare;
                    expected.push(id.to_string());
                }
            }
        }
        let found: Vec<_> = check(&stacks)
            .into_iter()
            .filter(|violation| violation.breach == Breach::NoDataPolicy)
            .filter_map(|violation| violation.resource)
            .collect();
        assert!(found.len() > 10, "{name}: {found:?}");
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn whatever_is_named_by_an_arn_is_known() {
    for (arn, expected) in [
        ("arn:aws:kinesis:eu-west-1:1:stream/s", Some(("AWS::Kinesis::Stream", "s"))),
        ("arn:aws:logs:eu-west-1:1:log-group:/a/b:*", Some(("AWS::Logs::LogGroup", "/a/b"))),
        ("arn:aws:logs:eu-west-1:1:log-group:/a/b:log-stream:c", Some(("AWS::Logs::LogStream", "c"))),
        ("arn:aws:timestream:eu-west-1:1:database/d", Some(("AWS::Timestream::Database", "d"))),
        ("arn:aws:timestream:eu-west-1:1:database/d/table/t", Some(("AWS::Timestream::Table", "t"))),
        (
            "arn:aws:ecs:eu-west-1:1:task-definition/a:1",
            Some(("AWS::ECS::TaskDefinition", "arn:aws:ecs:eu-west-1:1:task-definition/a:1")),
        ),
        ("arn:aws:ecs:eu-west-1:1:container-instance/a", None),
        ("arn:aws:s3:::bucket", Some(("AWS::S3::Bucket", "bucket"))),
        ("arn:aws:sqs:eu-west-1:1:", None),
        ("no ARN", None),
    ] {
        let found = kinds::named_by(arn).map(|(kind, name)| (kind.name, name));
        assert_eq!(found, expected, "{arn}");
    }
}

/// The form of tags is the type's, and each type that has one is tagged in every stack.
#[test]
fn whatever_can_be_tagged_is_tagged() {
    for (stack, resource) in resources(&EVERY_STACK) {
        let there = match kinds::of(resource.kind()).expect("a row").tags {
            Tags::List(property) => resource.property(property).is_array(),
            Tags::Map(property) => resource.property(property).is_object(),
            Tags::None(_) => resource.property("Tags").is_null(),
        };
        assert!(there, "{} {}", stack.stack_name, resource.kind());
    }
}
