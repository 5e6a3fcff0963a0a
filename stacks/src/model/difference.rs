//! What a changed model does to what is stored already.
//!
//! Timestream gives a name the
//! [type](https://docs.aws.amazon.com/timestream/latest/developerguide/writes.html) that it first has and keeps it as
//! long as the table is there, and a table keeps its partition key. The lake keeps what was sent, and its tables
//! are made again from the model.

use std::collections::BTreeMap;

use serde::Serialize;
use telemetry::{Model, RecordLayout};

use crate::store::{DIMENSION, stored};

/// What the table has, as [its metadata](crate::STORED) say it: `dimension` or the type of a measure, by name.
pub type Stored = BTreeMap<String, String>;

/// A name that the table has or gets, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The name in the store.
    pub name: String,
    /// What changes.
    pub change: Change,
    /// Whether the table takes it as it is.
    pub in_place: bool,
    /// What changes, and what to do where it cannot: sentences, without the name.
    pub said: String,
}

/// What changes of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is stored as something else.
    Kind,
    /// It is no longer written.
    Gone,
    /// It is new.
    New,
}

/// What the table of `before` makes of `after`, what it refuses first, then by name.
///
/// What an earlier model stored than the one that is deployed is not known.
pub fn difference(before: &Stored, after: &Model) -> Vec<Difference> {
    let after = stored(after);
    let mut differences = Vec::new();
    for (name, old) in before {
        let (change, said) = match after.get(name.as_str()) {
            Some(new) if *new == *old => continue,
            Some(new) => (Change::Kind, refused(old, new)),
            None if old == DIMENSION => (
                Change::Gone,
                "records from then on are of other series: a query that tells series apart by it finds nothing new"
                    .to_owned(),
            ),
            None => (
                Change::Gone,
                "nothing is written to its column from then on; what is there stays for as long as the table keeps it"
                    .to_owned(),
            ),
        };
        differences.push(Difference { name: name.clone(), change, in_place: change != Change::Kind, said });
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(**name)) {
        let said = if *new == DIMENSION {
            "records from then on are of other series, which it tells apart; older records have none"
                .to_owned()
        } else {
            format!("a new column of type {new}, from the first record that has it")
        };
        differences.push(Difference { name: (*name).to_owned(), change: Change::New, in_place: true, said });
    }
    differences.sort_by(|a, b| (a.in_place, &a.name).cmp(&(b.in_place, &b.name)));
    differences
}

/// What is lost of a name that is stored as something else, and what to do.
///
/// A measure of another type is refused, and so is
/// [a name that dimensions and measures share](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html#limits.naming).
pub fn refused(before: &str, after: &str) -> String {
    let what = |stored: &str| if stored == DIMENSION { format!("a {stored}") } else { stored.to_owned() };
    format!(
        "the table has it as {} for ever, and refuses it as {}; another name is a new column",
        what(before),
        what(after)
    )
}

/// A kind whose events are found under other names of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayoutDifference {
    /// The kind. `None`: the only one.
    pub kind: Option<String>,
    /// What changes, and what to do.
    pub said: String,
    /// Whether no table that is there can take it: the device, by which it is partitioned, has another name.
    #[serde(skip)]
    pub is_another_table: bool,
}

/// What two versions of a model say otherwise of how records are laid out, or of what a device is called.
///
/// Both are sound: nothing here is lost, but what asks for the old records has to ask for the new ones too.
pub fn layout_difference(before: &Model, after: &Model) -> Vec<LayoutDifference> {
    let mut differences = Vec::new();
    let (was, is) = (&before.first().device.dimension, &after.first().device.dimension);
    if was != is {
        let said = format!(
            "the device is called `{is}` in place of `{was}`, by which the table is partitioned: that is another table; \
             write `dimension = \"{was}\"`, or deploy an environment with another `table`"
        );
        differences.push(LayoutDifference { kind: None, said, is_another_table: true });
    }
    for kind in &after.kinds {
        let Some(old) = before.kinds.iter().find(|old| old.name == kind.name) else { continue };
        let said = match (&old.record, &kind.record) {
            (old, new) if old == new => continue,
            (RecordLayout::Multi { name: old }, RecordLayout::Multi { name: new }) => {
                format!("records are called `{new}` in place of `{old}`: queries for `measure_name = '{old}'` find the older ones alone")
            }
            (RecordLayout::Multi { .. }, RecordLayout::Single) => {
                "each measure is a record of its own: its values are in `measure_value::<type>`, and no longer in a column of its name"
                    .to_owned()
            }
            (RecordLayout::Single, RecordLayout::Multi { name }) => {
                format!("the measures of an event are one record `{name}`: its values are in columns of their names, and no longer in `measure_value::<type>`")
            }
            (RecordLayout::Single, RecordLayout::Single) => continue,
        };
        differences.push(LayoutDifference { kind: kind.name.clone(), said, is_another_table: false });
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(text: &str) -> Model {
        let text = format!("topic = 'a'\n[device]\nfield = 'id'\n{text}");
        crate::model::parse("telemetry.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn stored_of(model: &Model) -> Stored {
        stored(model).into_iter().map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    }

    const BEFORE: &str = "[[dimension]]\nname = 'site'\n[[measure]]\nname = 't'\ntype = 'double'\n\
                          [[measure]]\nname = 'running'\ntype = 'boolean'\n";

    #[test]
    fn each_name_is_told_with_what_becomes_of_it() {
        let before = model(BEFORE);
        assert_eq!(difference(&stored_of(&before), &before), []);
        let after = model(
            "[[measure]]\nname = 't'\ntype = 'varchar'\n[[measure]]\nname = 'site'\ntype = 'varchar'\n\
             [[measure]]\nname = 'h'\ntype = 'bigint'\n",
        );
        let told: Vec<_> = difference(&stored_of(&before), &after)
            .into_iter()
            .map(|one| (one.name, one.change, one.in_place, one.said))
            .collect();
        let row =
            |name: &str, change, in_place, said: &str| (name.to_owned(), change, in_place, said.to_owned());
        assert_eq!(
            told,
            [
                row(
                    "site",
                    Change::Kind,
                    false,
                    "the table has it as a dimension for ever, and refuses it as varchar; another name is a new column"
                ),
                row(
                    "t",
                    Change::Kind,
                    false,
                    "the table has it as double for ever, and refuses it as varchar; another name is a new column"
                ),
                row("h", Change::New, true, "a new column of type bigint, from the first record that has it"),
                row(
                    "running",
                    Change::Gone,
                    true,
                    "nothing is written to its column from then on; what is there stays for as long as the table keeps it"
                ),
            ]
        );
    }

    #[test]
    fn another_layout_is_told_for_what_asks_for_the_records() {
        let before = model(BEFORE);
        for (record, said) in [
            ("", None),
            ("[record]\nname = 'other'\n", Some("records are called `other` in place of `telemetry`")),
            ("[record]\nlayout = 'single'\n", Some("each measure is a record of its own")),
        ] {
            let found = layout_difference(&before, &model(&format!("{record}{BEFORE}")));
            assert_eq!(found.len(), usize::from(said.is_some()), "{record}");
            assert!(found.iter().all(|one| one.said.starts_with(said.unwrap_or_default())), "{found:?}");
        }
        let mut renamed = before.clone();
        renamed.kinds[0].device.dimension = "device".to_owned();
        assert!(layout_difference(&before, &renamed)[0].said.contains("that is another table"));
    }
}
