//! Regular expressions, written as the service reads them: Java's syntax, with `\d`, `\s` and `\w` of ASCII.
//!
//! The expression is rewritten for the `regex` crate token by token. What that crate reads in another way, or cannot
//! do without backtracking, is refused by name.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/regex-functions.html>

use std::{cell::RefCell, collections::VecDeque, iter::Peekable, rc::Rc, str::Chars};

use regex::{Captures, Regex};

use super::overload::{Answer, Overload, binary, dynamic, ternary};
use crate::query::types::{Datum, Type};

/// How many patterns a thread remembers.
const REMEMBERED: usize = 16;

thread_local! {
    /// The patterns that were used last: a query has few of them, and asks for each once a row.
    static COMPILED: RefCell<VecDeque<(String, Rc<Pattern>)>> = const { RefCell::new(VecDeque::new()) };
}

/// A regular expression.
struct Pattern {
    regex: Regex,
    /// Whether it asks for the end of the text.
    ends: bool,
}

impl Pattern {
    fn read(java: &str) -> Answer<Rc<Self>> {
        COMPILED.with_borrow_mut(|compiled| {
            if let Some((_, pattern)) = compiled.iter().find(|(known, _)| known == java) {
                return Ok(Rc::clone(pattern));
            }
            let Rewritten { text, ends } = rewrite(java)?;
            let regex = Regex::new(&text).map_err(|_| invalid(java))?;
            let pattern = Rc::new(Self { regex, ends });
            if compiled.len() == REMEMBERED {
                compiled.pop_front();
            }
            compiled.push_back((java.to_owned(), Rc::clone(&pattern)));
            Ok(pattern)
        })
    }

    /// Java's `$` also stands before a last line break, which cannot be said here without looking ahead.
    fn check(&self, text: &str) -> Answer<()> {
        if self.ends && text.ends_with('\n') {
            return Err(
                "$ in a regular expression over text that ends with a line break is not supported here"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn first<'t>(&self, text: &'t str) -> Answer<Option<Captures<'t>>> {
        self.check(text)?;
        Ok(self.regex.captures(text))
    }

    /// All matches from left to right. An empty one may touch the one before, unlike in `captures_iter`.
    fn all<'t>(&self, text: &'t str) -> Answer<Vec<Captures<'t>>> {
        self.check(text)?;
        let mut found = Vec::new();
        let mut start = 0;
        while start <= text.len()
            && let Some(captures) = self.regex.captures_at(text, start)
        {
            let Some(whole) = captures.get(0) else { break };
            start = whole.end();
            if whole.is_empty() {
                start += text[start..].chars().next().map_or(1, char::len_utf8);
            }
            found.push(captures);
        }
        Ok(found)
    }

    fn group(&self, group: i64) -> Answer<usize> {
        usize::try_from(group).ok().filter(|group| *group < self.regex.captures_len()).ok_or_else(|| {
            format!("Pattern has {} groups. Cannot access group {group}", self.regex.captures_len() - 1)
        })
    }
}

fn invalid(pattern: &str) -> String {
    format!("Invalid regular expression: {pattern}")
}

fn refuse<T>(construct: &str) -> Answer<T> {
    Err(format!("{construct} in a regular expression is not supported here"))
}

/// An expression for the `regex` crate.
#[derive(Debug, PartialEq, Eq)]
struct Rewritten {
    text: String,
    ends: bool,
}

