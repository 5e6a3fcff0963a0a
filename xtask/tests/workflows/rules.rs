//! What holds of every workflow, whatever it does.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::files::{self, Job, Step, Workflow};

/// Every job, with the name of its file and its own.
fn jobs(workflows: &BTreeMap<String, Workflow>) -> impl Iterator<Item = (String, &Workflow, &Job)> {
    workflows.iter().flat_map(|(file, workflow)| {
        workflow.jobs.iter().map(move |(id, job)| (format!("{file}: {id}"), workflow, job))
    })
}

/// Every step of the jobs and of the actions of this repository.
fn steps(workflows: &BTreeMap<String, Workflow>) -> Vec<(String, Step)> {
    let mut steps = Vec::new();
    for (place, _, job) in jobs(workflows) {
        for step in &job.steps {
            steps.push((place.clone(), step.clone()));
            if let Some(uses) = step.uses.as_deref().filter(|uses| uses.starts_with("./")) {
                let inner = files::action(uses).runs.steps.into_iter();
                steps.extend(inner.map(|step| (uses.to_owned(), step)));
            }
        }
    }
    steps
}

#[test]
fn actions_of_others_are_pinned_by_commit_with_their_version_beside_them() {
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut add = |path: &std::path::Path| {
        texts.push((path.display().to_string(), std::fs::read_to_string(path).expect("a file")));
    };
    for path in files::paths() {
        add(&path);
    }
    add(&files::root().join(".github/actions/prepare/action.yml"));

    let mut pins: BTreeMap<String, String> = BTreeMap::new();
    for (file, text) in &texts {
        for line in text.lines() {
            let Some((_, uses)) = line.split_once("uses: ") else { continue };
            if uses.starts_with("./") {
                continue;
            }
            let (action, rest) = uses.split_once('@').unwrap_or_else(|| panic!("{file}: no pin: {line}"));
            let (commit, version) =
                rest.split_once(" # v").unwrap_or_else(|| panic!("{file}: no version: {line}"));
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{file}: {line}");
            assert!(version.split('.').count() == 3, "{file}: {line}");
            // One action is used in one version.
            let pinned = pins.entry(action.to_owned()).or_insert_with(|| rest.to_owned());
            assert_eq!(pinned, rest, "{file}: {action}");
        }
    }
    assert_eq!(pins.len(), 6, "{pins:?}");
}

#[test]
fn a_job_may_what_it_needs_and_ends() {
    let workflows = files::workflows();
    for (place, workflow, job) in jobs(&workflows) {
        assert!(workflow.permissions.is_empty(), "{place}: the workflow's own permissions are every job's");
        let permissions = job.permissions.as_ref().unwrap_or_else(|| panic!("{place}: no permissions"));
        assert!(job.timeout_minutes.is_some(), "{place}: no time limit");
        assert_eq!(job.runs_on, "ubuntu-24.04", "{place}");
        assert_eq!(workflow.defaults.run.shell, "bash", "{place}");

        let takes_role = job.steps.iter().any(|step| uses(step, "aws-actions/configure-aws-credentials"));
        assert_eq!(permissions.contains_key("id-token"), takes_role, "{place}: id-token is for the role");
        assert_eq!(job.environment.is_some(), takes_role, "{place}: a role is that of an environment");
        let comments =
            job.steps.iter().filter_map(|step| step.run.as_deref()).any(|run| run.contains("xtask comment"));
        assert_eq!(
            permissions.contains_key("pull-requests"),
            comments,
            "{place}: pull-requests is for comments"
        );
        assert!(!(takes_role && comments), "{place}: whoever deploys does not write");
        for step in job.steps.iter().filter(|step| uses(step, "aws-actions/configure-aws-credentials")) {
            // An hour where nothing is said.
            let seconds = step.with.get("role-duration-seconds").map_or(Some(3_600), Value::as_u64);
            let limit = u64::from(job.timeout_minutes.unwrap_or_default()) * 60;
            assert!(
                seconds.is_some_and(|seconds| seconds >= limit),
                "{place}: credentials end before the job"
            );
        }
        let allowed = ["contents", "id-token", "pull-requests"];
        assert!(permissions.keys().all(|name| allowed.contains(&name.as_str())), "{place}: {permissions:?}");
        assert!(permissions.get("contents").is_none_or(|level| level == "read"), "{place}");
    }
    for (place, step) in steps(&workflows) {
        if uses(&step, "actions/checkout") {
            assert_eq!(step.with.get("persist-credentials"), Some(&Value::Bool(false)), "{place}");
        }
    }
}

fn uses(step: &Step, action: &str) -> bool {
    step.uses.as_deref().is_some_and(|uses| uses.split('@').next() == Some(action))
}

