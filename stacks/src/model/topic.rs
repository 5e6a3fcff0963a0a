//! MQTT topic filters, as
//! [AWS IoT Core](https://docs.aws.amazon.com/iot/latest/developerguide/topics.html) takes them in the
//! SQL of a rule.

use crate::config::Fault;

/// Longest filter, in bytes of UTF-8.
const MAX_BYTES: usize = 256;

/// Most levels: seven slashes.
const MAX_LEVELS: usize = 8;

/// The first level of the topics of
/// [Sparkplug B](https://sparkplug.eclipse.org/specification/version/3.0/documents/sparkplug-specification-3.0.0.pdf).
const SPARKPLUG: &str = "spBv1.0";

/// Why a filter cannot be used, or does not name the device.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum TopicFault {
    #[error("is empty")]
    Empty,
    #[error("is {bytes} bytes long, but at most {MAX_BYTES} are allowed")]
    Long { bytes: usize },
    #[error("has {levels} levels, but at most {MAX_LEVELS} are allowed")]
    Deep { levels: usize },
    #[error("begins with `$`, as only the topics of AWS itself do")]
    Reserved,
    #[error(
        "begins with `{SPARKPLUG}`, but a message of Sparkplug B is Protocol Buffers, and tells its names only once, when its device is born"
    )]
    Sparkplug,
    #[error("has {character:?} in it, which cannot stand in the SQL of a rule")]
    Character { character: char },
    #[error("has `{wildcard}` in level {level}, \"{found}\", beside something else")]
    Partial { wildcard: char, level: usize, found: String },
    #[error("goes on after `#`, in level {level}")]
    NotLast { level: usize },
    #[error("has `{wildcard}` in it, but stands for certain levels only")]
    Wildcard { wildcard: char },
    #[error("has an empty level, {level}")]
    EmptyLevel { level: usize },
    #[error("is {segment}, but `{filter}` has {levels} levels")]
    NoSegment { segment: u32, filter: String, levels: usize },
    #[error("is {segment}, and level {segment} of `{filter}` is \"{found}\", the same for every device")]
    FixedSegment { segment: u32, filter: String, found: String },
    #[error("is {segment}, which is `#` in `{filter}`: it may stand for no level at all")]
    OpenSegment { segment: u32, filter: String },
}

impl Fault for TopicFault {
    fn help(&self) -> String {
        match self {
            Self::Empty => "write a filter such as \"dt/+/measures\"".into(),
            Self::Long { .. } | Self::Deep { .. } => {
                "shorten it; `#` at the end stands for every level below".into()
            }
            Self::Reserved => {
                "let the devices publish under a topic of your own, such as \"dt/+/measures\"; of the topics of AWS there are those of shadows, such as \"$aws/things/+/shadow/update/accepted\"".into()
            }
            Self::Sparkplug => {
                "let the gateway publish JSON too, or translate it there: the pipeline decodes JSON alone".into()
            }
            Self::Character { .. } => "leave quotes, backslashes and control characters out of topics".into(),
            Self::Partial { wildcard, .. } => format!("let `{wildcard}` be a level of its own: /{wildcard}/"),
            Self::NotLast { .. } => {
                "let `#` be the last level; `+` stands for one level in the middle".into()
            }
            Self::Wildcard { .. } => "write plain levels, such as \"dev\"".into(),
            Self::EmptyLevel { .. } => "write single slashes, between levels only".into(),
            Self::NoSegment { filter, .. } | Self::FixedSegment { filter, .. } => {
                match single_wildcards(filter) {
                    list if list.is_empty() => "write `+` for the level that names the device".into(),
                    list => format!("segments count from 1; `+` is level {}", list.join(" or ")),
                }
            }
            Self::OpenSegment { .. } => "write `+` for the level that names the device, before `#`".into(),
        }
    }
}

/// Levels that are `+`, counted from 1.
fn single_wildcards(filter: &str) -> Vec<String> {
    let levels = filter.split('/').enumerate();
    levels.filter(|(_, level)| *level == "+").map(|(index, _)| (index + 1).to_string()).collect()
}

/// Checks a filter for the SQL of a rule, where it stands in single quotes.
pub(crate) fn check_filter(filter: &str) -> Result<(), TopicFault> {
    if filter.is_empty() {
        return Err(TopicFault::Empty);
    }
    if filter.len() > MAX_BYTES {
        return Err(TopicFault::Long { bytes: filter.len() });
    }
    if let Some(character) = filter.chars().find(|c| c.is_control() || matches!(c, '\'' | '"' | '\\')) {
        return Err(TopicFault::Character { character });
    }
    let levels: Vec<&str> = filter.split('/').collect();
    if is_reserved(filter) && !is_shadow(&levels) {
        return Err(TopicFault::Reserved);
    }
    if levels[0] == SPARKPLUG {
        return Err(TopicFault::Sparkplug);
    }
    if levels.len() > MAX_LEVELS {
        return Err(TopicFault::Deep { levels: levels.len() });
    }
    for (index, level) in levels.iter().enumerate() {
        let wildcard = level.chars().find(|c| matches!(c, '+' | '#'));
        if let Some(wildcard) = wildcard.filter(|_| level.chars().count() > 1) {
            return Err(TopicFault::Partial { wildcard, level: index + 1, found: (*level).to_owned() });
        }
        if *level == "#" && index + 1 < levels.len() {
            return Err(TopicFault::NotLast { level: index + 2 });
        }
    }
    Ok(())
}

