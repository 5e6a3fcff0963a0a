//! What `new` writes is complete, formatted, and all or nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use super::name::IDS;
use super::*;

const ALL: [What; 5] = [
    What::Function(Trigger::Rule),
    What::Function(Trigger::Stream),
    What::Function(Trigger::Queue),
    What::Function(Trigger::Schedule),
    What::Stack,
];

/// A short name, and the longest.
const NAMES: [&str; 2] = ["a", "abcdefgh-ijklmnop-qrstuvw"];

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// A folder with the lists of the checkout.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for file in [list::MODULES, list::CATALOG, list::WORKSPACE, "Cargo.lock"] {
        let to = folder.path().join(file);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        std::fs::copy(checkout().join(file), to).expect("a copy");
    }
    folder
}

/// Every file below a folder, with its text.
fn texts(root: &Path) -> BTreeSet<(PathBuf, String)> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(root).expect("a folder").flatten() {
        if entry.path().is_dir() {
            found.extend(texts(&entry.path()));
        } else {
            found.insert((entry.path(), std::fs::read_to_string(entry.path()).expect("text")));
        }
    }
    found
}

#[test]
fn what_is_written_is_formatted_whatever_the_name() {
    let configuration = checkout().join("rustfmt.toml");
    for (name, what) in NAMES.into_iter().flat_map(|name| ALL.map(|what| (name, what))) {
        let folder = copy();
        let changes = plan(folder.path(), name, what).expect("a plan");
        write(folder.path(), &changes).expect("written");
        for change in changes.iter().filter(|change| change.added.is_none()) {
            assert!(!change.text.contains("<<") && !change.text.contains("<%"), "{}", change.path);
            let longest = change.text.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(120), "{} has lines of {longest:?} characters", change.path);
            assert!(change.text.ends_with('\n') && !change.text.contains("\n\n\n"), "{}", change.path);
        }
        // The list of modules names files that are not in the copy: rustfmt is told to look at none of them.
        let rust: Vec<PathBuf> = changes
            .iter()
            .map(|change| folder.path().join(&change.path))
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .collect();
        for path in rust {
            let file = std::fs::File::open(&path).expect("a file");
            let output = Command::new("rustfmt")
                .args(["--edition", "2024", "--check", "--config-path"])
                .arg(&configuration)
                .stdin(Stdio::from(file))
                .output()
                .expect("rustfmt runs");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.is_empty(), "{}: {said}", path.display());
        }
    }
}

#[test]
fn ids_of_the_templates_are_taken() {
    let pattern = regex::Regex::new(r#"LogicalId::new\("(\w+)"\)|template\.input\("\w+", "(\w+)"\)"#);
    let pattern = pattern.expect("a pattern");
    let mut found = BTreeSet::from(["ArtifactBucket".to_owned()]);
    for change in ALL.into_iter().flat_map(|what| plan(copy().path(), "a", what).expect("a plan")) {
        if change.added.is_some() || !change.path.starts_with("stacks/") {
            continue;
        }
        let code: Vec<&str> =
            change.text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for captures in pattern.captures_iter(&code.join("\n")) {
            let id = captures.get(1).or(captures.get(2)).expect("an id").as_str();
            found.insert(id.to_owned());
            if id.ends_with("Queue") {
                found.insert(format!("{id}Policy"));
            }
        }
    }
    assert_eq!(found, IDS.iter().map(|id| (*id).to_owned()).collect());
}

/// As an editor would leave them: readable for whom the others are.
#[test]
fn files_that_have_a_line_more_keep_their_modes() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = copy();
    let mode = |file: &str| {
        let metadata = std::fs::metadata(folder.path().join(file)).expect("a file");
        metadata.permissions().mode() & 0o777
    };
    let catalog = folder.path().join(list::CATALOG);
    std::fs::set_permissions(catalog, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    std::fs::write(folder.path().join("other"), "").expect("written");
    write(folder.path(), &plan(folder.path(), "heat", ALL[0]).expect("a plan")).expect("written");
    assert_eq!(mode(list::CATALOG), 0o640);
    assert_eq!(mode("stacks/src/heat.rs"), mode("other"));
}

#[test]
fn a_second_one_of_the_name_is_refused_and_changes_nothing() {
    let folder = copy();
    let first = plan(folder.path(), "heat", ALL[0]).expect("a plan");
    write(folder.path(), &first).expect("written");
    let before = texts(folder.path());
    for what in ALL {
        let refused = plan(folder.path(), "heat", what).expect_err("taken");
        assert!(refused.to_string().contains("stacks/src has a module `heat`"), "{refused}");
        assert_eq!(refused.exit(), Exit::Configuration);
    }
    assert_eq!(texts(folder.path()), before);
}

#[test]
fn what_cannot_be_written_whole_is_taken_back() {
    let folder = copy();
    let before = texts(folder.path());
    let mut changes = plan(folder.path(), "heat", ALL[0]).expect("a plan");
    // The last change finds a file where its folder would be, or a file that is there.
    for path in ["Cargo.lock/heat", "Cargo.lock"] {
        changes.push(Change { path: path.to_owned(), added: None, text: "x".to_owned() });
        write(folder.path(), &changes).expect_err("no place for it");
        assert_eq!(texts(folder.path()), before, "{path}");
        assert!(!folder.path().join("lambdas").exists(), "{path}");
        changes.pop();
    }
}
