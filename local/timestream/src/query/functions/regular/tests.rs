use super::*;

#[test]
fn matches_are_those_of_the_service() {
    for (text, pattern, expected) in [
        ("dev-12", "-[0-9]+$", true),
        ("٣", r"\d", false),
        ("é", r"\w", false),
        ("é", r"\W", true),
        ("é", r"[\W]", true),
        ("a_1", r"^[\w]+$", true),
        ("\u{a0}", r"\s", false),
        ("a<b", r"\<", true),
        ("a.b", r"a\.b", true),
        ("axb", r"a\.b", false),
        ("a.b", r"\Qa.b\E", true),
        ("axb", r"\Qa.b\E", false),
        ("a~~b", "[~~]", true),
        ("x y", r"\by\b", true),
        ("a-b", "[+-]", true),
        ("A", "(?i)a", true),
        ("-", r"[\s-_]", true),
        ("A", r"[\s-_]", false),
        ("-", r"[\w-z]", true),
        ("{", r"[\w-z]", false),
        ("-", r"[\w-.]", true),
        (",", r"[\w-.]", false),
        ("-", r"[\p{L}-z]", true),
        ("-", r"[a-c-\d]", true),
        ("b", r"^[\x61-\x63-]$", true),
        ("a\nb", "a.b", false),
        ("a\nb", "(?s)a.b", true),
        ("aaa", "^a{2}$", false),
        ("aaa", "^a{2,}?a$", true),
        ("#", "#", true),
        ("A", r"\u0041", true),
        ("Ä", r"\p{Lu}", true),
        ("a]", r"[\]]", true),
    ] {
        let found = Pattern::read(pattern).and_then(|pattern| Ok(pattern.first(text)?.is_some()));
        assert_eq!(found, Ok(expected), "{text} {pattern}");
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    for (pattern, part) in [
        ("a++", "A possessive quantifier"),
        ("a*+", "A possessive quantifier"),
        ("a{1,2}+", "A possessive quantifier"),
        ("a(?=b)", "Look-ahead"),
        ("a(?!b)", "Look-ahead"),
        ("(?<=a)b", "Look-behind"),
        ("(?<!a)b", "Look-behind"),
        ("(?>a)b", "An atomic group"),
        (r"(a)\1", "A back-reference"),
        (r"(?<n>a)\k<n>", "A back-reference"),
        (r"\G", r"\G"),
        (r"\p{IsGreek}", r"\p{IsGreek}"),
        ("[a&&b]", "&& in a class"),
        ("[[a]b]", "A class in a class"),
        ("(?m)^a", "The flag m"),
        ("a**", "Invalid regular expression"),
        ("*a", "Invalid regular expression"),
        ("a{x}", "Invalid regular expression"),
        ("(", "Invalid regular expression"),
        (")", "Invalid regular expression"),
        ("[", "Invalid regular expression"),
        (r"[+-\d]", "Invalid regular expression"),
        (r"[+-\W]", "Invalid regular expression"),
        ("[]a]", "Invalid regular expression"),
        ("\\", "Invalid regular expression"),
        ("(?P<n>a)", "Invalid regular expression"),
    ] {
        match Pattern::read(pattern) {
            Ok(_) => panic!("{pattern} is read"),
            Err(message) => assert!(message.contains(part), "{pattern}: {message}"),
        }
    }
    assert!(Pattern::read("a$").and_then(|pattern| pattern.first("a\n").map(drop)).is_err());
}

#[test]
fn replacements_name_groups_that_are_there() {
    for (text, pattern, with, expected) in [
        ("dev-12", "([a-z]+)-([0-9]+)", "$2$1", Ok("12dev")),
        ("abc", "b", "$0$0", Ok("abbc")),
        ("ab", "(a)", "$12", Ok("a2b")),
        ("ab", "(?<first>a)", "<${first}>", Ok("<a>b")),
        ("ab", "(x)?a", "[$1]", Ok("[]b")),
        ("a", "a", r"\$1", Ok("$1")),
        ("baac", "a*", "x", Ok("xbxxcx")),
        ("aé", "", "-", Ok("-a-é-")),
        ("a", "a", "$1", Err("Illegal replacement sequence: unknown group { 1 }")),
        ("a", "a", "${n}", Err("Illegal replacement sequence: unknown group { n }")),
        ("a", "a", "$", Err("Illegal replacement sequence: $ must be followed by a group")),
        ("a", "a", "\\", Err("Illegal replacement sequence: a text cannot end with \\")),
    ] {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(replace(text, pattern, with), expected, "{text} {pattern} {with}");
    }
    assert_eq!(extract("ab", "(a)(b)", 2), Ok(Some("b".to_owned())));
    assert_eq!(extract("ab", "a", 1), Err("Pattern has 0 groups. Cannot access group 1".to_owned()));
}