/// Whether a topic is one of AWS itself, which no prefix moves.
pub(crate) fn is_reserved(filter: &str) -> bool {
    filter.starts_with('$')
}

/// Whether the levels are those of what
/// [the shadow service publishes](https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html#reserved-topics-shadow)
/// of a thing, which a rule may read.
fn is_shadow(levels: &[&str]) -> bool {
    let ["$aws", "things", thing, "shadow", said @ ..] = levels else { return false };
    let said = match said {
        ["name", name, said @ ..] if !name.is_empty() && *name != "#" => said,
        said => said,
    };
    let is_said = matches!(
        said,
        ["update", "accepted" | "rejected" | "documents" | "delta"]
            | ["get" | "delete", "accepted" | "rejected"]
    );
    is_said && !thing.is_empty() && *thing != "#"
}

/// Whether two filters take a message of one topic. Wildcards of the first level take no topic that begins with
/// `$`, and `#` takes the level before it too, by
/// [MQTT](https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901242).
pub fn overlap(one: &str, other: &str) -> bool {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
    let wild = |levels: &[&str]| matches!(levels, ["+" | "#", ..]);
    let own = |levels: &[&str]| levels.first().is_some_and(|level| level.starts_with('$'));
    if wild(&one) && own(&other) || wild(&other) && own(&one) {
        return false;
    }
    let (mut one, mut other) = (&one[..], &other[..]);
    loop {
        match (one, other) {
            ([], []) | (["#"], _) | (_, ["#"]) => return true,
            ([a, one_rest @ ..], [b, other_rest @ ..]) if a == b || *a == "+" || *b == "+" => {
                (one, other) = (one_rest, other_rest);
            }
            _ => return false,
        }
    }
}

/// Checks levels that stand for themselves, such as the first ones of a filter.
pub(crate) fn check_plain(levels: &str) -> Result<(), TopicFault> {
    if let Some(wildcard) = levels.chars().find(|c| matches!(c, '+' | '#')) {
        return Err(TopicFault::Wildcard { wildcard });
    }
    check_filter(levels)?;
    if is_reserved(levels) {
        return Err(TopicFault::Reserved);
    }
    match levels.split('/').position(str::is_empty) {
        Some(index) => Err(TopicFault::EmptyLevel { level: index + 1 }),
        None => Ok(()),
    }
}

