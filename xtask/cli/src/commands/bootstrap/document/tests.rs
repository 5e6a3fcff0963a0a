//! The page of a bootstrap, as it is reviewed.

use super::*;
use session::Project;

fn prepared(name: &str, repository: Option<&str>) -> Prepare {
    let loaded = Project::locate().load_sample(name, &[]);
    let (_, environment) = loaded.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    let repository = repository.map(|text| text.parse::<Repository>().expect("a repository"));
    Prepare::of(&environment, repository.as_ref())
}

fn place(stacks: &[(&str, &'static str, Option<&str>)]) -> Place {
    let ended = |(name, became, error): &(&str, &'static str, Option<&str>)| Ended {
        stack_name: (*name).to_owned(),
        became,
        error: error.map(str::to_owned),
    };
    Place {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        bucket: "sluice-artifacts-111122223333-eu-central-1".to_owned(),
        provider: "found",
        stacks: stacks.iter().map(ended).collect(),
    }
}

fn of(accounts: Vec<Place>, environments: Vec<Prepare>) -> Bootstrapped {
    let left_out = LeftOut {
        environment: "local".to_owned(),
        why: "its file does not say `bootstrap = true`".to_owned(),
    };
    let cautions = overheard(&environments).into_iter().collect();
    let mut document = Bootstrapped { ok: true, accounts, environments, left_out: vec![left_out], cautions };
    document.ok = document.failed() == 0;
    document
}

fn reviewed(name: &str, document: &Bootstrapped) {
    let (mut text, mut markdown) = (String::new(), String::new());
    document.text(&mut text).and_then(|()| document.markdown(&mut markdown)).expect("text");
    let both = format!("{}\n======== Markdown\n{markdown}", anstream::adapter::strip_str(&text));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, both);
    });
}

#[test]
fn what_is_left_to_do_is_said_as_commands() {
    let stacks = [
        ("sluice-bootstrap", "unchanged", None),
        ("sluice-bootstrap-dev", "created", None),
        ("sluice-bootstrap-preview", "unchanged", None),
        ("sluice-bootstrap-prod", "updated", None),
    ];
    let repository = Some("octo-org/octo-repo");
    let names = ["dev", "preview", "prod"];
    let environments = names.map(|name| prepared(name, repository)).into();
    reviewed("prepared", &of(vec![place(&stacks)], environments));
}

#[test]
fn previews_beside_production_are_cautioned_about() {
    for (names, expected) in [
        (["preview", "prod"].as_slice(), Some("preview and prod share an account and a Region")),
        (&["preview", "dev"], None),
        (&["dev", "prod"], None),
        (&["prod"], None),
    ] {
        let environments: Vec<Prepare> = names.iter().map(|name| prepared(name, None)).collect();
        let caution = overheard(&environments);
        match expected {
            Some(beginning) => {
                assert!(caution.is_some_and(|caution| caution.starts_with(beginning)), "{names:?}");
            }
            None => assert_eq!(caution, None, "{names:?}"),
        }
    }
}

#[test]
fn branches_deploy_instances_and_main_the_others() {
    let commands = |name| prepared(name, Some("octo-org/octo-repo")).commands().join("\n");
    for (name, limited) in [("dev", true), ("prod", true), ("preview", false)] {
        let (put, post) = ("custom_branch_policies]=true", "deployment-branch-policies -f name=main");
        let commands = commands(name);
        for part in [put, post] {
            let count = commands.matches(part).count();
            assert_eq!(count, usize::from(limited), "{name}: {commands}");
        }
        assert!(!commands.contains(&format!("{name}-plan -F")), "{name}: {commands}");
    }
}

#[test]
fn without_a_repository_there_is_nothing_to_tell_it() {
    let stacks = [("sluice-bootstrap", "created", None), ("sluice-bootstrap-dev", "created", None)];
    let document = of(vec![place(&stacks)], vec![prepared("dev", None)]);
    reviewed("prepared-for-nobody", &document);
}

#[test]
fn a_failure_ends_with_its_reason() {
    let why = "Boundary (AWS::IAM::ManagedPolicy): A policy called sluice-dev-boundary already exists. \
                   [ROLLBACK_COMPLETE]";
    let stacks = [("sluice-bootstrap", "created", None), ("sluice-bootstrap-dev", "failed", Some(why))];
    let document = of(vec![place(&stacks)], vec![prepared("dev", Some("octo-org/octo-repo"))]);
    assert!(!document.ok);
    reviewed("failed", &document);
}
