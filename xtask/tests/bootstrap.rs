//! An account that is prepared, through the command line alone, on this machine: before it is, nothing is
//! deployed to it; after it, its environments use what it has, and leave it alone when they go.

mod installation;

use std::path::PathBuf;

use installation::{Pipeline, Ran};
use serde_json::{Value, json};

/// Where the files of environments lie.
fn environments(pipeline: &Pipeline) -> PathBuf {
    pipeline.model().with_file_name("environments")
}

/// A local target whose environment counts on what `bootstrap` makes.
fn unprepared() -> Pipeline {
    let pipeline = Pipeline::new();
    let file = environments(&pipeline).join("local.toml");
    let text = std::fs::read_to_string(&file).expect("the environment");
    std::fs::write(&file, format!("bootstrap = true\n{text}")).expect("written");
    pipeline
}

/// What became of each stack, by name.
fn became(ran: &Value) -> Vec<(&str, &str)> {
    let stacks = ran["accounts"][0]["stacks"].as_array().expect("stacks");
    stacks
        .iter()
        .filter_map(|stack| Some((stack["stack_name"].as_str()?, stack["became"].as_str()?)))
        .collect()
}

fn actions(ran: &Value) -> Vec<(&str, &str)> {
    let stacks = ran["stacks"].as_array().expect("stacks");
    stacks.iter().filter_map(|stack| Some((stack["name"].as_str()?, stack["action"].as_str()?))).collect()
}

