//! Finds the declared fields of an event in its bytes, in one pass and without building a tree.
//!
//! Values stay text. What they mean is decided elsewhere; here only the document as a whole is
//! accepted or refused.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::reason::{Fault, quoted};

/// Levels of objects and arrays in an event, the event itself included. No event needs them, and
/// parsers in other languages have a limit too.
pub const MAX_DEPTH: usize = 64;

/// The first bytes of an [aggregate of the Kinesis Producer Library](https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md).
const KPL_MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// The names of the declared fields, each with its slot.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldNames {
    names: Vec<Box<str>>,
    slots: HashMap<Box<str>, usize>,
}

impl FieldNames {
    /// The slot of `name`; the same name has the same slot.
    pub(crate) fn declare(&mut self, name: &str) -> usize {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.names.len();
        self.names.push(name.into());
        self.slots.insert(name.into(), slot);
        slot
    }

    /// Looks at slot `likely` first: a device sends its fields in the same order every time.
    fn find(&self, name: &str, likely: usize) -> Option<usize> {
        match self.names.get(likely) {
            Some(there) if **there == *name => Some(likely),
            _ => self.slots.get(name).copied(),
        }
    }
}

/// The declared fields of one event.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    slots: Vec<Slot<'a>>,
    pub(crate) undeclared: Undeclared,
}

/// Fields that are not declared.
#[derive(Debug, Default)]
pub(crate) struct Undeclared {
    /// How many there are.
    pub(crate) count: usize,
    /// The names of the first of them.
    pub(crate) names: Vec<String>,
    /// How many names are kept.
    keep: usize,
}

impl Undeclared {
    /// Counts another one.
    pub(crate) fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.keeps_more() {
            self.names.push(name());
        }
    }

    fn keeps_more(&self) -> bool {
        self.names.len() < self.keep
    }
}

#[derive(Debug, Clone, Copy)]
enum Slot<'a> {
    Absent,
    Present(&'a str),
    Repeated,
}

impl<'a> Fields<'a> {
    /// The JSON text of a field; `None` when it is missing.
    pub(crate) fn get(&self, slot: usize) -> Result<Option<&'a str>, Fault> {
        match self.slots[slot] {
            Slot::Absent => Ok(None),
            Slot::Present(json) => Ok(Some(json)),
            Slot::Repeated => Err(Fault::DuplicateField),
        }
    }

    /// Reads an event. At most `keep_names` names of undeclared fields are kept.
    pub(crate) fn read(payload: &'a [u8], names: &FieldNames, keep_names: usize) -> Result<Self, Fault> {
        let text = std::str::from_utf8(payload).map_err(|error| {
            if payload.starts_with(&KPL_MAGIC) {
                Fault::KplAggregate
            } else {
                Fault::NotUtf8 { at: error.valid_up_to() }
            }
        })?;
        let mut parser = serde_json::Deserializer::from_str(text);
        let (fields, deep) = EventSeed { names, keep_names }
            .deserialize(&mut parser)
            .and_then(|fields| parser.end().map(|()| fields))
            .map_err(|error| not_an_event(text, &error))?;
        if deep { Err(Fault::NestedTooDeep) } else { Ok(fields) }
    }
}

/// The fault of a document that the parser refused as an event.
fn not_an_event(text: &str, error: &serde_json::Error) -> Fault {
    if !text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Fault::NotAnObject;
    }
    Fault::NotJson { detail: quoted(&error.to_string()) }
}

