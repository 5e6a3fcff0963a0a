//! The list of functions that the documentation shows.

use local_timestream::query::functions_of_the_guide;

/// The table in `docs/local-timestream.md` is the one that the code makes. `UPDATE_DOCS=1` writes it.
#[test]
fn the_documentation_lists_what_there_is() {
    const START: &str = "<!-- functions -->\n";
    const END: &str = "<!-- end of functions -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/local-timestream.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let (before, rest) = page.split_once(START).expect("where the table starts");
    let (listed, after) = rest.split_once(END).expect("where the table ends");
    let table = functions_of_the_guide();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{before}{START}{table}{END}{after}")).expect("the page is written");
        return;
    }
    assert_eq!(listed, table, "run this test with UPDATE_DOCS=1");
}
