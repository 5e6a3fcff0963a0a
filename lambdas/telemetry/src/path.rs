//! Where a value stands in an event: `temperature`, `object.temperature`, `status[0].temp`.
//!
//! A name with one of `.`, `[`, `]` or `"` in it is written in double quotes, in which `\"` and `\\` stand
//! for `"` and `\`: `data."temp.max"`. A path without quotes also finds a member of the event that is called
//! like the whole path, dots and all, as devices that flatten their events send it.
//!
//! In a kind whose message holds [several events](crate::Message::Each), a path begins at an event, and one
//! that begins with `$.` at the message.

use std::fmt;

/// What stands for the message, or for an event, itself.
pub const WHOLE: &str = "$";

/// A path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Whether it begins at the message, and not at the event.
    pub from_message: bool,
    /// The steps; none for `$` alone.
    pub steps: Vec<Step>,
    /// The member that is called like the whole path, where that is another than the steps lead to.
    pub literal: Option<Box<str>>,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// To a member of an object.
    Member(Box<str>),
    /// To an element of an array, from 0.
    Element(u32),
}

/// Why a text is no path. It may still be the name of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// Two dots, or one at an end.
    #[error("a name is empty at character {0}")]
    EmptyName(usize),
    /// An index that is not digits in brackets.
    #[error("the index at character {0} is not a number in brackets")]
    BadIndex(usize),
    /// A quote without its end, or text behind one.
    #[error("the quotes at character {0} do not enclose a name")]
    BadQuotes(usize),
}

impl Path {
    /// Takes `text` apart. A text that is no path is the name of a member, as it stands.
    pub fn of(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::to(vec![Step::Member(text.into())]))
    }

    /// The path of these steps from an event.
    pub fn to(steps: Vec<Step>) -> Self {
        Self { from_message: false, steps, literal: None }
    }

    /// Takes `text` apart, or says why it is no path.
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        if text == WHOLE {
            return Ok(Self { from_message: true, steps: Vec::new(), literal: None });
        }
        let (from_message, rest) = match text.strip_prefix("$.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let steps = Steps { text, rest, read: Vec::new() }.read()?;
        let plain = matches!(&steps[..], [Step::Member(name)] if **name == *text);
        let literal = (!plain && !text.contains('"')).then(|| text.into());
        Ok(Self { from_message, steps, literal })
    }

    /// The name, where the path is that of a member of the event itself.
    pub fn member(&self) -> Option<&str> {
        match &self.steps[..] {
            [Step::Member(name)] if !self.from_message => Some(name),
            _ => None,
        }
    }
}

/// A path being read.
struct Steps<'a> {
    text: &'a str,
    rest: &'a str,
    read: Vec<Step>,
}

impl Steps<'_> {
    fn read(mut self) -> Result<Vec<Step>, PathFault> {
        loop {
            self.name()?;
            while self.rest.starts_with('[') {
                self.index()?;
            }
            if self.rest.is_empty() {
                return Ok(self.read);
            }
            let at = self.at();
            self.rest = self.rest.strip_prefix('.').ok_or(PathFault::BadQuotes(at))?;
        }
    }

    /// The place in the text, in characters from 1.
    fn at(&self) -> usize {
        self.text.chars().count() - self.rest.chars().count() + 1
    }

    fn name(&mut self) -> Result<(), PathFault> {
        let at = self.at();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let mut name = String::new();
            let mut characters = quoted.char_indices();
            loop {
                match characters.next() {
                    Some((end, '"')) => {
                        self.rest = &quoted[end + 1..];
                        break;
                    }
                    Some((_, '\\')) => match characters.next() {
                        Some((_, character @ ('"' | '\\'))) => name.push(character),
                        _ => return Err(PathFault::BadQuotes(at)),
                    },
                    Some((_, character)) => name.push(character),
                    None => return Err(PathFault::BadQuotes(at)),
                }
            }
            self.read.push(Step::Member(name.into()));
            return Ok(());
        }
        let end = self.rest.find(['.', '[', ']', '"']).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(PathFault::EmptyName(at));
        }
        let (name, rest) = self.rest.split_at(end);
        if rest.starts_with([']', '"']) {
            return Err(PathFault::BadQuotes(at));
        }
        self.read.push(Step::Member(name.into()));
        self.rest = rest;
        Ok(())
    }

    fn index(&mut self) -> Result<(), PathFault> {
        let fault = PathFault::BadIndex(self.at());
        let (digits, rest) = self.rest[1..].split_once(']').ok_or(fault)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fault);
        }
        self.read.push(Step::Element(digits.parse().map_err(|_| fault)?));
        self.rest = rest;
        Ok(())
    }
}

/// As it is written: names in quotes where they need them.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from_message {
            f.write_str(WHOLE)?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Element(element) => write!(f, "[{element}]")?,
                Step::Member(name) => {
                    if index > 0 || self.from_message {
                        f.write_str(".")?;
                    }
                    if name.is_empty() || name.contains(['.', '[', ']', '"']) {
                        write!(f, "\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))?;
                    } else {
                        f.write_str(name)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let member = |name: &str| Step::Member(name.into());
        let table = [
            ("a", vec![member("a")], false),
            ("a.b", vec![member("a"), member("b")], true),
            ("status[0].temp", vec![member("status"), Step::Element(0), member("temp")], true),
            ("m[1][2]", vec![member("m"), Step::Element(1), Step::Element(2)], true),
            (r#"data."temp.max""#, vec![member("data"), member("temp.max")], false),
            (r#""a \"b\" \\""#, vec![member(r#"a "b" \"#)], false),
            ("größe (°C)", vec![member("größe (°C)")], false),
        ];
        for (text, steps, literal) in table {
            let path = Path::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(path.steps, steps, "{text}");
            assert_eq!(path.literal.as_deref(), literal.then_some(text), "{text}");
            assert_eq!(path.to_string(), text);
        }
        let message = Path::parse("$.id").expect("a path");
        assert!(message.from_message && message.steps == [member("id")]);
        assert!(Path::parse("$").expect("a path").steps.is_empty());
    }

    #[test]
    fn what_is_no_path_is_a_name() {
        let table = [
            ("", PathFault::EmptyName(1)),
            ("a..b", PathFault::EmptyName(3)),
            ("a.", PathFault::EmptyName(3)),
            ("t[C]", PathFault::BadIndex(2)),
            ("t[1", PathFault::BadIndex(2)),
            ("t[99999999999]", PathFault::BadIndex(2)),
            ("\"a", PathFault::BadQuotes(1)),
            ("\"a\"b", PathFault::BadQuotes(4)),
            ("a\"b", PathFault::BadQuotes(1)),
        ];
        for (text, fault) in table {
            assert_eq!(Path::parse(text), Err(fault), "{text}");
            assert_eq!(Path::of(text).member(), Some(text));
        }
    }
}