fn rewrite(java: &str) -> Answer<Rewritten> {
    let mut out = Rewritten { text: String::with_capacity(java.len()), ends: false };
    let mut rest = java.chars().peekable();
    // Whether what came last can be repeated, and whether it is a repetition itself.
    let mut repeatable = false;
    while let Some(character) = rest.next() {
        let was_repeatable = std::mem::replace(&mut repeatable, true);
        match character {
            '\\' => repeatable = escape(&mut rest, &mut out, java)?,
            '[' => class(&mut rest, &mut out.text, java)?,
            '(' => {
                group(&mut rest, &mut out.text, java)?;
                repeatable = false;
            }
            '|' | '^' => {
                out.text.push(character);
                repeatable = false;
            }
            '$' => {
                out.ends = true;
                out.text.push('$');
                repeatable = false;
            }
            '*' | '+' | '?' | '{' => {
                if !was_repeatable {
                    return Err(invalid(java));
                }
                out.text.push(character);
                if character == '{' {
                    bounds(&mut rest, &mut out.text, java)?;
                }
                match rest.peek() {
                    Some('+') => return refuse("A possessive quantifier"),
                    Some('?') => out.text.extend(rest.next()),
                    _ => {}
                }
                repeatable = false;
            }
            '.' | ')' => out.text.push(character),
            other => literal(other, &mut out.text),
        }
    }
    Ok(out)
}

/// A character that stands for itself.
fn literal(character: char, out: &mut String) {
    if character.is_ascii_alphanumeric() || !character.is_ascii() || character == ' ' || character == '_' {
        out.push(character);
    } else {
        out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
    }
}

/// What follows `{`: `2}`, `2,}` or `2,5}`.
fn bounds(rest: &mut Peekable<Chars>, out: &mut String, java: &str) -> Answer<()> {
    for character in rest {
        out.push(character);
        match character {
            '}' => return Ok(()),
            ',' | '0'..='9' => {}
            _ => break,
        }
    }
    Err(invalid(java))
}

/// What follows `(`.
fn group(rest: &mut Peekable<Chars>, out: &mut String, java: &str) -> Answer<()> {
    out.push('(');
    if rest.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    out.push('?');
    match rest.next() {
        Some(':') => out.push(':'),
        Some('=' | '!') => return refuse("Look-ahead"),
        Some('>') => return refuse("An atomic group"),
        Some('<') if matches!(rest.peek(), Some('=' | '!')) => return refuse("Look-behind"),
        Some('<') => {
            out.push('<');
            for character in rest.by_ref() {
                out.push(character);
                match character {
                    '>' => return Ok(()),
                    _ if character.is_ascii_alphanumeric() => {}
                    _ => break,
                }
            }
            return Err(invalid(java));
        }
        Some(first) => {
            let mut flag = first;
            loop {
                match flag {
                    'i' | 's' | '-' => out.push(flag),
                    // In multi-line mode `$` stands before every line break in both.
                    'm' | 'x' | 'u' | 'd' | 'U' => return refuse(&format!("The flag {flag}")),
                    ':' | ')' => {
                        out.push(flag);
                        return Ok(());
                    }
                    _ => return Err(invalid(java)),
                }
                flag = rest.next().ok_or_else(|| invalid(java))?;
            }
        }
        None => return Err(invalid(java)),
    }
    Ok(())
}

/// What follows `\` outside of a class; answers whether it can be repeated.
fn escape(rest: &mut Peekable<Chars>, out: &mut Rewritten, java: &str) -> Answer<bool> {
    let character = rest.next().ok_or_else(|| invalid(java))?;
    match character {
        'b' => out.text.push_str("(?-u:\\b)"),
        'A' => out.text.push_str("\\A"),
        'z' => out.text.push_str("\\z"),
        '1'..='9' | 'k' => return refuse("A back-reference"),
        'Q' => quotation(rest, &mut out.text),
        _ => {
            shared(character, rest, &mut out.text, java)?;
            return Ok(true);
        }
    }
    Ok(character == 'Q')
}

/// `\Q…\E`
fn quotation(rest: &mut Peekable<Chars>, out: &mut String) {
    while let Some(character) = rest.next() {
        if character == '\\' && rest.next_if_eq(&'E').is_some() {
            return;
        }
        literal(character, out);
    }
}

