//! Which environments a cleanup is about. Pure.

use std::fmt;

use stacks::environment::name;

/// Longest id of an instance, in characters.
const MAX_INSTANCE: usize = 8;

/// One environment, or every instance of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The environment of exactly this name.
    One(String),
    /// Every instance of the environment of this file.
    Instances(String),
}

impl Scope {
    /// What a command line names, of which `loaded` is the environment: when that is an instance and the
    /// command line names none, it stands for all of them.
    pub fn of(named: &str, loaded: &str) -> Self {
        match name::split(loaded) {
            (file, Some(_)) if named == file => Self::Instances(file.to_owned()),
            _ => Self::One(loaded.to_owned()),
        }
    }

    /// Whether it is about the environment of this name.
    pub fn covers(&self, environment: &str) -> bool {
        match self {
            Self::One(name) => environment == name,
            Self::Instances(file) => {
                let (of, instance) = name::split(environment);
                // A name that no deployment can have is none of ours.
                let fits = |instance: &str| {
                    (1..=MAX_INSTANCE).contains(&instance.len())
                        && instance.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                };
                of == file && instance.is_some_and(fits)
            }
        }
    }

    /// The environment of a log group of the pipeline, `/sluice/<environment>/…`, if it is about that.
    pub fn of_log_group<'n>(&self, group: &'n str) -> Option<&'n str> {
        let (environment, _) = group.strip_prefix("/sluice/")?.split_once('/')?;
        self.covers(environment).then_some(environment)
    }

    /// The environment of a folder of the account's bucket, `<environment>/`, if it is about that.
    pub fn of_folder<'n>(&self, folder: &'n str) -> Option<&'n str> {
        folder.strip_suffix('/').filter(|environment| self.covers(environment))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(name) => f.write_str(name),
            Self::Instances(file) => write!(f, "{file}-*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_name_that_begins_alike_is_another_environment() {
        let test = Scope::One("test".to_owned());
        let first = Scope::One("preview-1".to_owned());
        let all = Scope::Instances("preview".to_owned());
        for (scope, environment, covered) in [
            (&test, "test", true),
            (&test, "test2", false),
            (&test, "test-2", false),
            (&test, "tes", false),
            (&test, "Test", false),
            (&test, "", false),
            (&first, "preview-1", true),
            (&first, "preview-12", false),
            (&first, "preview", false),
            (&all, "preview-1", true),
            (&all, "preview-12", true),
            (&all, "preview", false),
            (&all, "preview-12345678", true),
            (&all, "preview-", false),
            (&all, "preview-123456789", false),
            (&all, "preview-a-b", false),
            (&all, "preview-A", false),
            (&all, "preview-ä", false),
            (&all, "preview2-1", false),
            (&all, "previe-1", false),
        ] {
            assert_eq!(scope.covers(environment), covered, "{scope} {environment}");
            let group = format!("/sluice/{environment}/consumer");
            assert_eq!(scope.of_log_group(&group).is_some(), covered, "{scope} {group}");
            assert_eq!(
                scope.of_folder(&format!("{environment}/")).is_some(),
                covered,
                "{scope} {environment}"
            );
        }
        for group in ["/sluice/test", "/sluice/", "/aws/lambda/test/x", "sluice/test/x", "/sluice/x/test/y"] {
            assert_eq!(test.of_log_group(group), None, "{group}");
        }
    }

    #[test]
    fn an_environment_with_instances_stands_for_all_of_them() {
        for (named, loaded, expected) in [
            ("dev", "dev", Scope::One("dev".to_owned())),
            ("preview", "preview-1", Scope::Instances("preview".to_owned())),
            ("preview-12", "preview-12", Scope::One("preview-12".to_owned())),
        ] {
            assert_eq!(Scope::of(named, loaded), expected);
        }
    }
}
