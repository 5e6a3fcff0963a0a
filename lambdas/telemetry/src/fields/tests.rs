use super::*;
use crate::path::Path;
use crate::scan::document;

fn declared(paths: &[&str]) -> (Declared, Vec<usize>) {
    let mut declared = Declared::default();
    let slots = paths.iter().map(|path| declared.declare(&Path::of(path))).collect();
    (declared.with_literals(), slots)
}

/// The text of a field, or why it has none.
type Found<'a> = Result<Option<&'a str>, Fault>;

/// Paths, an event, its fields, and what is not declared.
type Row<'a> = (&'a [&'a str], &'a str, Vec<Found<'a>>, &'a [&'a str]);

/// The fields of `event` at `paths`, and the undeclared ones.
fn read<'a>(event: &'a str, paths: &[&str]) -> (Vec<Found<'a>>, Vec<String>) {
    let (declared, slots) = declared(paths);
    let mut undeclared = Undeclared::keeping(10);
    let fields =
        document(event, |scanner| Fields::read(scanner, &declared, Place::default(), &mut undeclared))
            .expect(event);
    assert_eq!(undeclared.count, undeclared.names.len());
    (slots.into_iter().map(|slot| fields.get(slot)).collect(), undeclared.names)
}

#[test]
fn fields_are_found_in_any_order_and_spelling() {
    let (fields, undeclared) = read(r#"{"c":{},"b":2,"\u0061":"x","c":0,"d":0}"#, &["a", "b"]);
    assert_eq!(fields, [Ok(Some(r#""x""#)), Ok(Some("2"))]);
    assert_eq!(undeclared, ["c", "c", "d"]);
}

#[test]
fn one_place_has_one_slot() {
    let (_, slots) = declared(&["a.b", r#"a."b""#, "a", "a.b"]);
    assert_eq!(slots, [0, 0, 1, 0]);
}

#[test]
fn paths_lead_through_objects_and_arrays() {
    let blocked = |at: &str, found| Err(Fault::PathBlocked { at: at.to_owned(), found });
    let table: [Row<'_>; 18] = [
        (&["a.b"], r#"{"a":{"b":1,"c":2},"b":3}"#, vec![Ok(Some("1"))], &["a.c", "b"]),
        (&["a.b"], r#"{"a.b":1}"#, vec![Ok(Some("1"))], &[]),
        (&["a.b"], r#"{"a.b":1,"a":{"b":1}}"#, vec![Err(Fault::DuplicateField)], &[]),
        (&["a.b"], r#"{"a":{"b":1},"a":{"b":1}}"#, vec![Err(Fault::DuplicateField)], &[]),
        (&["a.b", "a.c"], r#"{"a":{"b":1},"a":{"c":2}}"#, vec![Ok(Some("1")), Ok(Some("2"))], &[]),
        (&["a.b"], r#"{"a":null}"#, vec![Ok(None)], &[]),
        (&["a.b"], r#"{"a":" "}"#, vec![Ok(None)], &[]),
        (&["a.b", "a.c"], r#"{"a":5}"#, vec![blocked("a", "a number"), blocked("a", "a number")], &[]),
        (&["a.b"], r#"{"a":[{"b":1}]}"#, vec![blocked("a", "an array")], &[]),
        (&["a[0]"], r#"{"a":{"0":1}}"#, vec![blocked("a", "an object")], &[]),
        (&["a.b"], r#"{"a":5,"a.b":1}"#, vec![Ok(Some("1"))], &["a"]),
        (&["a.b"], r#"{"a.b":1,"a":5}"#, vec![Ok(Some("1"))], &["a"]),
        (&["a.b.c"], r#"{"a":{"b":true,"c":0}}"#, vec![blocked("a.b", "a boolean")], &["a.c"]),
        (
            &["s[1].t"],
            r#"{"s":[{"t":1},{"t":2,"u":3},[]]}"#,
            vec![Ok(Some("2"))],
            &["s[0]", "s[1].u", "s[2]"],
        ),
        (&["s[1].t"], r#"{"s":[]}"#, vec![Ok(None)], &[]),
        (&["m[1][0]"], r#"{"m":[0,[7,8]]}"#, vec![Ok(Some("7"))], &["m[0]", "m[1][1]"]),
        (&["a", "a.b"], r#"{"a":{"b":1}}"#, vec![Ok(Some(r#"{"b":1}"#)), Ok(Some("1"))], &[]),
        (&[r#"a."b.c""#, "t[C]"], r#"{"a":{"b.c":1},"t[C]":2}"#, vec![Ok(Some("1")), Ok(Some("2"))], &[]),
    ];
    for (paths, event, fields, undeclared) in table {
        let (found, names) = read(event, paths);
        assert_eq!(found, fields, "{paths:?} in {event}");
        assert_eq!(names, undeclared, "{paths:?} in {event}");
    }
}

#[test]
fn a_name_in_quotes_is_no_path_of_another() {
    let (fields, _) = read(r#"{"a.b":1,"a":{"b":2}}"#, &["a.b", r#""a.b""#]);
    assert_eq!(fields, [Ok(Some("2")), Ok(Some("1"))]);
}

#[test]
fn a_name_is_what_its_text_says() {
    // In JSON, `a\b` is an `a` and a backspace.
    for (event, expected) in [
        (r#"{"a\b":1}"#, None),
        (r#"{"a\\b":1}"#, Some("1")),
        (r#"{"a\u005cb":1}"#, Some("1")),
        (r#"{"a\\b\"":1}"#, None),
    ] {
        assert_eq!(read(event, &[r#""a\\b""#]).0, [Ok(expected)], "{event}");
    }
    for (event, expected) in
        [(r#"{"ab":1}"#, None), (r#"{"a":1}"#, Some("1")), (r#"{"\u0061" :1}"#, Some("1"))]
    {
        assert_eq!(read(event, &["a"]).0, [Ok(expected)], "{event}");
    }
}