/// Escapes that mean the same inside and outside of a class; answers whether it is one character, and not a set.
fn shared(character: char, rest: &mut Peekable<Chars>, out: &mut String, java: &str) -> Answer<bool> {
    let set = match character {
        'd' | 'D' => Some("0-9"),
        'w' | 'W' => Some("0-9A-Za-z_"),
        's' | 'S' => Some(" \\t\\n\\x0B\\f\\r"),
        _ => None,
    };
    if let Some(set) = set {
        out.push_str(if character.is_ascii_uppercase() { "[^" } else { "[" });
        out.push_str(set);
        out.push(']');
        return Ok(false);
    }
    match character {
        't' | 'n' | 'r' | 'f' | 'a' => {
            out.push('\\');
            out.push(character);
        }
        'e' => out.push_str("\\x1B"),
        'x' | 'u' => {
            let digits = if character == 'x' { 2 } else { 4 };
            let code: String = rest.by_ref().take(digits).collect();
            let code = u32::from_str_radix(&code, 16).ok().filter(|_| code.len() == digits);
            literal(code.and_then(char::from_u32).ok_or_else(|| invalid(java))?, out);
        }
        'p' | 'P' => {
            let name: String = rest.by_ref().skip_while(|c| *c == '{').take_while(|c| *c != '}').collect();
            let known = [
                "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "N", "Nd", "Nl", "No", "P", "S", "Sc", "Z",
                "Zs",
            ];
            if !known.contains(&name.as_str()) {
                return refuse(&format!("\\{character}{{{name}}}"));
            }
            out.extend(['\\', character, '{']);
            out.push_str(&name);
            out.push('}');
            return Ok(false);
        }
        _ if character.is_ascii_alphanumeric() => return refuse(&format!("\\{character}")),
        other => literal(other, out),
    }
    Ok(true)
}

/// What follows `[`, to its `]`.
fn class(rest: &mut Peekable<Chars>, out: &mut String, java: &str) -> Answer<()> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut empty = true;
    // Whether what came last is one character that a range can start with, and whether a range waits for its end.
    let (mut starts, mut ranges) = (false, false);
    while let Some(character) = rest.next() {
        let (started, in_range) = (std::mem::take(&mut starts), std::mem::take(&mut ranges));
        match character {
            ']' if empty => return Err(invalid(java)),
            ']' => {
                out.push(']');
                return Ok(());
            }
            '[' => return refuse("A class in a class"),
            '&' if rest.peek() == Some(&'&') => return refuse("&& in a class"),
            '-' if rest.peek() == Some(&'-') => return refuse("-- in a class"),
            '-' if started && rest.peek() != Some(&']') => {
                out.push('-');
                ranges = true;
            }
            '\\' => {
                let escaped = rest.next().ok_or_else(|| invalid(java))?;
                match escaped {
                    'b' | '0'..='9' | 'Q' | 'E' => return refuse(&format!("\\{escaped} in a class")),
                    _ => starts = shared(escaped, rest, out, java)?,
                }
                if in_range && !starts {
                    return Err(invalid(java));
                }
            }
            other => {
                literal(other, out);
                starts = true;
            }
        }
        starts &= !in_range;
        empty = false;
    }
    Err(invalid(java))
}

/// The text that takes the place of a match: `$1` and `${name}` are groups, and `\` makes a literal of what follows.
fn expand(pattern: &Regex, java: &str, captures: &Captures, out: &mut String) -> Answer<()> {
    let unknown = |group: &str| format!("Illegal replacement sequence: unknown group {{ {group} }}");
    let mut rest = java.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '$' if rest.next_if_eq(&'{').is_some() => {
                let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
                if !pattern.capture_names().flatten().any(|known| known == name) {
                    return Err(unknown(&name));
                }
                out.push_str(captures.name(&name).map_or("", |group| group.as_str()));
            }
            '$' => {
                let digit = |rest: &mut Peekable<Chars>| {
                    let digit = rest.peek()?.to_digit(10)?;
                    usize::try_from(digit).ok()
                };
                let Some(mut group) = digit(&mut rest) else {
                    return Err("Illegal replacement sequence: $ must be followed by a group".to_owned());
                };
                rest.next();
                if group >= captures.len() {
                    return Err(unknown(&group.to_string()));
                }
                // More digits belong to the group as long as there is such a group.
                while let Some(next) = digit(&mut rest)
                    && group * 10 + next < captures.len()
                {
                    group = group * 10 + next;
                    rest.next();
                }
                out.push_str(captures.get(group).map_or("", |group| group.as_str()));
            }
            '\\' => match rest.next() {
                Some(escaped) => out.push(escaped),
                None => return Err("Illegal replacement sequence: a text cannot end with \\".to_owned()),
            },
            other => out.push(other),
        }
    }
    Ok(())
}

