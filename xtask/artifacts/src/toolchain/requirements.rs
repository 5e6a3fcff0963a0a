//! The sets of Python packages that Sluice pins. Each is installed into a virtual environment of its
//! own, because their packages want versions of one another that exclude each other.

/// Packages that fit together, each with its version and hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    /// What they are called where a person waits for them.
    pub title: &'static str,
    /// First part of the name of their virtual environment's folder.
    pub folder: &'static str,
    /// The requirements, in pip's words.
    pub text: &'static str,
    /// Room that they take when they are installed, in megabytes.
    pub megabytes: u32,
}

/// The emulator alone: a first deployment to this machine waits for it.
pub static EMULATOR: Requirements = Requirements {
    title: "the emulator's packages",
    folder: "venv-emulator",
    text: include_str!("../../../requirements-emulator.txt"),
    megabytes: 130,
};

/// The validators that know the resource types, the build tools, the linters, and what tests need.
pub static TOOLS: Requirements = Requirements {
    title: "Python packages",
    folder: "venv",
    text: include_str!("../../../requirements.txt"),
    megabytes: 900,
};

/// What judges the security of templates: `check` and `lint` need it, and nothing else does.
pub static AUDIT: Requirements = Requirements {
    title: "security checkers",
    folder: "venv-audit",
    text: include_str!("../../../requirements-audit.txt"),
    megabytes: 310,
};

/// PostgreSQL, for an environment of this machine whose store it is.
pub static POSTGRES: Requirements = Requirements {
    title: "PostgreSQL",
    folder: "venv-postgres",
    text: include_str!("../../../requirements-postgres.txt"),
    megabytes: 130,
};

impl Requirements {
    /// The pinned version of a package, empty when it is not one of them.
    pub fn pinned(&self, package: &str) -> &'static str {
        let version = |line: &'static str| line.strip_prefix(package)?.strip_prefix("==")?.split(' ').next();
        self.text.lines().find_map(version).unwrap_or_default()
    }

    /// How many packages there are, some of them for other versions of Python only.
    pub fn packages(&self) -> usize {
        let named = |line: &&str| line.starts_with(|first: char| first.is_ascii_alphanumeric());
        self.text.lines().filter(named).count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_requirement_is_pinned_and_hashed() {
        for requirements in [EMULATOR, TOOLS, AUDIT, POSTGRES] {
            let content = |line: &&str| !line.starts_with('#') && !line.is_empty();
            let mut lines = requirements.text.lines().filter(content).peekable();
            assert_eq!(lines.next(), Some("--only-binary :all:"));
            while let Some(line) = lines.next() {
                if line.starts_with(' ') {
                    assert!(line.trim_start().starts_with("--hash=sha256:"), "{line}");
                } else {
                    assert!(line.contains("==") && line.ends_with('\\'), "{line}");
                    assert!(
                        lines.peek().is_some_and(|next| next.contains("--hash=sha256:")),
                        "{line} has no hash"
                    );
                }
            }
        }
    }

    /// Tests drive the emulator that the local target runs.
    #[test]
    fn the_emulator_is_that_of_the_tools() {
        let versions = |requirements: Requirements| -> BTreeSet<&'static str> {
            let lines = requirements.text.lines().filter(|line| line.contains("=="));
            lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next()).collect()
        };
        let (emulator, tools) = (versions(EMULATOR), versions(TOOLS));
        assert!(emulator.is_subset(&tools), "{:?}", emulator.difference(&tools).collect::<Vec<_>>());
    }

    #[test]
    fn every_direct_requirement_is_in_the_pinned_ones() {
        let cases = [
            (EMULATOR, include_str!("../../../requirements-emulator.in")),
            (TOOLS, include_str!("../../../requirements.in")),
            (AUDIT, include_str!("../../../requirements-audit.in")),
            (POSTGRES, include_str!("../../../requirements-postgres.in")),
        ];
        for (requirements, direct) in cases {
            for line in direct.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
                let pinned = line.replace("[server]", "");
                assert!(
                    requirements.text.contains(&format!("\n{pinned} \\\n")),
                    "{pinned} is not pinned for the {}",
                    requirements.title
                );
                let (package, version) = pinned.split_once("==").expect("a version");
                assert_eq!(requirements.pinned(package), version);
            }
        }
        assert_eq!(TOOLS.pinned("checkov"), "", "it is one of the others");
    }
}
