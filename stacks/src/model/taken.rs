//! Which names and fields of a model are in use: each stands for one column, in the store and in the
//! lake, and columns ignore case.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::config::{Document, Fault, Spot};

/// Why a name or a field cannot be used again.
#[derive(Debug, thiserror::Error)]
enum TakenFault {
    #[error("is \"{name}\", which {by} is called already{case}")]
    Name { name: String, by: String, case: &'static str },
    #[error("is \"{field}\", which {by} is read from already{case}")]
    Field { field: String, by: String, case: &'static str },
}

impl Fault for TakenFault {
    fn help(&self) -> String {
        match self {
            Self::Name { .. } => "choose another name: the columns of a table ignore case".into(),
            Self::Field { .. } => {
                "a field is read once: choose another `field`, or remove one of the two".into()
            }
        }
    }
}

/// The names and fields that are in use.
pub(super) struct Taken<'a> {
    document: &'a Document<'a>,
    names: RefCell<Uses>,
    fields: RefCell<Uses>,
}

/// Who uses a name, and how it is written there, by its lower case.
type Uses = BTreeMap<String, Use>;

struct Use {
    written: String,
    by: String,
}

impl<'a> Taken<'a> {
    /// Nothing is in use; what is used twice is a problem of `document`.
    pub fn new(document: &'a Document<'a>) -> Self {
        Self { document, names: RefCell::default(), fields: RefCell::default() }
    }

    /// Notes that the name at `spot` is that of `by`. Answers whether it was free.
    pub fn name(&self, name: &str, by: &str, spot: &Spot) -> bool {
        let taken = take(&mut self.names.borrow_mut(), name, by);
        let free = taken.is_none();
        if let Some((by, case)) = taken {
            self.document.add(spot, TakenFault::Name { name: name.to_owned(), by, case });
        }
        free
    }

    /// Notes that the field at `spot` is read by `by`.
    pub fn field(&self, field: &str, by: &str, spot: &Spot) {
        if let Some((by, case)) = take(&mut self.fields.borrow_mut(), field, by) {
            self.document.add(spot, TakenFault::Field { field: field.to_owned(), by, case });
        }
    }
}

/// Notes who uses `word`, or answers who does already, and what to say about the case of letters.
fn take(uses: &mut Uses, word: &str, by: &str) -> Option<(String, &'static str)> {
    match uses.entry(word.to_lowercase()) {
        Entry::Vacant(vacant) => {
            vacant.insert(Use { written: word.to_owned(), by: by.to_owned() });
            None
        }
        Entry::Occupied(occupied) => {
            let taken = occupied.get();
            let case = if taken.written == word { "" } else { " but for the case of letters" };
            Some((taken.by.clone(), case))
        }
    }
}
