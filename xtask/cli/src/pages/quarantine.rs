//! What was set aside, and what came of a replay, as a person reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets};
use jiff::Timestamp;
use serde::Serialize;

use crate::bucket::Object;
use crate::quarantine::contents::{Contents, Unreadable, instant};
use crate::quarantine::original::shown;
use crate::quarantine::replay::{Tally, items};
use crate::quarantine::today::Today;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, many, paint};
use engine::destroy::contents::size;

/// Ids of a group that are named.
const EXAMPLES: usize = 3;

/// What a line of a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The code of a reason.
    Reason,
    /// A device, as far as it can be told.
    Device,
    /// An hour in which events came.
    Hour,
}

/// How much was set aside.
#[derive(Debug, Serialize)]
pub struct Listed {
    environment: String,
    /// Events. One that lies at several places counts once.
    events: usize,
    /// Messages and batches that have them.
    places: usize,
    bytes: u64,
    /// When the first of them came.
    oldest: Option<Timestamp>,
    /// By the codes of their reasons: an event that has several counts for each.
    reasons: Vec<Group>,
    /// By their devices.
    devices: Vec<Group>,
    /// By the hour in which they came.
    hours: Vec<Group>,
    /// What cannot be read, which stays where it is.
    unreadable: Vec<Nothing>,
    /// Objects that no message points to.
    orphans: Objects,
    /// What Timestream reports.
    reports: Objects,
    /// Messages that somebody else reads at the moment.
    elsewhere: u64,
    /// Whether there is more than was read.
    truncated: bool,
    #[serde(skip)]
    by: By,
}

/// Events that have something in common.
#[derive(Debug, Serialize)]
struct Group {
    /// What that is: the code of a reason, a device, or the hour. `None`: that cannot be told.
    name: Option<String>,
    /// Name of the kind, where the model has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    events: usize,
    bytes: u64,
    oldest: Timestamp,
    newest: Timestamp,
    /// Ids of some of them.
    ids: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Nothing {
    place: String,
    why: String,
    bytes: u64,
}

#[derive(Debug, Default, Serialize)]
struct Objects {
    count: usize,
    bytes: u64,
    oldest: Option<Timestamp>,
}

/// What was written into a file.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// The file.
    pub file: String,
    /// Events in it.
    pub events: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Messages and objects that cannot be read, and are not in it.
    pub unreadable: usize,
}

/// What would become of what was set aside.
#[derive(Debug, Serialize)]
pub struct Before {
    /// The environment.
    pub environment: String,
    /// What the model says.
    #[serde(flatten)]
    pub tally: Tally,
    /// Whether that model is deployed.
    pub is_deployed: bool,
    /// Messages and objects that cannot be read.
    pub unreadable: usize,
    /// Messages that somebody else reads at the moment.
    pub elsewhere: u64,
    /// Whether there is more than was read.
    pub truncated: bool,
}

/// What came of a replay.
#[derive(Debug, Serialize)]
pub struct Replayed {
    /// The environment.
    pub environment: String,
    /// Its store.
    pub store: String,
    /// What became of the events.
    #[serde(flatten)]
    pub tally: Tally,
    /// Messages and objects that cannot be read.
    pub unreadable: usize,
    /// Messages that somebody else read when it began.
    pub elsewhere: u64,
    /// Whether there is more than was read.
    pub truncated: bool,
    /// How long it took.
    pub seconds: f64,
}

impl Listed {
    /// Of what is meant.
    pub fn of(environment: &str, contents: &Contents, meant: &[usize], today: &Today, by: By) -> Self {
        let entries = &contents.entries;
        let items = items(entries, meant);
        let (mut reasons, mut devices, mut hours) = (Groups::default(), Groups::default(), Groups::default());
        let mut bytes = 0;
        for item in &items {
            let one = One {
                id: item.original.id(),
                bytes: item.original.bytes().len() as u64,
                at: instant(item.original.arrival_ms()),
            };
            bytes += one.bytes;
            let kind = item.original.kind(today.model()).and_then(|kind| kind.name.clone());
            let told = item.places.iter().flat_map(|place| &entries[*place].aside.reasons);
            let codes: BTreeSet<&str> = told.map(|reason| &*reason.code).collect();
            for code in codes {
                reasons.add((Some(code.to_owned()), kind.clone()), &one);
            }
            devices.add((today.device(item.original), kind.clone()), &one);
            hours.add((Some(one.at.strftime("%Y-%m-%dT%HZ").to_string()), None), &one);
        }
        let by_count = |mut groups: Vec<Group>| {
            groups.sort_by(|one, other| other.events.cmp(&one.events).then(one.name.cmp(&other.name)));
            groups
        };
        Self {
            environment: environment.to_owned(),
            events: items.len(),
            places: meant.len(),
            bytes,
            oldest: items.first().map(|item| instant(item.original.arrival_ms())),
            reasons: by_count(reasons.into()),
            devices: by_count(devices.into()),
            hours: hours.into(),
            unreadable: contents.unreadable.iter().map(Nothing::of).collect(),
            orphans: Objects::of(&contents.orphans),
            reports: Objects::of(&contents.reports),
            elsewhere: contents.elsewhere,
            truncated: contents.truncated,
            by,
        }
    }
}

