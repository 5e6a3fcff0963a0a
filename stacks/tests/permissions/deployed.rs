//! What is deployed and in no template any more can still be removed.

use std::collections::{BTreeMap, BTreeSet};

use stacks::Stack;
use stacks::bootstrap::permissions::{self, Effect, Policy};
use stacks::bootstrap::{deployed, gone};

use crate::evaluator::{Request, allows};
use crate::fixture::{Place, overridden, shipped};

const FLINK: &str = "{ kind = \"flink\", parallelism = 1 }";

/// The stacks of an environment as CloudFormation would hand them back.
fn read_back(place: &Place) -> Vec<Stack> {
    let read = |stack: &Stack| {
        let parameters: BTreeMap<String, String> = stack
            .parameters
            .keys()
            .map(|name| (name.clone(), format!("arn:aws:s3:::sluice-{}-{name}", place.environment.name)))
            .collect();
        let template = stack.template.to_json();
        deployed(&place.environment, stack.name, &template, &parameters).expect("a stack of the table")
    };
    place.stacks.iter().map(read).collect()
}

fn kinds(place: &Place) -> BTreeSet<&'static str> {
    let resources = place.stacks.iter().flat_map(|stack| stack.template.resources().values());
    resources.map(stacks::cfn::Resource::kind).collect()
}

fn actions(policies: &[Policy]) -> BTreeSet<String> {
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    let statements = statements.filter(|statement| statement.effect == Effect::Allow);
    statements.flat_map(|statement| statement.actions.iter().cloned()).collect()
}

#[test]
fn what_is_deployed_as_it_shall_be_changes_no_policy() {
    for name in ["dev", "prod"] {
        let place = shipped(name);
        let read = read_back(&place);
        assert!(gone(&read, &place.stacks).is_empty(), "{name}");
        let both = Place { stacks: [place.stacks.clone(), read].concat(), ..place.clone() };
        assert_eq!(both.deploy(), place.deploy(), "{name}");
        assert_eq!(both.plan(), place.plan(), "{name}");
        assert_eq!(both.boundary(), place.boundary(), "{name}");
    }
}

#[test]
fn what_is_gone_from_the_templates_can_be_removed() {
    let changes = [
        ("dev", "consumer", FLINK),
        ("dev", "grafana", "{ kind = \"none\" }"),
        ("dev", "twin.enabled", "false"),
        ("dev", "simulator.enabled", "false"),
        ("prod", "consumer", "{ kind = \"lambda\" }"),
        ("prod", "grafana", "{ kind = \"managed\" }"),
    ];
    for (name, key, value) in changes {
        let (before_place, after_place) = (shipped(name), overridden(name, &[(key, value)]));
        let read = read_back(&before_place);
        assert!(!gone(&read, &after_place.stacks).is_empty(), "{name}: {key}");
        let kept = Place { stacks: [after_place.stacks.clone(), read].concat(), ..after_place.clone() };
        let (before, after) = (actions(&before_place.deploy()), actions(&after_place.deploy()));
        let both = actions(&kept.deploy());
        let missing: Vec<_> = before.union(&after).filter(|action| !both.contains(*action)).collect();
        assert!(missing.is_empty(), "{name}: {key}: {missing:?}");
        // Stacks that are added may have each type that goes.
        let goes = kinds(&before_place).difference(&kinds(&after_place)).next().is_some();
        assert!(!goes || !before.is_subset(&after), "{name}: {key} takes nothing away, so it shows nothing");
        // They fit into what IAM takes, too.
        assert!(!kept.plan().is_empty() && !kept.boundary().statements.is_empty(), "{name}: {key}");
    }
}

/// An environment that was deployed before it was bootstrapped has a bucket of its own.
#[test]
fn the_bucket_that_is_no_longer_used_can_be_removed() {
    let (before, after) = (overridden("dev", &[("bootstrap", "false")]), shipped("dev"));
    let read = read_back(&before);
    let gone = gone(&read, &after.stacks);
    assert_eq!(
        gone,
        BTreeMap::from([("sluice-dev-artifacts", vec!["AWS::S3::Bucket", "AWS::S3::BucketPolicy"])])
    );
    let bucket = "arn:aws:s3:::sluice-dev-artifacts-artifactbucket-0123456789ab";
    let request = Request::new("s3:DeleteBucket", bucket, &[]);
    let stacks = [after.stacks.clone(), read].concat();
    let kept = permissions::deploy(&stacks, &after.environment).expect("policies");
    assert!(allows(&kept, &request));
    assert!(!allows(&after.deploy(), &request));
}
