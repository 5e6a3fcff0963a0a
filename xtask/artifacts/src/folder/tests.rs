//! Folders of archives: found, refused, and written without touching what is somebody else's.

use stacks::environment::Environment;
use stacks::{JSONL_TRANSFORM, KINESIS_CONSUMER};

use super::*;
use crate::archive::{Entry, pack};
use session::Project;

/// A folder for `dev` with two archives, and what it was made from.
struct Built {
    model: Model,
    environment: Environment,
    made: Archives,
    out: tempfile::TempDir,
    _packed: tempfile::TempDir,
}

const CODE: [Artifact; 2] = [Artifact::Function(JSONL_TRANSFORM), Artifact::Function(KINESIS_CONSUMER)];

impl Built {
    fn new() -> Self {
        let (model, environment) = load(&[]);
        let packed = tempfile::tempdir().expect("a folder");
        let archive = |artifact: Artifact| {
            let content = vec![Entry::program("bootstrap", artifact.name().into())];
            (artifact.name(), pack(packed.path(), artifact.name(), content).expect("an archive"))
        };
        let made = CODE.into_iter().map(archive).collect();
        let out = tempfile::tempdir().expect("a folder");
        let built = Self { model, environment, made, out, _packed: packed };
        built.write();
        built
    }

    fn wanted(&self, artifacts: &[Artifact]) -> Wanted<'_> {
        Wanted { environment: &self.environment, model: &self.model, artifacts: artifacts.to_vec() }
    }

    fn write(&self) {
        let made = [self.made.clone()];
        write(self.out.path(), &Index::of(&[self.wanted(&CODE)], &made), &made).expect("written");
    }

    /// Another build, which has the first archive only.
    fn write_less(&self) {
        let made = [self.made.clone().into_iter().take(1).collect::<Archives>()];
        write(self.out.path(), &Index::of(&[self.wanted(&CODE[..1])], &made), &made).expect("written");
    }

    /// Has the index name another file instead of the consumer's archive.
    fn rename(&self, key: &str) {
        let path = self.out.path().join(INDEX);
        let text = std::fs::read_to_string(&path).expect("an index");
        let other = text.replace(&self.made["kinesis-consumer"].key, key);
        assert_ne!(other, text);
        std::fs::write(&path, other).expect("written");
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.out.path().join(&self.made[name].key)
    }
}

fn load(overrides: &[(&str, &str)]) -> (Model, Environment) {
    let overrides: Vec<_> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Project::locate().load_named("dev", &overrides).unwrap_or_else(|failure| panic!("{:#}", failure.error))
}

#[test]
fn what_was_built_is_found_with_its_keys() {
    let built = Built::new();
    let found = find(built.out.path(), &built.wanted(&CODE)).expect("found");
    let keys = |archives: &Archives| -> Vec<String> {
        archives.values().map(|archive| archive.key.clone()).collect()
    };
    assert_eq!(keys(&found), keys(&built.made));
    assert!(found.values().all(|archive| archive.path.starts_with(built.out.path())));
    let mut places: Vec<&Path> = found.values().filter_map(|archive| archive.path.parent()).collect();
    places.sort();
    assert_eq!(super::places(built.out.path(), "dev").expect("places"), places);
    // Fewer stacks need less.
    assert_eq!(find(built.out.path(), &built.wanted(&CODE[..1])).expect("found").len(), 1);
}