/// An event of a group.
struct One {
    id: String,
    bytes: u64,
    at: Timestamp,
}

/// Groups by what their events have in common, and by kind.
#[derive(Default)]
struct Groups(BTreeMap<(Option<String>, Option<String>), Group>);

impl Groups {
    fn add(&mut self, (name, kind): (Option<String>, Option<String>), One { id, bytes, at }: &One) {
        let group = self.0.entry((name.clone(), kind.clone())).or_insert_with(|| Group {
            name,
            kind,
            events: 0,
            bytes: 0,
            oldest: *at,
            newest: *at,
            ids: Vec::new(),
        });
        group.events += 1;
        group.bytes += bytes;
        group.oldest = group.oldest.min(*at);
        group.newest = group.newest.max(*at);
        if group.ids.len() < EXAMPLES {
            group.ids.push(id.clone());
        }
    }
}

impl From<Groups> for Vec<Group> {
    fn from(groups: Groups) -> Self {
        groups.0.into_values().collect()
    }
}

impl Nothing {
    fn of(Unreadable { place, why, bytes }: &Unreadable) -> Self {
        Self { place: place.name(), why: why.to_string(), bytes: *bytes }
    }
}

impl Objects {
    fn of(objects: &[Object]) -> Self {
        Self {
            count: objects.len(),
            bytes: objects.iter().map(|object| object.bytes).sum(),
            oldest: objects.iter().map(|object| object.at).min(),
        }
    }
}

impl Replayed {
    /// Whether nothing of what was meant stays.
    pub fn is_clean(&self) -> bool {
        self.tally.is_clean()
    }
}

impl Document for Listed {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { environment, events, bytes, oldest, .. } = self;
        let heading = format!("{environment}: {} in quarantine", many(*events, "event", "events"));
        match oldest {
            Some(oldest) => {
                let places = many(self.places, "place", "places");
                writeln!(
                    out,
                    "{} {}",
                    paint(STRONG, heading),
                    paint(FAINT, format_args!("{}, at {places}, the oldest of {oldest:.0}", size(*bytes)))
                )?;
            }
            None => writeln!(out, "{} {}", paint(GOOD, '✓'), paint(STRONG, heading))?,
        }
        let (what, groups) = match self.by {
            By::Reason => ("reason", &self.reasons),
            By::Device => ("device", &self.devices),
            By::Hour => ("hour", &self.hours),
        };
        if !groups.is_empty() {
            writeln!(out, "{}", table(what, groups))?;
        }
        for Nothing { place, why, bytes } in &self.unreadable {
            writeln!(out, "{} {place} ({}) cannot be read: {why}", paint(BAD, '✗'), size(*bytes))?;
        }
        let Objects { count, bytes, .. } = &self.orphans;
        if *count > 0 {
            let objects = many(*count, "object", "objects");
            let text = format_args!(
                "{objects}, {}, that no message points to: the events are stored, or their messages are over 14 days old",
                size(*bytes)
            );
            writeln!(out, "{} {text}", paint(CAUTION, '!'))?;
        }
        let Objects { count, bytes, oldest } = &self.reports;
        if let Some(oldest) = oldest {
            let reports = many(*count, "report", "reports");
            let text = format_args!(
                "{reports} of Timestream, {}, since {oldest:.0}: late points that it did not take. No event is in \
                 them: `cargo xtask store copy --from-lake` brings back what is missing",
                size(*bytes)
            );
            writeln!(out, "{} {text}", paint(CAUTION, '!'))?;
        }
        unseen(self.elsewhere, self.truncated, out)
    }
}