/// Whether a well-formed JSON text has more than `levels` levels of objects and arrays.
pub(crate) fn deeper_than(json: &str, levels: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > levels {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

struct EventSeed<'n> {
    names: &'n FieldNames,
    keep_names: usize,
}

impl<'de> DeserializeSeed<'de> for EventSeed<'_> {
    type Value = (Fields<'de>, bool);

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EventSeed<'_> {
    type Value = (Fields<'de>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields {
            slots: vec![Slot::Absent; self.names.names.len()],
            undeclared: Undeclared { keep: self.keep_names, ..Undeclared::default() },
        };
        let mut deep = false;
        let mut likely = 0;
        while let Some(key) =
            map.next_key_seed(KeySeed { names: self.names, likely, keep: fields.undeclared.keeps_more() })?
        {
            let json = map.next_value::<&'de RawValue>()?.get();
            deep |= json.starts_with(['{', '[']) && deeper_than(json, MAX_DEPTH - 1);
            match key {
                Key::Declared(slot) => {
                    fields.slots[slot] = match fields.slots[slot] {
                        Slot::Absent => Slot::Present(json),
                        Slot::Present(_) | Slot::Repeated => Slot::Repeated,
                    };
                    likely = slot + 1;
                }
                Key::Undeclared(name) => {
                    fields.undeclared.add(|| name.unwrap_or_default());
                }
            }
        }
        Ok((fields, deep))
    }
}

enum Key {
    Declared(usize),
    Undeclared(Option<String>),
}

struct KeySeed<'n> {
    names: &'n FieldNames,
    likely: usize,
    keep: bool,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(match self.names.find(name, self.likely) {
            Some(slot) => Key::Declared(slot),
            None => Key::Undeclared(self.keep.then(|| quoted(name))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_an_event_or_refused() {
        let nested =
            |levels: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
        let (deepest, too_deep) = (nested(MAX_DEPTH), nested(MAX_DEPTH + 1));
        let table: [(&[u8], Result<(), &str>); 20] = [
            (br"{}", Ok(())),
            (b" {\"a\" : 1}\r\n", Ok(())),
            (deepest.as_bytes(), Ok(())),
            (too_deep.as_bytes(), Err("nested_too_deep")),
            (br#"{"x":"[[[[\"[[["}"#, Ok(())),
            (br"", Err("not_json")),
            (br"{", Err("not_json")),
            (br"{}{}", Err("not_json")),
            (br"{} x", Err("not_json")),
            (br"{a:1}", Err("not_json")),
            (br#"{"a":1,}"#, Err("not_json")),
            (br#"{"a":01}"#, Err("not_json")),
            (br#"{"a":NaN}"#, Err("not_json")),
            (br"hello", Err("not_json")),
            (br"[1,2]", Err("not_an_object")),
            (br"null", Err("not_an_object")),
            (b" -1e999\n", Err("not_an_object")),
            (br"1e", Err("not_json")),
            (b"{\"a\":\"\xff\"}", Err("not_utf8")),
            (b"\xf3\x89\x9a\xc2\x0a\x01", Err("kpl_aggregate")),
        ];
        for (payload, expected) in table {
            let read = Fields::read(payload, &FieldNames::default(), 0);
            assert_eq!(
                read.map(|_| ()).map_err(|fault| fault.code()),
                expected,
                "{}",
                payload.escape_ascii()
            );
        }
    }

    #[test]
    fn nesting_without_end_is_refused_without_recursion() {
        let bomb = format!(r#"{{"x":{}"#, "[".repeat(1_000_000));
        let fault = Fields::read(bomb.as_bytes(), &FieldNames::default(), 0).expect_err("it is not closed");
        assert_eq!(fault.code(), "not_json");
    }

    #[test]
    fn fields_are_found_in_any_order_and_spelling() {
        let mut names = FieldNames::default();
        let (a, b) = (names.declare("a"), names.declare("b"));
        let fields =
            Fields::read(br#"{"c":{},"b":2,"\u0061":"x","c":0,"d":0}"#, &names, 2).expect("an event");
        assert_eq!((fields.get(a), fields.get(b)), (Ok(Some(r#""x""#)), Ok(Some("2"))));
        let undeclared = fields.undeclared;
        assert_eq!((undeclared.count, undeclared.names), (3, vec!["c".to_owned(), "c".to_owned()]));
    }
}