fn replace(text: &str, pattern: &str, with: &str) -> Answer<String> {
    let pattern = Pattern::read(pattern)?;
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for captures in pattern.all(text)? {
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(&text[end..whole.start()]);
        expand(&pattern.regex, with, &captures, &mut out)?;
        end = whole.end();
    }
    out.push_str(&text[end..]);
    Ok(out)
}

fn extract(text: &str, pattern: &str, group: i64) -> Answer<Option<String>> {
    let pattern = Pattern::read(pattern)?;
    let group = pattern.group(group)?;
    let found = pattern.first(text)?;
    Ok(found.and_then(|captures| captures.get(group).map(|found| found.as_str().to_owned())))
}

/// What a group matched in every match; null where it took no part.
fn extract_all(text: &str, pattern: &str, group: i64) -> Answer<Datum> {
    let pattern = Pattern::read(pattern)?;
    let group = pattern.group(group)?;
    let found = pattern.all(text)?.into_iter().map(|captures| {
        captures.get(group).map_or(Datum::Null, |found| Datum::Varchar(found.as_str().to_owned()))
    });
    Ok(Datum::Array(found.collect()))
}

/// What stands between the matches, which must not be empty.
fn split(text: &str, pattern: &str) -> Answer<Datum> {
    let pattern = Pattern::read(pattern)?;
    let mut parts = Vec::new();
    let mut end = 0;
    for captures in pattern.all(text)? {
        let Some(whole) = captures.get(0) else { continue };
        if whole.is_empty() {
            return refuse("A split by an empty match");
        }
        parts.push(Datum::Varchar(text[end..whole.start()].to_owned()));
        end = whole.end();
    }
    parts.push(Datum::Varchar(text[end..].to_owned()));
    Ok(Datum::Array(parts))
}

fn of_texts(
    name: &'static str,
    more: &[Type],
    function: impl Fn(&str, &str, i64) -> Answer<Datum> + Send + Sync + 'static,
) -> Overload {
    let parameters = [&[Type::Varchar, Type::Varchar], more].concat();
    dynamic(name, parameters, Type::Array(&Type::Varchar), move |arguments| match arguments {
        [Datum::Varchar(text), Datum::Varchar(pattern)] => function(text, pattern, 0),
        [Datum::Varchar(text), Datum::Varchar(pattern), Datum::Bigint(group)] => {
            function(text, pattern, *group)
        }
        _ => Err("an argument is of another type".to_owned()),
    })
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    vec![
        of_texts("regexp_extract_all", &[], extract_all),
        of_texts("regexp_extract_all", &[Type::Bigint], extract_all),
        of_texts("regexp_split", &[], |text, pattern, _| split(text, pattern)),
        binary("regexp_like", |s: String, pattern: String| Ok(Pattern::read(&pattern)?.first(&s)?.is_some())),
        binary("regexp_extract", |s: String, pattern: String| extract(&s, &pattern, 0)),
        ternary("regexp_extract", |s: String, pattern: String, group: i64| extract(&s, &pattern, group)),
        binary("regexp_replace", |s: String, pattern: String| replace(&s, &pattern, "")),
        ternary("regexp_replace", |s: String, pattern: String, to: String| replace(&s, &pattern, &to)),
    ]
}

#[cfg(test)]
mod tests;
