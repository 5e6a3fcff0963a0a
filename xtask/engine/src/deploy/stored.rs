//! What a table refuses of a model that has changed: a name that is stored as something else. Pure.

use serde_json::{Map, Value};
use stacks::{DIMENSION, STORED, model};

/// What is lost of every event once the new model writes to the table of the old one, by both versions of the
/// table's resource: what [`stacks::model::difference`] says cannot change in place.
pub fn refused(old: &Value, new: &Value) -> Vec<String> {
    let none = Map::new();
    let before = old["Metadata"][STORED].as_object().unwrap_or(&none);
    let after = |name: &String| new["Metadata"][STORED].get(name).and_then(Value::as_str);
    let both = before.iter().filter_map(|(name, before)| Some((name, before.as_str()?, after(name)?)));
    let differing = both.filter(|(_, before, after)| before != after);
    differing
        .map(|(name, before, after)| {
            let what = if [before, after].contains(&DIMENSION) { "every event that has" } else { "each" };
            format!("{what} `{name}` from then on: {}", model::refused(before, after))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_stored_as_one_thing() {
        let table = |stored: Value| json!({"Metadata": {STORED: stored}});
        let old = table(
            json!({"DeviceID": "dimension", "site": "dimension", "temperature": "double", "on": "boolean"}),
        );
        let rows: [(&str, Value, &[&str]); 7] = [
            ("the same", old["Metadata"][STORED].clone(), &[]),
            (
                "another measure",
                json!({"DeviceID": "dimension", "temperature": "double", "humidity": "bigint"}),
                &[],
            ),
            ("another name", json!({"DeviceID": "dimension", "temperature_text": "varchar"}), &[]),
            (
                "another type",
                json!({"temperature": "varchar", "on": "boolean"}),
                &[
                    "each `temperature` from then on: the table has it as double for ever, and refuses it as varchar; \
                   another name is a new column",
                ],
            ),
            (
                "a dimension that becomes a measure",
                json!({"site": "varchar"}),
                &[
                    "every event that has `site` from then on: the table has it as a dimension for ever, and refuses it \
                   as varchar; another name is a new column",
                ],
            ),
            (
                "a measure that becomes a dimension",
                json!({"on": "dimension"}),
                &[
                    "every event that has `on` from then on: the table has it as boolean for ever, and refuses it as a \
                   dimension; another name is a new column",
                ],
            ),
            ("nothing", json!({}), &[]),
        ];
        for (case, new, expected) in rows {
            assert_eq!(refused(&old, &table(new)), expected, "{case}");
        }
        assert_eq!(refused(&json!({}), &old), Vec::<String>::new(), "a table that says nothing");
    }
}
