//! The templates of `templates/`, as all of them are written: with delimiters of their own, because Grafana, Rust and
//! JSON have Tera's braces themselves, and with nothing escaped as HTML.

use tera::{Delimiters, Tera, TeraResult};

const DELIMITERS: [&str; 6] = ["<%", "%>", "<<", ">>", "<#", "#>"];

/// A Tera without templates yet.
///
/// # Errors
/// When Tera refuses the delimiters.
pub fn tera() -> TeraResult<Tera> {
    let [block_start, block_end, variable_start, variable_end, comment_start, comment_end] =
        DELIMITERS.map(Into::into);
    let mut tera = Tera::default();
    tera.set_delimiters(Delimiters {
        block_start,
        block_end,
        variable_start,
        variable_end,
        comment_start,
        comment_end,
    })?;
    tera.autoescape_on(Vec::<&str>::new());
    Ok(tera)
}