/// Checks that a segment of the topics of a filter, counted from 1, tells devices apart.
pub(crate) fn check_segment(filter: &str, segment: u32) -> Result<(), TopicFault> {
    let levels: Vec<&str> = filter.split('/').collect();
    let filter = filter.to_owned();
    let index = usize::try_from(segment).unwrap_or(usize::MAX).checked_sub(1);
    match index.and_then(|index| levels.get(index)) {
        Some(&"+") => Ok(()),
        Some(&"#") => Err(TopicFault::OpenSegment { segment, filter }),
        Some(&found) => Err(TopicFault::FixedSegment { segment, filter, found: found.to_owned() }),
        None => Err(TopicFault::NoSegment { segment, filter, levels: levels.len() }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{check_filter, check_plain, check_segment, overlap};

    /// Whether a filter takes a topic.
    fn takes(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            ([], []) | (["#"], _) => true,
            (["+", filter @ ..], [_, topic @ ..]) => takes(filter, topic),
            ([level, filter @ ..], [found, topic @ ..]) => level == found && takes(filter, topic),
            _ => false,
        }
    }

    /// Whether any topic of up to four levels, of which nothing but equality matters, is taken by both.
    fn both_take_one(one: &str, other: &str) -> bool {
        const LEVELS: [&str; 4] = ["a", "b", "", "$x"];
        let filters: [Vec<&str>; 2] = [one, other].map(|filter| filter.split('/').collect());
        let mut topics: Vec<Vec<&str>> = LEVELS.iter().map(|level| vec![*level]).collect();
        for _ in 0..4 {
            let taken = |topic: &Vec<&str>| {
                filters.iter().all(|filter| {
                    let hidden = topic[0].starts_with('$') && matches!(filter[0], "+" | "#");
                    !hidden && takes(filter, topic)
                })
            };
            if topics.iter().any(taken) {
                return true;
            }
            let longer = |topic: &Vec<&'static str>| LEVELS.map(|level| [&topic[..], &[level]].concat());
            topics = topics.iter().flat_map(longer).collect();
        }
        false
    }

    fn filter() -> impl Strategy<Value = String> {
        let level = prop::sample::select(vec!["a", "b", "", "+"]);
        let first = prop::sample::select(vec!["a", "b", "", "+", "$x"]);
        (first, prop::collection::vec(level, 0..3), prop::bool::ANY).prop_map(|(first, rest, open)| {
            let open = open.then_some("#");
            std::iter::once(first).chain(rest).chain(open).collect::<Vec<_>>().join("/")
        })
    }

    proptest! {
        #[test]
        fn filters_overlap_when_a_topic_is_taken_by_both(one in filter(), other in filter()) {
            prop_assert_eq!(overlap(&one, &other), both_take_one(&one, &other));
            prop_assert_eq!(overlap(&other, &one), overlap(&one, &other));
        }

        #[test]
        fn everything_overlaps_but_what_is_of_the_service(other in filter()) {
            prop_assert_eq!(overlap("#", &other), !other.starts_with('$'));
        }
    }

    #[test]
    fn a_filter_is_taken_exactly_when_the_service_takes_it() {
        let deepest = "a/b/c/d/e/f/g/h";
        let longest = "x".repeat(256);
        for (filter, fault) in [
            ("dt/+/measures", None),
            ("sensors/#", None),
            ("#", None),
            ("+", None),
            ("/leading/slash", None),
            (deepest, None),
            (longest.as_str(), None),
            ("", Some("is empty")),
            ("a/b/c/d/e/f/g/h/i", Some("has 9 levels, but at most 8 are allowed")),
            (&"x".repeat(257), Some("is 257 bytes long, but at most 256 are allowed")),
            ("$aws/things/+/shadow", Some("begins with `$`, as only the topics of AWS itself do")),
            ("$aws/things/+/shadow/update", Some("begins with `$`, as only the topics of AWS itself do")),
            ("$aws/things/#", Some("begins with `$`, as only the topics of AWS itself do")),
            ("$aws/things/+/shadow/update/accepted", None),
            ("$aws/things/pump/shadow/name/+/update/documents", None),
            ("$aws/things/+/shadow/get/delta", Some("begins with `$`, as only the topics of AWS itself do")),
            (
                "spBv1.0/+/DDATA/+/+",
                Some(
                    "begins with `spBv1.0`, but a message of Sparkplug B is Protocol Buffers, and tells its names only once, when its device is born",
                ),
            ),
            ("dt/device+/x", Some("has `+` in level 2, \"device+\", beside something else")),
            ("dt/++/x", Some("has `+` in level 2, \"++\", beside something else")),
            ("dt/x#", Some("has `#` in level 2, \"x#\", beside something else")),
            ("dt/#/x", Some("goes on after `#`, in level 3")),
            ("dt/'; x", Some("has '\\'' in it, which cannot stand in the SQL of a rule")),
        ] {
            let found = check_filter(filter).err().map(|fault| fault.to_string());
            assert_eq!(found.as_deref(), fault, "{filter:?}");
        }
    }

    #[test]
    fn plain_levels_stand_for_themselves() {
        for (levels, fault) in [
            ("dev", None),
            ("site-1/dev", None),
            ("", Some("is empty")),
            ("dev/+", Some("has `+` in it, but stands for certain levels only")),
            ("#", Some("has `#` in it, but stands for certain levels only")),
            ("a#", Some("has `#` in it, but stands for certain levels only")),
            ("dev/", Some("has an empty level, 2")),
            ("/dev", Some("has an empty level, 1")),
            ("$aws", Some("begins with `$`, as only the topics of AWS itself do")),
            ("d'ev", Some("has '\\'' in it, which cannot stand in the SQL of a rule")),
        ] {
            let found = check_plain(levels).err().map(|fault| fault.to_string());
            assert_eq!(found.as_deref(), fault, "{levels:?}");
        }
    }

    #[test]
    fn a_segment_must_tell_devices_apart() {
        for (filter, segment, fault) in [
            ("dt/+/measures", 2, None),
            ("+/+/x", 1, None),
            (
                "dt/+/measures",
                3,
                Some("is 3, and level 3 of `dt/+/measures` is \"measures\", the same for every device"),
            ),
            ("dt/+/measures", 4, Some("is 4, but `dt/+/measures` has 3 levels")),
            ("dt/+/measures", 0, Some("is 0, but `dt/+/measures` has 3 levels")),
            ("dt/#", 2, Some("is 2, which is `#` in `dt/#`: it may stand for no level at all")),
        ] {
            let found = check_segment(filter, segment).err().map(|fault| fault.to_string());
            assert_eq!(found.as_deref(), fault, "{filter} {segment}");
        }
    }
}
