//! Which environments have expired, by the tags of their stacks. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use stacks::environment::Expiry;
use stacks::{STACKS, StackDefinition};

use super::live::Live;

/// An environment that may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// The environment.
    pub environment: String,
    /// The last of the days that its stacks name.
    pub expires: Expiry,
    /// Its stacks.
    pub stacks: usize,
    /// Why it is left alone all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// The environments that have expired, by the stacks that carry the day: those that need no other. One that
/// has such a stack without a day, or any with one that cannot be read, never does, nor one of which only
/// other stacks are there.
pub fn expired(live: &[Live], today: Date) -> Vec<Expired> {
    let mut environments: BTreeMap<&str, Vec<&Live>> = BTreeMap::new();
    for stack in live {
        environments.entry(&stack.environment).or_default().push(stack);
    }
    let of = |(environment, stacks): (&str, Vec<&Live>)| {
        let days = stacks.iter().filter(|stack| stack.expires.is_some() || carries_the_day(stack));
        let days = days.map(|stack| stack.expires.as_deref()?.parse().ok());
        let last: Expiry = days.collect::<Option<Vec<Expiry>>>()?.into_iter().max()?;
        let (environment, kept) = (environment.to_owned(), None);
        last.is_past(today).then_some(Expired { environment, expires: last, stacks: stacks.len(), kept })
    };
    environments.into_iter().filter_map(of).collect()
}

/// Whether a stack has to say on which day its environment expires. One that no table knows has to, too.
fn carries_the_day(stack: &Live) -> bool {
    let definition = STACKS.iter().find(|definition| Some(definition.name) == stack.stack.as_deref());
    definition.is_none_or(StackDefinition::is_first)
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;

    use super::*;

    /// A stack with nothing but a name and a day.
    pub fn stack(environment: &str, name: &str, expires: Option<&str>) -> Live {
        Live {
            environment: environment.to_owned(),
            stack: Some(name.to_owned()),
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
    fn an_environment_expires_with_the_last_stack_that_carries_a_day() {
        let (past, later) = (Some("2026-11-20"), Some("2026-11-25"));
        for (stacks, today, expected) in [
            (vec![("ingest", past), ("store", past), ("twin", None)], date(2026, 11, 20), past),
            (vec![("ingest", past), ("store", past), ("twin", None)], date(2026, 11, 19), None),
            (vec![("ingest", past), ("store", later)], date(2026, 11, 24), None),
            (vec![("ingest", past), ("store", later)], date(2026, 11, 25), later),
            // A deployment that ends the day was interrupted.
            (vec![("ingest", None), ("store", past)], date(2030, 1, 1), None),
            (vec![("ingest", past), ("store", Some("soon"))], date(2030, 1, 1), None),
            // What is left of a destruction.
            (vec![("store", past)], date(2026, 11, 20), past),
            (vec![("twin", None)], date(2030, 1, 1), None),
            (vec![("unheard-of", None), ("store", past)], date(2030, 1, 1), None),
        ] {
            let live: Vec<Live> = stacks.iter().map(|(name, day)| stack("preview-1", name, *day)).collect();
            let found = expired(&live, today);
            let found = found.first().map(|found| (found.expires.to_string(), found.stacks));
            let expected = expected.map(|day| (day.to_owned(), stacks.len()));
            assert_eq!(found, expected, "{stacks:?} {today}");
        }
        assert_eq!(expired(&[], date(2030, 1, 1)), []);
    }
}