#[test]
fn two_runs_never_touch_one_environment() {
    let workflows = files::workflows();
    let mut touching = 0;
    for (place, workflow, job) in jobs(&workflows) {
        let Some(environment) = &job.environment else { continue };
        touching += 1;
        let concurrency = job.concurrency.as_ref().unwrap_or_else(|| panic!("{place}: no concurrency"));
        let touched = environment.strip_suffix("-plan").unwrap_or(environment);
        assert!(
            concurrency.group.contains(touched),
            "{place}: {} does not name {touched}",
            concurrency.group
        );
        let of_pull_request =
            concurrency.group == format!("plan-{touched}-${{{{ github.event.pull_request.number }}}}");
        assert_eq!(concurrency.cancel_in_progress, Value::Bool(of_pull_request), "{place}");
        // A plan changes nothing that another one sees, and waits for nothing that waits for a person.
        if of_pull_request || concurrency.group == format!("plan-{touched}-${{{{ github.sha }}}}") {
            assert!(environment.ends_with("-plan"), "{place}");
            continue;
        }
        // Of one environment there is exactly one group, in whichever workflow, and of each instance too: the
        // id is that of `--instance`, in which the number of a pull request and the member of a matrix are alike.
        let instance = job.env.get("INSTANCE").or_else(|| workflow.env.get("INSTANCE"));
        let runs = || job.steps.iter().filter_map(|step| step.run.as_deref());
        let of_instance = runs().any(|run| run.contains("--instance \"$INSTANCE\""));
        let name = match instance.filter(|_| of_instance) {
            Some(instance) => format!("sluice-{touched}-{instance}"),
            None => format!("sluice-{touched}"),
        };
        assert_eq!(concurrency.group, name, "{place}");
        let changes_one = runs().any(|run| {
            ["xtask deploy", "xtask destroy", "--expired --yes"].iter().any(|command| run.contains(command))
        });
        assert!(of_instance || touched != "preview" || !changes_one, "{place}: of which instance?");
        // Without it, GitHub drops what waits when something newer comes.
        assert_eq!(concurrency.queue.as_deref(), Some("max"), "{place}");
        // Cancelling the workflow would cancel the job.
        let cancels = &workflow.concurrency.cancel_in_progress;
        let never = cancels == &Value::Bool(false);
        let only_pull_requests = cancels == "${{ github.event_name == 'pull_request' }}";
        let of_main =
            job.condition.as_deref() == Some("github.event_name == 'push'") || !job.needs.names().is_empty();
        assert!(never || (only_pull_requests && of_main), "{place}: {cancels}");
    }
    assert!(touching >= 7, "{touching} jobs");
}

#[test]
fn values_reach_steps_by_their_environment_and_steps_call_xtask() {
    let workflows = files::workflows();
    let mut runs = 0;
    for (place, step) in steps(&workflows) {
        assert_eq!(step.run.is_some(), step.uses.is_none(), "{place}: {}", step.name);
        let Some(run) = &step.run else { continue };
        assert!(!run.contains("${{"), "{place}: {run}");
        runs += 1;
        for line in run.lines() {
            let is_word_to_a_fork = place.ends_with(": fork") && line.starts_with("echo ");
            // Until something better is known, for the comment.
            let is_first_word = line.starts_with("echo \"This run ended before it came to ");
            assert!(
                line.starts_with("cargo xtask ") || is_word_to_a_fork || is_first_word,
                "{place}: {line}"
            );
            assert!(!line.contains(['|', ';', '&', '`']) && !line.contains("$("), "{place}: {line}");
        }
    }
    assert!(runs >= 15, "{runs} steps");
}

#[test]
fn each_file_says_what_it_does_and_what_a_repository_needs() {
    for path in files::paths() {
        let text = std::fs::read_to_string(&path).expect("a file");
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(head.len() >= 3 && head.join(" ").contains("A repository needs"), "{}", path.display());
    }
}

/// The matchers read what compilers and panics write: their patterns are tried on it.
#[test]
fn problem_matchers_find_compilers_and_panics() {
    let text = std::fs::read_to_string(files::root().join(".github/problem-matchers.json")).expect("a file");
    let matchers: Value = serde_json::from_str(&text).expect("JSON");
    let pattern = |owner: &str, line: usize| -> regex::Regex {
        let matcher = matchers["problemMatcher"].as_array().into_iter().flatten();
        let matcher = matcher.into_iter().find(|matcher| matcher["owner"] == owner).expect("a matcher");
        regex::Regex::new(matcher["pattern"][line]["regexp"].as_str().expect("a pattern")).expect("a pattern")
    };
    for (owner, line, text, expected) in [
        (
            "rustc",
            0,
            "error[E0425]: cannot find value `x`",
            Some(vec!["error", "E0425", "cannot find value `x`"]),
        ),
        ("rustc", 0, "warning: unused import: `a`", Some(vec!["warning", "", "unused import: `a`"])),
        ("rustc", 1, "  --> xtask/src/main.rs:12:5", Some(vec!["xtask/src/main.rs", "12", "5"])),
        ("rustc", 1, "   | --> no place", None),
        (
            "rust-panic",
            0,
            "thread 'deploy::plan::tests::a_plan' (4242) panicked at xtask/engine/src/deploy/plan.rs:7:9:",
            Some(vec!["xtask/engine/src/deploy/plan.rs", "7", "9"]),
        ),
        (
            "rust-panic",
            0,
            "thread 'main' panicked at stacks/src/lib.rs:1:2:",
            Some(vec!["stacks/src/lib.rs", "1", "2"]),
        ),
        ("rust-panic", 1, "assertion failed: it holds", Some(vec!["assertion failed: it holds"])),
    ] {
        let pattern = pattern(owner, line);
        let found = pattern.captures(text).map(|captures| {
            let groups = captures.iter().skip(1);
            groups.map(|group| group.map_or("", |group| group.as_str()).to_owned()).collect::<Vec<_>>()
        });
        assert_eq!(found, expected.map(|groups| groups.into_iter().map(str::to_owned).collect()), "{text}");
    }
}
