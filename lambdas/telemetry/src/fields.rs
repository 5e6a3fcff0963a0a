//! Finds the declared fields of an event in its bytes, in one pass and without building a tree.
//!
//! Values stay text. What they mean is decided elsewhere. What no path leads to is walked over and
//! counted.

mod declared;

use std::fmt;

pub(crate) use declared::Declared;
use declared::Node;

use crate::reason::{Fault, quoted};
use crate::scalar::Scalar;
use crate::scan::{Refused, Scanner, found};

/// The declared fields of one event.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    slots: Vec<Slot<'a>>,
    /// What stands in the way of paths.
    blocks: Vec<Block>,
}

/// Fields that are not declared, of all events of a message.
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
    /// Keeps at most `keep` names.
    pub(crate) fn keeping(keep: usize) -> Self {
        Self { keep, ..Self::default() }
    }

    /// Counts another one.
    pub(crate) fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.names.len() < self.keep {
            self.names.push(name());
        }
    }
}

/// Where an event is in its message: nowhere in particular, or an element of an array. What it displays
/// stands before the path of a field.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'m> {
    /// The path of the array, empty where that is the message itself, and the index.
    pub(crate) element: Option<(&'m str, usize)>,
}

impl Place<'_> {
    /// A field of the event, as reasons name it.
    pub(crate) fn of(self, field: &str) -> String {
        format!("{self}{field}")
    }

    /// The event itself, as reasons name it.
    pub(crate) fn itself(self) -> Option<String> {
        self.element.map(|(array, index)| format!("{array}[{index}]"))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.element.map_or(Ok(()), |(array, index)| write!(f, "{array}[{index}]."))
    }
}

#[derive(Debug, Clone, Copy)]
enum Slot<'a> {
    Absent,
    Present(&'a str),
    Repeated,
    /// Something stands in the way: an index of the blocks.
    Blocked(usize),
}

/// A value through which paths should lead, and cannot.
#[derive(Debug)]
struct Block {
    at: String,
    found: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields of an event that has none.
    pub(crate) fn none(declared: &Declared) -> Self {
        Self { slots: vec![Slot::Absent; declared.slots()], blocks: Vec::new() }
    }

    /// Reads the object that is next.
    pub(crate) fn read(
        scanner: &mut Scanner<'a>,
        declared: &Declared,
        place: Place<'_>,
        undeclared: &mut Undeclared,
    ) -> Result<Self, Refused> {
        let mut fields = Self::none(declared);
        let mut blocked = Vec::new();
        Walk { fields: &mut fields, place, undeclared, blocked: &mut blocked }
            .members(scanner, declared.root())?;
        for (node, found) in blocked {
            fields.block(node, found, place, undeclared);
        }
        Ok(fields)
    }

    /// The JSON text of a field; `None` when it is missing.
    pub(crate) fn get(&self, slot: usize) -> Result<Option<&'a str>, Fault> {
        match self.slots[slot] {
            Slot::Absent => Ok(None),
            Slot::Present(json) => Ok(Some(json)),
            Slot::Repeated => Err(Fault::DuplicateField),
            Slot::Blocked(block) => {
                let Block { at, found } = &self.blocks[block];
                Err(Fault::PathBlocked { at: at.clone(), found })
            }
        }
    }

    /// The value of a field; `None` when it is missing, or says that there is none.
    pub(crate) fn scalar(&self, slot: usize) -> Result<Option<Scalar<'a>>, Fault> {
        self.get(slot)?.map_or(Ok(None), Scalar::parse)
    }

    /// Where a path ends at `node`, the fields behind it are told so. One that was found by the name of its
    /// whole path needs no way there: then it is what stands in the way that nothing names.
    fn block(&mut self, node: &Node, found: &'static str, place: Place<'_>, undeclared: &mut Undeclared) {
        let block = self.blocks.len();
        let mut blocks = false;
        node.each_slot(&mut |slot| match self.slots[slot] {
            Slot::Absent => {
                self.slots[slot] = Slot::Blocked(block);
                blocks = true;
            }
            Slot::Blocked(_) => blocks = true,
            Slot::Present(_) | Slot::Repeated => {}
        });
        if blocks {
            self.blocks.push(Block { at: node.at.to_string(), found });
        } else {
            undeclared.add(|| place.of(&node.at));
        }
    }
}

/// A walk over an event.
struct Walk<'w, 'a, 'd> {
    fields: &'w mut Fields<'a>,
    place: Place<'w>,
    undeclared: &'w mut Undeclared,
    blocked: &'w mut Vec<(&'d Node, &'static str)>,
}

impl<'a, 'd> Walk<'_, 'a, 'd> {
    fn members(&mut self, scanner: &mut Scanner<'a>, node: &'d Node) -> Result<(), Refused> {
        let mut likely = 0;
        scanner.object(|scanner| {
            // A device sends its fields in the same order every time.
            if let Some((name, member)) = node.members.plain(likely)
                && scanner.name_is(name)?
            {
                likely += 1;
                return self.value(scanner, member);
            }
            let name = scanner.name()?;
            if let Some((place, member)) = node.members.find(&name) {
                likely = place + 1;
                return self.value(scanner, member);
            }
            scanner.value()?;
            let (at, place) = (&node.at, self.place);
            self.undeclared.add(|| match &**at {
                "" => place.of(&quoted(&name)),
                at => format!("{place}{at}.{}", quoted(&name)),
            });
            Ok(())
        })
    }

    fn elements(&mut self, scanner: &mut Scanner<'a>, node: &'d Node) -> Result<(), Refused> {
        let mut index = 0;
        scanner.array(|scanner| {
            if let Some(element) = node.at_index(index) {
                self.value(scanner, element)?;
            } else {
                scanner.value()?;
                let (at, place) = (&node.at, self.place);
                self.undeclared.add(|| format!("{place}{at}[{index}]"));
            }
            index += 1;
            Ok(())
        })
    }

    /// Takes what is at a declared place.
    fn value(&mut self, scanner: &mut Scanner<'a>, node: &'d Node) -> Result<(), Refused> {
        let Some(slot) = node.slot else { return self.container(scanner, node) };
        let json = if node.is_leaf() {
            scanner.value()?
        } else {
            let mut ahead = scanner.clone();
            let json = ahead.value()?;
            self.container(scanner, node)?;
            json
        };
        self.fields.slots[slot] = match self.fields.slots[slot] {
            Slot::Present(_) | Slot::Repeated => Slot::Repeated,
            Slot::Absent | Slot::Blocked(_) => Slot::Present(json),
        };
        Ok(())
    }

    /// Takes what is at a place on the way to declared ones.
    fn container(&mut self, scanner: &mut Scanner<'a>, node: &'d Node) -> Result<(), Refused> {
        match scanner.next() {
            Some(b'{') if !node.members.is_empty() => self.members(scanner, node),
            Some(b'[') if !node.elements.is_empty() => self.elements(scanner, node),
            _ => {
                let json = scanner.value()?;
                if !matches!(Scalar::parse(json), Ok(None)) {
                    self.blocked.push((node, found(json)));
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