async fn keys(endpoint: &str, bucket: &str) -> Vec<String> {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
        .force_path_style(true)
        .endpoint_url(endpoint);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    let listed = client.list_objects_v2().bucket(bucket).send().await.expect("the bucket");
    listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_prepared_once_and_its_environments_use_it() {
    let pipeline = unprepared();

    let refused = pipeline.xtask(&["deploy", "--format", "json"]).expect(5);
    assert!(refused.stderr.contains("there is no stack `sluice-bootstrap`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("run `cargo xtask bootstrap --env local`"), "{}", refused.stderr);

    // Without a repository there are a bucket and a boundary, and nobody takes a role.
    let alone = pipeline.json(&["bootstrap"]);
    assert_eq!(became(&alone), [("sluice-bootstrap", "created"), ("sluice-bootstrap-local", "created")]);
    assert_eq!(alone["environments"][0]["github"], json!([]));

    let github = ["bootstrap", "--github", "octo-org/octo-repo", "--github-ids", "123456/456789"];
    let trusting = pipeline.json(&github);
    // The emulator has no provider to make, and the account's stack no other change.
    assert_eq!(became(&trusting), [("sluice-bootstrap", "unchanged"), ("sluice-bootstrap-local", "updated")]);
    let expected = json!([
        {"name": "local", "variables": {
            "AWS_REGION": "us-east-1", "AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/sluice-local-deploy",
        }},
        {"name": "local-plan", "variables": {
            "AWS_REGION": "us-east-1", "AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/sluice-local-plan",
        }},
    ]);
    assert_eq!(trusting["environments"][0]["github"], expected);

    // Again it changes nothing, also when nobody repeats what is trusted.
    for arguments in [&github[..], &["bootstrap"], &["bootstrap", "--env", "local"]] {
        let again = pipeline.json(arguments);
        assert!(became(&again).iter().all(|(_, became)| *became == "unchanged"), "{arguments:?}: {again}");
        assert_eq!(again["environments"][0]["repository"], "octo-org/octo-repo", "{arguments:?}");
    }
    let told = pipeline.xtask(&["bootstrap"]).expect(0).stdout;
    for line in [
        "gh api --silent --method PUT repos/octo-org/octo-repo/environments/local",
        "gh variable set AWS_ROLE_ARN --repo octo-org/octo-repo --env local --body arn:aws:iam::000000000000:role/sluice-local-deploy",
        "cargo xtask deploy",
    ] {
        assert!(told.contains(line), "{told}");
    }

    // The environment has no bucket for code of its own: its code lies in the account's, under its name.
    let deployed = pipeline.json(&["deploy"]);
    assert_eq!(deployed["ok"], true, "{deployed}");
    assert!(actions(&deployed).iter().all(|(name, action)| *name != "artifacts" && *action == "created"));
    let endpoint = pipeline.status()["endpoints"]["aws"].as_str().expect("an endpoint").to_owned();
    let keys = keys(&endpoint, "sluice-artifacts-000000000000-us-east-1").await;
    let (prepared, code): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.starts_with("bootstrap/"));
    // The policies make a template that no request carries.
    assert!(
        prepared.iter().any(|key| key.starts_with("bootstrap/templates/sluice-bootstrap-local/")),
        "{keys:?}"
    );
    assert!(code.len() >= 4 && code.iter().all(|key| key.starts_with("local/")), "{keys:?}");
    let again = pipeline.json(&["deploy"]);
    assert!(actions(&again).iter().all(|(_, action)| *action == "unchanged"), "{again}");

    // What is the account's stays the account's.
    let plan = pipeline.json(&["destroy", "--plan"]).to_string();
    assert!(plan.contains("sluice-local-ingest") && !plan.contains("sluice-bootstrap"), "{plan}");
    let receipt = pipeline.json(&["destroy", "--yes"]);
    assert_eq!((&receipt["left"], &receipt["failed"]), (&json!([]), &Value::Null), "{receipt}");
    assert!(!receipt.to_string().contains("sluice-bootstrap"), "{receipt}");
}

#[test]
fn what_would_be_made_is_shown_offline() {
    let pipeline = unprepared();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a path");
    let printed = pipeline.json(&["bootstrap", "--print", "--out", out, "--github", "octo-org/octo-repo"]);
    let names: Vec<_> = printed["stacks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|stack| stack["stack_name"].as_str())
        .collect();
    assert_eq!(names, ["sluice-bootstrap", "sluice-bootstrap-local"]);
    for (index, name) in names.iter().enumerate() {
        let path = folder.path().join("000000000000-us-east-1").join(format!("{name}.template.json"));
        let written: Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("a template")).expect("JSON");
        assert_eq!(written, printed["stacks"][index]["template"]);
    }
    let owners: Vec<_> = printed["policies"].as_object().expect("policies").keys().collect();
    assert_eq!(owners, ["sluice-local-boundary", "sluice-local-deploy", "sluice-local-plan"]);
    assert!(printed["policies"]["sluice-local-deploy"]["trust"]["Statement"].is_array());

    for (format, parts) in [
        (
            "text",
            [
                "sluice-local-deploy\n",
                "taken by jobs of octo-org/octo-repo in its environment local\n",
                "    cloudformation\n",
            ],
        ),
        (
            "markdown",
            [
                "### `sluice-local-deploy`\n",
                "Taken by jobs of octo-org/octo-repo in its environment local.",
                "<details><summary><b>cloudformation</b>",
            ],
        ),
    ] {
        let shown =
            pipeline.xtask(&["bootstrap", "--print", "--github", "octo-org/octo-repo", "--format", format]);
        let shown = shown.expect(0).stdout;
        for part in parts {
            assert!(shown.contains(part), "{format} lacks {part}\n{shown}");
        }
    }
    // Nothing was started for it.
    assert!(installation::processes_of(pipeline.folder.path()).is_empty());
}

#[test]
fn mistakes_are_told() {
    let pipeline = unprepared();
    let folder = environments(&pipeline);
    let plain = std::fs::read_to_string(folder.join("local.toml")).expect("the environment");
    std::fs::write(folder.join("plain.toml"), plain.replacen("bootstrap = true\n", "", 1)).expect("written");
    std::fs::write(folder.join("bootstrap.toml"), &plain).expect("written");
    for (arguments, exit, said) in [
        (
            &["--github", "https://github.com/octo-org/octo-repo"][..],
            2,
            "an address; write `octo-org/octo-repo`",
        ),
        (&["--github", "octo-org"], 2, "write OWNER/NAME"),
        (&["--github", "octo-org/*"], 2, "`*` is no repository on GitHub"),
        (&["--github-ids", "1/2"], 2, "--github <OWNER/NAME>"),
        (&["--github", "a/b", "--github-ids", "a/b"], 2, "write OWNER_ID/REPOSITORY_ID"),
        (&["--out", "somewhere"], 2, "--print"),
        (&["--env", "plain"], 2, "write `bootstrap = true` in environments/plain.toml"),
        (&["--env", "locl"], 5, "did you mean `--env local`?"),
        (&["--env", "bootstrap"], 2, "the environment's name is `bootstrap`"),
    ] {
        let Ran { exit: ended, stderr, .. } = pipeline.xtask(&[&["bootstrap"], arguments].concat());
        assert_eq!(ended, exit, "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}
