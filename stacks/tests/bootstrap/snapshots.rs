//! The templates: each as it is reviewed, and what their invariants say.

use serde_json::{Value, json};
use stacks::bootstrap::{ACCOUNT, Provider, TAG};
use stacks::cfn::{LogicalId, Resource};
use stacks::invariants::{Breach, check};
use stacks::tags::ENVIRONMENT_TAG;
use stacks::{Stack, cfn};

use crate::fixture::{ENVIRONMENTS, environment, prepared, repository};

fn template(stack: &Stack) -> Value {
    serde_json::from_str(&stack.template.to_json()).expect("JSON")
}

/// Without what the policies say, which is derived, and reviewed where it is.
fn readable(stack: &Stack) -> Value {
    let mut template = template(stack);
    for (_, resource) in template["Resources"].as_object_mut().into_iter().flatten() {
        if resource["Type"] == "AWS::IAM::ManagedPolicy" {
            assert!(resource["Properties"]["PolicyDocument"]["Statement"].is_array());
            resource["Properties"]["PolicyDocument"] = json!("(derived)");
            resource.as_object_mut().expect("a resource").remove("Metadata");
        }
    }
    template
}

#[test]
fn templates_are_as_reviewed() {
    for name in ENVIRONMENTS {
        let stacks = prepared(&environment(name, &[]), Provider::Made, Some(&repository()));
        for stack in stacks {
            // The account's is the same for all of them.
            insta::with_settings!({ prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stack.stack_name.clone(), format!("{:#}\n", readable(&stack)));
            });
        }
    }
}

#[test]
fn nothing_is_broken_and_nothing_belongs_to_an_environment() {
    for name in ENVIRONMENTS {
        for repository in [None, Some(repository())] {
            let stacks = prepared(&environment(name, &[]), Provider::Made, repository.as_ref());
            let violations: Vec<String> = check(&stacks).iter().map(ToString::to_string).collect();
            assert_eq!(violations, Vec::<String>::new(), "{name}");
            let owners: Vec<_> = stacks.iter().map(|stack| stack.tags[TAG].as_str()).collect();
            assert_eq!(owners, [ACCOUNT, environment(name, &[]).file_name()]);
            for stack in &stacks {
                assert!(!stack.tags.contains_key(ENVIRONMENT_TAG), "destroy would find {}", stack.stack_name);
                assert!(stack.template.to_json().len() < cfn::TEMPLATE_LIMIT_BYTES);
            }
        }
    }
}

