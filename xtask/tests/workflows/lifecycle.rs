//! The life of a pull request, from its opening to the end of everything that it deployed, by the workflows'
//! own steps.

use serde_json::{Value, json};

use crate::files;
use crate::github::Comment;
use crate::runner::{Ended, Event, Head, Repository};

/// A repository with the shipped environments' names, whose files are that of the local target: dev goes with
/// its data, prod keeps it, and preview has instances. No dashboards: they are not what this is about.
fn repository() -> Repository {
    let text = std::fs::read_to_string(files::root().join("environments/local.toml")).expect("a file");
    let (before, after) = text.split_once("[grafana]\n").expect("a section");
    let (_, after) = after.split_once("\n\n").expect("a section after it");
    let local = format!("{before}[grafana]\nkind = \"none\"\n\n{after}");
    let with = |lines: &str| format!("{lines}\n{local}");
    let prod = local.replace("on_delete = \"delete\"", "on_delete = \"retain\"");
    assert_ne!(prod, local);
    Repository::new(&[
        ("local", local.clone()),
        ("dev", with("topic_prefix = \"dev\"")),
        ("prod", prod),
        ("preview", with("instances = true\ntopic_prefix = \"preview\"")),
    ])
}

/// Whether the environment is deployed.
fn is_there(repository: &Repository, environment: &str, arguments: &[&str]) -> bool {
    let output = repository.xtask(environment, &[&["outputs"], arguments].concat());
    match output.status.code() {
        Some(0) => true,
        Some(5) => false,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The comment with this mark, and there is one.
fn comment(repository: &Repository, pull_request: u64, marker: &str) -> Comment {
    let mark = format!("<!-- sluice:{marker} -->");
    let comments = repository.github.comments(pull_request);
    let mut found = comments.iter().filter(|comment| comment.body.starts_with(&mark));
    let first = found.next().unwrap_or_else(|| panic!("no comment {marker} among {comments:#?}"));
    assert_eq!(found.next(), None, "two comments {marker}");
    first.clone()
}

#[test]
fn every_change_is_checked() {
    let runs = repository().check(&Event::pull_request(12, "opened", Head::Fork)).expect(&[
        "ci.yml: lint",
        "ci.yml: templates (local)",
        "ci.yml: templates (dev)",
        "ci.yml: templates (prod)",
        "ci.yml: templates (preview)",
        "ci.yml: test",
    ]);
    for environment in ["local", "dev", "prod", "preview"] {
        let summary = &runs.job(&format!("ci.yml: templates ({environment})")).summary;
        assert!(summary.contains("nothing found") && summary.contains("store"), "{summary}");
    }
}

#[test]
fn a_pull_request_is_planned_previewed_merged_and_swept() {
    let mut repository = repository();
    let number = 12;
    repository.github.open(number);

    let (plan, preview) = it_is_opened(&mut repository, number);
    it_is_updated(&mut repository, number, &plan, &preview);
    it_is_merged(&mut repository);
    it_is_closed(&mut repository, number, &preview);
    what_stayed_behind_is_swept(&mut repository);
    everything_ends(&mut repository);
}

fn it_is_opened(repository: &mut Repository, number: u64) -> (Comment, Comment) {
    let runs = repository.deliver(&Event::pull_request(number, "opened", Head::Here)).expect(&[
        "deploy.yml: build",
        "deploy.yml: plan (dev)",
        "deploy.yml: plan (prod)",
        "deploy.yml: comment",
        "preview.yml: deploy",
        "preview.yml: comment",
    ]);

    // What both environments would become, in one comment, which the summaries say too.
    let plan = comment(repository, number, "plan");
    for environment in ["dev", "prod"] {
        let summary = &runs.job(&format!("deploy.yml: plan ({environment})")).summary;
        assert!(summary.contains(environment) && summary.contains("EventStream"), "{summary}");
        assert!(plan.body.contains(summary.trim()), "{}\ndoes not have\n{summary}", plan.body);
    }
    assert!(plan.body.contains("https://github.example.com/acme/telemetry/actions/runs/"), "{}", plan.body);
    for environment in ["dev", "prod"] {
        assert!(!is_there(repository, environment, &[]), "a plan makes nothing");
    }

    // The environment of the pull request is there, and its comment says that nothing was lost in it.
    let preview = comment(repository, number, "preview");
    assert!(
        preview.body.contains("preview-12") && preview.body.contains("nothing was lost"),
        "{}",
        preview.body
    );
    assert!(is_there(repository, "preview", &["--instance", "12"]));
    assert_eq!(repository.github.comments(number).len(), 2);
    (plan, preview)
}

fn it_is_updated(repository: &mut Repository, number: u64, plan: &Comment, preview: &Comment) {
    let _ = repository.deliver(&Event::pull_request(number, "synchronize", Head::Here)).expect(&[
        "deploy.yml: build",
        "deploy.yml: plan (dev)",
        "deploy.yml: plan (prod)",
        "deploy.yml: comment",
        "preview.yml: deploy",
        "preview.yml: comment",
    ]);
    assert_eq!(repository.github.comments(number).len(), 2);
    for before in [plan, preview] {
        let after = repository.github.comments(number).into_iter().find(|comment| comment.id == before.id);
        // It names the run that wrote it, so that it changes with every commit.
        assert_eq!(after.map(|after| after.changes), Some(1), "{}", before.body);
    }
}

fn it_is_merged(repository: &mut Repository) {
    let runs = repository.deliver(&Event::push_to_main()).expect(&[
        "deploy.yml: build",
        "deploy.yml: dev",
        "deploy.yml: plan-prod",
        "deploy.yml: prod",
    ]);
    for environment in ["dev", "prod"] {
        assert!(is_there(repository, environment, &[]));
        let summary = &runs.job(&format!("deploy.yml: {environment}")).summary;
        assert!(summary.contains("nothing was lost"), "{summary}");
    }
    // Whoever approves reads in the summary what will be done, and nothing else is: prod is as planned, with
    // the archives of dev.
    assert!(runs.job("deploy.yml: plan-prod").summary.contains("EventStream"));
    let planned = repository.xtask("prod", &["plan", "--format", "json"]);
    let planned: Value = serde_json::from_slice(&planned.stdout).expect("a plan");
    assert_eq!(planned["unchanged"], true, "{planned}");
}

fn it_is_closed(repository: &mut Repository, number: u64, preview: &Comment) {
    let _ = repository
        .deliver(&Event::pull_request(number, "closed", Head::Here))
        .expect(&["preview.yml: destroy", "preview.yml: comment"]);
    assert!(!is_there(repository, "preview", &["--instance", "12"]));
    let after = comment(repository, number, "preview");
    assert_eq!((after.id, after.changes), (preview.id, 2));
    assert!(after.body.contains("nothing else is left"), "{}", after.body);
}

/// An environment whose pull request closed while nothing listened, and one that is still used.
fn what_stayed_behind_is_swept(repository: &mut Repository) {
    for (instance, expires) in [("13", "2026-01-01"), ("14", "3d")] {
        let output =
            repository.xtask("preview", &["deploy", "--instance", instance, "--expires", expires, "--yes"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let runs = repository.deliver(&Event::schedule()).expect(&[
        "destroy.yml: expired",
        "destroy.yml: leftovers",
        "destroy.yml: sweep (13)",
    ]);
    let summary = &runs.job("destroy.yml: sweep (13)").summary;
    assert!(summary.contains("preview-13"), "{summary}");
    assert!(!is_there(repository, "preview", &["--instance", "13"]));
    assert!(is_there(repository, "preview", &["--instance", "14"]));
    let _ = repository.deliver(&Event::pull_request(14, "closed", Head::Here));
    assert!(!is_there(repository, "preview", &["--instance", "14"]));
}

fn everything_ends(repository: &mut Repository) {
    let refused = repository.deliver(&Event::dispatch(json!({"environment": "prod", "confirm": "dev"})));
    assert_eq!(refused.ended(), [("destroy.yml: destroy", Ended::Failure)]);
    assert!(is_there(repository, "prod", &[]));
    for environment in ["dev", "prod"] {
        let event = Event::dispatch(json!({"environment": environment, "confirm": environment}));
        let runs = repository.deliver(&event).expect(&["destroy.yml: destroy"]);
        let summary = &runs.job("destroy.yml: destroy").summary;
        assert!(summary.contains("ingest"), "{summary}");
        assert_eq!(summary.contains("Retained"), environment == "prod", "{summary}");
        assert!(!is_there(repository, environment, &[]));
    }
}

/// What an earlier run wrote does not stand there as if it were of this one.
#[test]
fn a_run_that_fails_says_so_where_its_success_would_stand() {
    let mut repository =
        Repository::new(&["local", "dev", "prod", "preview"].map(|name| (name, "x".to_owned())));
    let number = 16;
    repository.github.open(number);
    for marker in ["plan", "preview"] {
        repository.github.write(number, "Bot", &format!("<!-- sluice:{marker} -->\n✅ An old success"));
    }
    let runs = repository.deliver(&Event::pull_request(number, "synchronize", Head::Here));
    let failed: Vec<_> = runs
        .ended()
        .into_iter()
        .filter(|(_, ended)| *ended == Ended::Failure)
        .map(|(name, _)| name)
        .collect();
    let expected =
        ["deploy.yml: build", "deploy.yml: plan (dev)", "deploy.yml: plan (prod)", "preview.yml: deploy"];
    assert_eq!(failed, expected);
    for (marker, expected) in
        [("plan", "before it came to a plan of prod"), ("preview", "before it came to a deployment")]
    {
        let body = comment(&repository, number, marker).body;
        assert!(body.contains(expected) && !body.contains("old success"), "{body}");
    }
}

#[test]
fn closing_what_never_had_a_preview_ends_well() {
    let mut repository = repository();
    repository.github.open(17);
    let _ = repository
        .deliver(&Event::pull_request(17, "closed", Head::Here))
        .expect(&["preview.yml: destroy", "preview.yml: comment"]);
    let body = comment(&repository, 17, "preview").body;
    assert!(body.contains("nothing to destroy"), "{body}");
    // Nothing has expired where nothing is.
    let _ =
        repository.deliver(&Event::schedule()).expect(&["destroy.yml: expired", "destroy.yml: leftovers"]);
}

#[test]
fn a_fork_gets_no_credentials_and_is_told_so() {
    let mut repository = repository();
    repository.github.open(15);
    let runs = repository
        .deliver(&Event::pull_request(15, "opened", Head::Fork))
        .expect(&["deploy.yml: fork", "preview.yml: fork"]);
    for job in ["deploy.yml: fork", "preview.yml: fork"] {
        let ran = runs.job(job);
        assert!(ran.summary.contains("from a fork gets no credentials"), "{}", ran.summary);
        assert!(ran.log.contains("::notice title="), "{}", ran.log);
    }
    assert_eq!(repository.deliver(&Event::pull_request(15, "closed", Head::Fork)).ended(), []);
    assert_eq!(repository.github.requests(), Vec::<String>::new());
}
