//! What partition keys a table may have, and how they may change:
//! [customer-defined partition keys](https://docs.aws.amazon.com/timestream/latest/developerguide/customer-defined-partition-keys.html).

use crate::{
    names,
    store::{PartitionKey, PartitionKeyType, Schema},
    wire,
};

/// Checks the schema of a table that is to be created.
pub fn check(schema: &Schema) -> Result<(), wire::Error> {
    let [key] = schema.composite_partition_key.as_slice() else {
        return Err(wire::Error::validation("The composite partition key must have exactly one key."));
    };
    match (key.kind, &key.name) {
        (PartitionKeyType::Dimension, Some(name)) => Ok(names::check_column("dimension", name)?),
        (PartitionKeyType::Dimension, None) => {
            Err(wire::Error::validation("A partition key of type DIMENSION must have a name."))
        }
        (PartitionKeyType::Measure, None) if key.enforcement_in_record.is_none() => Ok(()),
        (PartitionKeyType::Measure, _) => Err(wire::Error::validation(
            "A partition key of type MEASURE must have neither a name nor an enforcement.",
        )),
    }
}

/// Checks that `new` changes nothing of `old` but the enforcement: a partition key is for ever.
pub fn check_change(old: &Schema, new: &Schema) -> Result<(), wire::Error> {
    check(new)?;
    let identity = |key: &PartitionKey| (key.kind, key.name.clone());
    let unchanged =
        old.composite_partition_key.iter().map(identity).eq(new.composite_partition_key.iter().map(identity));
    if unchanged {
        Ok(())
    } else {
        Err(wire::Error::validation("The partition key of a table cannot be changed, only its enforcement."))
    }
}

impl From<names::Error> for wire::Error {
    fn from(error: names::Error) -> Self {
        Self::validation(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Enforcement::{self, Optional, Required};
    use PartitionKeyType::{Dimension, Measure};

    fn key(kind: PartitionKeyType, name: Option<&str>, enforcement: Option<Enforcement>) -> PartitionKey {
        PartitionKey { kind, name: name.map(str::to_owned), enforcement_in_record: enforcement }
    }

    fn schema<const N: usize>(keys: [PartitionKey; N]) -> Schema {
        Schema { composite_partition_key: Vec::from(keys) }
    }

    #[test]
    fn schemas() {
        for (schema, accepted) in [
            (Schema::default(), true),
            (schema([key(Dimension, Some("device"), None)]), true),
            (schema([key(Dimension, Some("device"), Some(Required))]), true),
            (schema([]), false),
            (schema([key(Dimension, None, None)]), false),
            (schema([key(Dimension, Some("time"), None)]), false),
            (schema([key(Measure, Some("device"), None)]), false),
            (schema([key(Measure, None, Some(Optional))]), false),
            (schema([key(Measure, None, None), key(Dimension, Some("device"), None)]), false),
        ] {
            assert_eq!(check(&schema).is_ok(), accepted, "{schema:?}");
        }
    }

    #[test]
    fn changes() {
        let device = |enforcement| schema([key(Dimension, Some("device"), enforcement)]);
        for (old, new, accepted) in [
            (device(Some(Required)), device(Some(Optional)), true),
            (device(None), device(Some(Required)), true),
            (device(None), schema([key(Dimension, Some("room"), None)]), false),
            (Schema::default(), device(None), false),
        ] {
            assert_eq!(check_change(&old, &new).is_ok(), accepted, "{old:?} to {new:?}");
        }
    }
}