/// Without a repository nobody takes a role; a boundary is there all the same.
#[test]
fn roles_are_for_a_repository() {
    let kinds = |stack: &Stack| -> Vec<&'static str> {
        let mut kinds: Vec<_> = stack.template.resources().values().map(Resource::kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    };
    let [account, roles] = prepared(&environment("dev", &[]), Provider::Absent, None);
    assert_eq!(kinds(&account), ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"]);
    assert_eq!(kinds(&roles), ["AWS::IAM::ManagedPolicy"]);
    assert_eq!(roles.template.resources().len(), 1);

    let [account, roles] = prepared(&environment("dev", &[]), Provider::Made, Some(&repository()));
    assert_eq!(kinds(&account), ["AWS::IAM::OIDCProvider", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"]);
    assert_eq!(kinds(&roles), ["AWS::IAM::ManagedPolicy", "AWS::IAM::Role"]);
    for (role, environment) in [("Deploy", "dev"), ("Plan", "dev-plan")] {
        let trusted =
            &template(&roles)["Resources"][format!("{role}Role")]["Properties"]["AssumeRolePolicyDocument"];
        let subject = format!("repo:octo-org/octo-repo:environment:{environment}\"");
        assert!(trusted.to_string().contains(&subject), "{trusted}");
    }
}

/// IAM has one provider for an issuer: where it is there already, no stack makes it or takes it along.
#[test]
fn a_provider_that_is_there_is_used() {
    let dev = environment("dev", &[]);
    let local = environment("local", &[("bootstrap", "true")]);
    for (environment, provider, made, named) in [
        (&dev, Provider::Absent, false, false),
        (&dev, Provider::Found, false, true),
        (&dev, Provider::Made, true, true),
        // The emulator does not know the type.
        (&local, Provider::Made, false, true),
    ] {
        let [account, _] = prepared(environment, provider, None);
        let template = template(&account);
        assert_eq!(template["Resources"]["GitHubProvider"].is_object(), made, "{provider:?}");
        assert_eq!(template["Outputs"]["GitHubProviderArn"].is_object(), named, "{provider:?}");
    }
    let [account, _] = prepared(&dev, Provider::Made, None);
    assert_eq!(template(&account)["Resources"]["GitHubProvider"]["DeletionPolicy"], "RetainExceptOnCreate");
}

/// One account, one stack: it must not matter for which of its environments it is made.
#[test]
fn environments_of_an_account_agree_on_its_stack() {
    let of = |name| prepared(&environment(name, &[]), Provider::Made, None)[0].template.to_json();
    assert_eq!(of("dev"), of("prod"));
}

/// All instances of a file share one preparation, whichever of them it is made for.
#[test]
fn instances_share_what_is_made_for_their_file() {
    let mut one = environment("dev", &[]);
    let mut other = one.clone();
    for (instance, environment) in [("1", &mut one), ("23", &mut other)] {
        environment.name = format!("preview-{instance}");
        environment.topic_prefix = Some(format!("preview-{instance}"));
    }
    let of = |environment| prepared(environment, Provider::Found, Some(&repository()))[1].clone();
    let (one, other) = (of(&one), of(&other));
    assert_eq!(one.stack_name, "sluice-bootstrap-preview");
    assert_eq!(one, other);
    let template = one.template.to_json();
    assert!(template.contains(":stack/sluice-preview-*"), "{template}");
    assert!(template.contains(":topic/preview-*/dt/"), "{template}");
}

fn broken(stack: usize, id: &'static str, change: impl Fn(&mut Resource)) -> Vec<Breach> {
    let mut stacks = prepared(&environment("dev", &[]), Provider::Made, Some(&repository()));
    let resource = stacks[stack].template.resources_mut().get_mut(&LogicalId::new(id));
    change(resource.unwrap_or_else(|| panic!("no {id}")));
    check(&stacks).into_iter().map(|violation| violation.breach).collect()
}

#[test]
fn a_role_that_is_taken_with_anybodys_token_is_noticed() {
    let key = |claim: &str| format!("token.actions.githubusercontent.com:{claim}");
    let open =
        |claim| Breach::OpenFederation { provider: "token.actions.githubusercontent.com".to_owned(), claim };
    let subject = "repo:octo-org/octo-repo:environment:dev";
    #[rustfmt::skip]
    let cases = [
        (json!({}), vec![open("aud"), open("sub")]),
        (json!({"StringEquals": {key("sub"): subject}}), vec![open("aud")]),
        (json!({"StringEquals": {key("aud"): "sts.amazonaws.com"}}), vec![open("sub")]),
        (json!({"StringEquals": {key("aud"): "sts.amazonaws.com"}, "StringLike": {key("sub"): "repo:octo-org/*"}}), vec![open("sub")]),
        (json!({"StringEquals": {key("aud"): "sts.amazonaws.com"}, "StringLike": {key("sub"): "*"}}), vec![open("sub")]),
        (json!({"StringEquals": {key("aud"): "sts.amazonaws.com"}, "StringEqualsIfExists": {key("sub"): subject}}), vec![open("sub")]),
        (json!({"StringEquals": {key("aud"): "sts.amazonaws.com", key("sub"): [subject, "*"]}}), vec![open("sub")]),
        (json!({"StringEquals": {key("aud"): [], key("sub"): subject}}), vec![open("aud")]),
        (json!({"StringEquals": {key("aud"): "sts.amazonaws.com", key("sub"): subject}}), vec![]),
        (json!({"StringEquals": {key("aud"): "sts.amazonaws.com", key("repository"): "octo-org/octo-repo", key("environment"): "dev"}, "StringLike": {key("sub"): "repo:octo-org@*"}}), vec![]),
    ];
    for (condition, expected) in cases {
        let found = broken(1, "DeployRole", |role| {
            *role.property_mut("/AssumeRolePolicyDocument/Statement/0/Condition").expect("it") =
                condition.clone();
        });
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn names_say_whose_they_are() {
    for (stack, id, property, name, expected) in [
        (0, "ArtifactBucket", "BucketName", json!("sluice-artifacts"), true),
        (0, "ArtifactBucket", "BucketName", json!({"Fn::Sub": "sluice-artifacts-${AWS::AccountId}"}), true),
        (1, "Boundary", "ManagedPolicyName", json!("sluice-boundary"), true),
        (1, "DeployRole", "RoleName", json!("sluice-prod-deploy"), true),
        (1, "DeployRole", "RoleName", json!("sluice-dev-other"), false),
    ] {
        let found = broken(stack, id, |resource| resource.set_property(property, name.clone()));
        let shared = found.iter().any(|breach| matches!(breach, Breach::SharedName { .. }));
        assert_eq!(shared, expected, "{name}: {found:?}");
    }
}
