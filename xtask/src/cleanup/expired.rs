//! Which environments have expired, by the tags of their stacks. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use stacks::environment::Expiry;

use super::live::Live;

/// An environment that may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// The environment.
    pub environment: String,
    /// The last of the days on which one of its stacks expires.
    pub expires: Expiry,
    /// Its stacks.
    pub stacks: usize,
    /// Why it is left alone all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// The environments all of whose stacks have expired. One that has a stack without a day, or with one that
/// cannot be read, never does.
pub fn expired(live: &[Live], today: Date) -> Vec<Expired> {
    let mut environments: BTreeMap<&str, Vec<Option<Expiry>>> = BTreeMap::new();
    for stack in live {
        let expiry = stack.expires.as_deref().and_then(|day| day.parse().ok());
        environments.entry(&stack.environment).or_default().push(expiry);
    }
    let of = |(environment, days): (&str, Vec<Option<Expiry>>)| {
        let stacks = days.len();
        let last = days.into_iter().collect::<Option<Vec<Expiry>>>()?.into_iter().max()?;
        let (environment, kept) = (environment.to_owned(), None);
        last.is_past(today).then_some(Expired { environment, expires: last, stacks, kept })
    };
    environments.into_iter().filter_map(of).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;

    use super::*;

    /// A stack with nothing but a name and a day.
    pub fn stack(environment: &str, name: &str, expires: Option<&str>) -> Live {
        Live {
            environment: environment.to_owned(),
            stack_name: format!("sluice-{environment}-{name}"),
            status: "CREATE_COMPLETE".to_owned(),
            template: String::new(),
            values: Vec::new(),
            log_groups: Vec::new(),
            buckets: Vec::new(),
            change_sets: Vec::new(),
            expires: expires.map(str::to_owned),
        }
    }

    #[test]
    fn an_environment_expires_with_its_last_stack() {
        let past = Some("2026-11-20");
        for (days, today, expected) in [
            (vec![past, past], date(2026, 11, 20), Some("2026-11-20")),
            (vec![past, past], date(2026, 11, 19), None),
            (vec![past, Some("2026-11-25")], date(2026, 11, 24), None),
            (vec![past, Some("2026-11-25")], date(2026, 11, 25), Some("2026-11-25")),
            (vec![past, None], date(2030, 1, 1), None),
            (vec![past, Some("soon")], date(2030, 1, 1), None),
            (vec![None], date(2030, 1, 1), None),
        ] {
            let live: Vec<Live> = days.iter().map(|day| stack("preview-1", "lake", *day)).collect();
            let found = expired(&live, today);
            let found = found.first().map(|found| (found.expires.to_string(), found.stacks));
            assert_eq!(found, expected.map(|day| (day.to_owned(), days.len())), "{days:?} {today}");
        }
        assert_eq!(expired(&[], date(2030, 1, 1)), []);
    }
}
