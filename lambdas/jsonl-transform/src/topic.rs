//! What only the topic of an event says, as members of its line.
//!
//! The rule hands events on as they were sent, so that such an event does not name its device, say; Firehose
//! says the partition key of each record, which the rule makes of the topic. What an event says itself of
//! such a member gives way, as it does in the store: the topic is what a policy lets a device use. All other
//! bytes of the event stay as they are.

use std::ops::Range;

/// A member of a line that the topic says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    name: String,
    /// The name as JSON, with its quotes.
    quoted: String,
}

/// Writes `object`, a well-formed JSON object on one line, with these members and nothing else of their
/// names. The values are JSON.
pub(crate) fn add(object: &[u8], members: &[(&Member, String)], out: &mut Vec<u8>) {
    out.clear();
    out.push(b'{');
    let inside = &object[1..object.len() - 1];
    if members.iter().any(|(member, _)| member.may_be_in(inside)) {
        for there in members_of(inside) {
            if !members.iter().any(|(member, _)| member.is_name(&inside[there.name.clone()])) {
                out.extend_from_slice(&inside[there.whole]);
                out.push(b',');
            }
        }
    } else if !inside.trim_ascii().is_empty() {
        out.extend_from_slice(inside);
        out.push(b',');
    }
    for (member, value) in members {
        for part in [&member.quoted, ":", value.as_str(), ","] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    out.pop_if(|last| *last == b',');
    out.push(b'}');
}

impl Member {
    /// The member called `name`.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), quoted: serde_json::Value::from(name).to_string() }
    }

    /// Whether a member can have this name: it stands there, or is spelt with escapes.
    fn may_be_in(&self, text: &[u8]) -> bool {
        memchr::memmem::find(text, self.name.as_bytes()).is_some() || memchr::memchr(b'\\', text).is_some()
    }

    /// `name` is JSON, with its quotes.
    fn is_name(&self, name: &[u8]) -> bool {
        name == self.quoted.as_bytes()
            || serde_json::from_slice::<String>(name).is_ok_and(|name| name == self.name)
    }
}

/// Where a member is.
struct Place {
    /// All of it, without the commas around it.
    whole: Range<usize>,
    /// Its name with the quotes.
    name: Range<usize>,
}

/// The members of a well-formed object, of which `text` is what is between the braces.
fn members_of(text: &[u8]) -> Vec<Place> {
    let mut members = Vec::new();
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    // Where the member begins, its name begins, and its name ends.
    let (mut start, mut name, mut name_end) = (0, None, None);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => {
                in_string = !in_string;
                if in_string {
                    name = name.or(Some(at));
                } else {
                    name_end = name_end.or(Some(at + 1));
                }
            }
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                let name = name.take().unwrap_or(start)..name_end.take().unwrap_or(start);
                members.push(Place { whole: start..at, name });
                start = at + 1;
            }
            _ => {}
        }
    }
    if let (Some(name), Some(name_end)) = (name, name_end) {
        members.push(Place { whole: start..text.len(), name: name..name_end });
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_names_the_device_and_nothing_else_changes() {
        let cases = [
            ("an object without it", r#"{"rssi":-88}"#, r#"{"rssi":-88,"device_id":"r-1"}"#),
            ("nothing", "{}", r#"{"device_id":"r-1"}"#),
            ("blanks", "{ }", r#"{"device_id":"r-1"}"#),
            ("blanks stay", r#"{ "rssi" : -88 }"#, r#"{ "rssi" : -88 ,"device_id":"r-1"}"#),
            (
                "digits stay",
                r#"{"x":1.0e+00,"y":[1,{"z":10.0}]}"#,
                r#"{"x":1.0e+00,"y":[1,{"z":10.0}],"device_id":"r-1"}"#,
            ),
            ("the same", r#"{"device_id":"r-1","x":1}"#, r#"{"x":1,"device_id":"r-1"}"#),
            ("another", r#"{"x":1, "device_id" :"r-2" ,"y":2}"#, r#"{"x":1,"y":2,"device_id":"r-1"}"#),
            ("null", r#"{"device_id":null}"#, r#"{"device_id":"r-1"}"#),
            (
                "an object",
                r#"{"device_id":{"a":"},","b":[1,2]},"x":"\\\",\"device_id\":1"}"#,
                r#"{"x":"\\\",\"device_id\":1","device_id":"r-1"}"#,
            ),
            ("more than once", r#"{"device_id":1,"x":1,"device_id":2}"#, r#"{"x":1,"device_id":"r-1"}"#),
            ("with escapes", r#"{"device\u005fid":1,"x":1}"#, r#"{"x":1,"device_id":"r-1"}"#),
            ("names that are no text", r#"{"\ud800":1,"device_id":1}"#, r#"{"\ud800":1,"device_id":"r-1"}"#),
            ("in a value", r#"{"x":"device_id"}"#, r#"{"x":"device_id","device_id":"r-1"}"#),
            (
                "inside of another member",
                r#"{"x":{"device_id":"r-2"}}"#,
                r#"{"x":{"device_id":"r-2"},"device_id":"r-1"}"#,
            ),
            ("part of a name", r#"{"my_device_id":"r-2"}"#, r#"{"my_device_id":"r-2","device_id":"r-1"}"#),
        ];
        let member = Member::new("device_id");
        for (name, object, expected) in cases {
            let mut out = vec![b'?'];
            add(object.as_bytes(), &[(&member, r#""r-1""#.to_owned())], &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{name}");
        }
    }

    #[test]
    fn several_members_come_in_their_order() {
        let (device, room) = (Member::new("device"), Member::new("room"));
        let mut out = Vec::new();
        for (object, expected) in [
            ("{}", r#"{"device":"d","room":"r"}"#),
            (r#"{"room":1,"x":[],"device":2}"#, r#"{"x":[],"device":"d","room":"r"}"#),
        ] {
            let members = [(&device, r#""d""#.to_owned()), (&room, r#""r""#.to_owned())];
            add(object.as_bytes(), &members, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
        add(br#"{"x":1}"#, &[], &mut out);
        assert_eq!(out, br#"{"x":1}"#);
    }
}