#[test]
fn the_same_archives_give_the_same_folder() {
    let files = |built: &Built| {
        let mut files = Vec::new();
        let mut folders = vec![built.out.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(built.out.path()).expect("inside").to_path_buf();
                    files.push((name, std::fs::read(&path).expect("readable")));
                }
            }
        }
        files.sort();
        files
    };
    let (one, other) = (Built::new(), Built::new());
    assert_eq!(files(&one), files(&other));
    assert_eq!(files(&one).len(), 3);
    // A second build changes nothing, mends what is damaged, and leaves nothing behind of what it replaces.
    std::fs::write(one.path_of("jsonl-transform"), "other").expect("written");
    one.write();
    assert_eq!(files(&one), files(&other));
    one.write_less();
    assert_eq!(files(&one).len(), 2);
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    type Break = fn(&mut Built);
    let table: [(&str, Break, &str); 7] = [
        (
            "no index",
            |built| std::fs::remove_file(built.out.path().join(INDEX)).expect("gone"),
            "cannot read",
        ),
        (
            "another file",
            |built| std::fs::write(built.out.path().join(INDEX), "[]").expect("written"),
            "is not an index of archives",
        ),
        (
            "another environment",
            |built| built.environment.name = "prod".to_owned(),
            "has nothing for environment `prod`: it was built for dev",
        ),
        (
            "another processor",
            |built| built.environment = load(&[("architecture", "x86_64")]).1,
            "are for arm64, but environment `dev` runs them on x86_64",
        ),
        (
            "another model",
            |built| built.model = load(&[("topic_prefix", "elsewhere")]).0,
            "carry another model than environment `dev` has now",
        ),
        (
            "an archive that is gone",
            |built| std::fs::remove_file(built.path_of("kinesis-consumer")).expect("gone"),
            "cannot read",
        ),
        (
            "an archive that changed",
            |built| std::fs::write(built.path_of("kinesis-consumer"), "other").expect("written"),
            "is damaged: its SHA-256 is",
        ),
    ];
    for (case, spoil, expected) in table {
        let mut built = Built::new();
        spoil(&mut built);
        let error = find(built.out.path(), &built.wanted(&CODE)).expect_err(case);
        assert!(error.to_string().contains(expected), "{case}: {error}");
        assert_eq!(error.exit(), Exit::Configuration, "{case}");
        let command = format!(
            "cargo xtask build --env {} --out {}`",
            built.environment.name,
            built.out.path().display()
        );
        assert!(error.hint().is_some_and(|hint| hint.contains(&command)), "{case}: {:?}", error.hint());
    }
    let built = Built::new();
    let error = find(built.out.path(), &built.wanted(&[Artifact::FlinkJob])).expect_err("not built");
    assert!(error.to_string().contains("lacks flink-job, which environment `dev` deploys"), "{error}");
}

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An index may come from anybody: it names archives of its folder, or is no index.
#[test]
fn what_an_index_names_elsewhere_is_neither_read_nor_removed() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let name = elsewhere.path().file_name().expect("a name").display();
    let keys = [
        format!("{}/{HASH}.zip", elsewhere.path().display()),
        format!("../{name}/{HASH}.zip"),
        format!("kinesis-consumer/../../{name}/{HASH}.zip"),
        format!("./{HASH}.zip"),
        format!("kinesis-consumer//{HASH}.zip"),
        format!("kinesis-consumer/more/{HASH}.zip"),
        format!("kinesis-consumer/{HASH}"),
        format!("kinesis-consumer/{HASH}.toml"),
        format!("kinesis-consumer/{}.zip", &HASH[1..]),
        format!("kinesis-consumer/{}.zip", HASH.to_uppercase()),
        format!("Kinesis consumer/{HASH}.zip"),
        format!("{HASH}.zip"),
        "telemetry.toml".to_owned(),
    ];
    for key in keys {
        let built = Built::new();
        let victim = built.out.path().join(&key);
        std::fs::create_dir_all(victim.parent().expect("a parent")).expect("a folder");
        std::fs::write(&victim, "somebody's").expect("written");
        built.rename(&key);

        let found = find(built.out.path(), &built.wanted(&CODE)).map(drop);
        for answer in [found, places(built.out.path(), "dev").map(drop)] {
            let error = answer.expect_err(&key).to_string();
            let reason = format!("`{key}` is not of the form <name>/<SHA-256>.zip or .jar");
            assert!(error.ends_with(&reason), "{error}");
        }
        built.write_less();
        assert!(victim.exists(), "{key} is gone");
    }
}

#[test]
fn a_link_to_elsewhere_is_left_alone() {
    use std::os::unix::fs::symlink;

    let elsewhere = tempfile::tempdir().expect("a folder");
    let outside = elsewhere.path().join(format!("{HASH}.zip"));
    std::fs::write(&outside, "somebody's").expect("written");
    for key in [format!("linked/{HASH}.zip"), format!("kinesis-consumer/{HASH}.zip")] {
        let built = Built::new();
        let link = built.out.path().join(&key);
        if key.starts_with("linked") {
            symlink(elsewhere.path(), link.parent().expect("a parent")).expect("a link");
        } else {
            symlink(&outside, &link).expect("a link");
        }
        built.rename(&key);
        built.write_less();
        assert!(outside.exists() && link.exists(), "{key}");
    }
}