/// What was not read.
fn unseen(elsewhere: u64, truncated: bool, out: &mut dyn fmt::Write) -> fmt::Result {
    if elsewhere > 0 {
        let minutes = crate::quarantine::HELD.as_secs() / 60;
        let text = format_args!(
            "about {elsewhere} further messages were hidden, since somebody read them: those that stay are there again \
             in {minutes} minutes at most, if it was with this command"
        );
        writeln!(out, "{} {text}", paint(CAUTION, '!'))?;
    }
    if truncated {
        writeln!(out, "{} there is more than was read at once", paint(CAUTION, '!'))?;
    }
    Ok(())
}

fn table(what: &str, groups: &[Group]) -> Table {
    let has_kinds = groups.iter().any(|group| group.kind.is_some());
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let mut header = vec![what, "events", "bytes", "oldest", "newest", "for instance"];
    if has_kinds {
        header.insert(1, "kind");
    }
    table.set_header(header);
    for Group { name, kind, events, bytes, oldest, newest, ids } in groups {
        let mut row = vec![
            name.clone().unwrap_or_else(|| "-".to_owned()),
            events.to_string(),
            size(*bytes),
            format!("{oldest:.0}"),
            format!("{newest:.0}"),
            ids.first().map(|id| shown(id).to_owned()).unwrap_or_default(),
        ];
        if has_kinds {
            row.insert(1, kind.clone().unwrap_or_else(|| "-".to_owned()));
        }
        table.add_row(row);
    }
    if let Some(column) = table.column_mut(1 + usize::from(has_kinds)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

impl Document for Exported {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { file, events, bytes, unreadable } = self;
        let events = many(*events, "event", "events");
        writeln!(out, "{} {events}, {}, in {file}", paint(GOOD, '✓'), size(*bytes))?;
        if *unreadable > 0 {
            let places = many(*unreadable, "place", "places");
            writeln!(out, "{} {places} cannot be read, and are not in it", paint(CAUTION, '!'))?;
        }
        writeln!(out, "{}", paint(FAINT, format_args!("try it with `cargo xtask model try {file}`")))
    }
}

impl Document for Before {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { environment, tally, is_deployed, unreadable, .. } = self;
        let events = many(usize::try_from(tally.events).unwrap_or(usize::MAX), "event", "events");
        let heading = format_args!("{environment}: {events} in quarantine, by the model of this checkout");
        writeln!(out, "{}", paint(STRONG, heading))?;
        writeln!(out, "  {} {} would be stored", paint(GOOD, '✓'), tally.stored)?;
        stays(tally, *unreadable, "would stay", out)?;
        if !is_deployed {
            let text = "this model is not deployed: a replay needs that first";
            writeln!(out, "  {}", paint(FAINT, text))?;
        }
        unseen(self.elsewhere, self.truncated, out)
    }
}

impl Document for Replayed {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { environment, store, tally, unreadable, seconds, .. } = self;
        let heading = format_args!("{environment}: from quarantine into {store}");
        writeln!(out, "{}", paint(STRONG, heading))?;
        writeln!(out, "  {} events in {seconds:.1} s", tally.events)?;
        writeln!(out, "  {} {} stored, or there in a later version", paint(GOOD, '✓'), tally.stored)?;
        stays(tally, *unreadable, "stay", out)?;
        let text = format_args!("{} messages and {} objects removed", tally.messages, tally.objects);
        writeln!(out, "  {}", paint(FAINT, text))?;
        unseen(self.elsewhere, self.truncated, out)
    }
}

fn stays(tally: &Tally, unreadable: usize, stay: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    let Tally { stays, reasons, changed, .. } = tally;
    if *stays > 0 {
        let changed = if *changed > 0 {
            format!(", {changed} of them for other reasons than before")
        } else {
            String::new()
        };
        writeln!(out, "  {} {stays} {stay}{changed}", paint(CAUTION, "="))?;
    }
    for (code, count) in reasons {
        writeln!(out, "      {}", paint(FAINT, format_args!("{count} {code}")))?;
    }
    if unreadable > 0 {
        let places = many(unreadable, "place", "places");
        writeln!(
            out,
            "  {} {places} cannot be read, and stay: `quarantine list` tells them",
            paint(CAUTION, "=")
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
