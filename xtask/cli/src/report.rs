//! Every line that a person reads, or one document.
//!
//! Results go to standard output, progress and remarks to standard error. With `--format json`,
//! standard output carries exactly one JSON document, whether the command succeeds or fails. In a run of
//! GitHub Actions, results are added to the step's summary too, and errors annotated on the files that
//! caused them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the one place that prints")]

mod beat;
mod line;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;
use session::{Annotation, Event, Failure, Observer, Step, StepId, causes};

use self::beat::Beat;
use self::line::{Line, Told};
use crate::github::{Run, annotation};
use crate::{Format, Progress};

/// Green, for what succeeded.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Yellow, for what deserves a look.
pub const CAUTION: Style = AnsiColor::Yellow.on_default();
/// Red and bold, for what failed.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// For headings and names.
pub const STRONG: Style = Style::new().bold();
/// For what matters less.
pub const FAINT: Style = Style::new().dimmed();

/// `text` in a style. Colour is stripped where the stream does not show it.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// `1 stack`, `2 stacks`.
pub fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// Text for a cell of a Markdown table.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A result: text for a person, JSON for a program, Markdown for a page.
pub trait Document: Serialize {
    /// Writes what a person reads, with lines ended by `\n`.
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result;

    /// Writes the same as [GitHub's Markdown](https://github.github.com/gfm/): the text as it is, where the
    /// result has no better form.
    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut text = String::new();
        self.text(&mut text)?;
        writeln!(out, "```text\n{}\n```", anstream::adapter::strip_str(text.trim_end()))
    }

    /// What of it is shown on GitHub at the files that caused it.
    fn annotations(&self) -> Vec<Annotation> {
        Vec::new()
    }
}

/// What a person reads of a document.
pub fn text(document: &impl Document) -> String {
    let mut text = String::new();
    // A page fails only where its text cannot grow.
    let _ = document.text(&mut text);
    text
}

/// Where a command reports to.
#[derive(Debug)]
pub struct Report {
    format: Format,
    told: Progress,
    progress: MultiProgress,
    steps: RefCell<BTreeMap<StepId, (ProgressBar, Beat)>>,
    printed: Cell<bool>,
    run: Option<Run>,
    annotated: Cell<bool>,
}

impl Report {
    /// A report in this format.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            told: Progress::Text,
            progress: MultiProgress::new(),
            steps: RefCell::default(),
            printed: Cell::new(false),
            run: Run::current(),
            annotated: Cell::new(false),
        }
    }

    /// The same, which tells what happens in this form.
    #[must_use]
    pub fn telling(self, told: Progress) -> Self {
        Self { told, ..self }
    }

    /// The format that was asked for.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether a person can be asked: standard input and standard error are terminals.
    pub fn interactive(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks a person, and returns the line that they typed. `None`: there is nobody to ask.
    pub fn ask(&self, question: impl Display) -> Option<String> {
        if !self.interactive() {
            return None;
        }
        self.progress.suspend(|| {
            anstream::eprint!("{} ", paint(STRONG, question));
            let mut answer = String::new();
            std::io::stdin().read_line(&mut answer).ok()?;
            Some(answer.trim().to_owned())
        })
    }

    /// Prints the result of the command. At most once per command when the format is JSON.
    pub fn print(&self, document: &impl Document) {
        match self.format {
            Format::Text => {
                let mut text = String::new();
                if document.text(&mut text).is_ok() {
                    self.progress.suspend(|| anstream::print!("{text}"));
                }
            }
            Format::Json => self.json(document),
            Format::Markdown => {
                let mut text = String::new();
                if document.markdown(&mut text).is_ok() {
                    self.printed.set(true);
                    self.progress.suspend(|| print!("{text}"));
                }
            }
        }
        if self.run.is_some() {
            let mut text = String::new();
            if document.markdown(&mut text).is_ok() {
                self.summarize(&text);
            }
            self.annotate(document.annotations());
        }
    }

    /// Has a run of GitHub Actions, if this is one, find errors in what programs write from here on.
    pub fn add_matcher(&self, file: &Path) {
        if self.run.is_some() {
            self.progress.suspend(|| eprintln!("{}", annotation::add_matcher(file)));
        }
    }

    fn summarize(&self, markdown: &str) {
        if let Some(Err(error)) = self.run.as_ref().map(|run| run.summarize(markdown)) {
            self.warn(format_args!("the summary of this step cannot be written: {error}"));
        }
    }

    /// Shows remarks at files to a run of GitHub Actions, if this is one.
    pub fn annotate(&self, annotations: impl IntoIterator<Item = Annotation>) {
        if self.run.is_none() {
            return;
        }
        for annotation in annotations {
            self.annotated.set(true);
            self.progress.suspend(|| eprintln!("{}", annotation::command(&annotation)));
        }
    }

    /// Prints text that is a result of its own, for instance a completion script or a line of a log.
    pub fn raw(&self, text: impl Display) {
        self.progress.suspend(|| anstream::println!("{text}"));
    }

    /// Prints a remark on standard error.
    pub fn note(&self, text: impl Display) {
        match self.told {
            Progress::Text => self.progress.suspend(|| anstream::eprintln!("{text}")),
            Progress::Ndjson => Self::tell(Told::Note, &text.to_string()),
        }
    }

    fn tell(told: Told, text: &str) {
        let text = anstream::adapter::strip_str(text).to_string();
        Self::line(&Line::new(told, &text));
    }

    fn line(line: &Line<'_>) {
        match serde_json::to_string(line) {
            Ok(line) => eprintln!("{line}"),
            Err(error) => eprintln!("error: an event cannot be written as JSON: {error}"),
        }
    }

    /// Prints something that deserves a look on standard error.
    pub fn warn(&self, text: impl Display) {
        match self.told {
            Progress::Text => self.note(format_args!("{} {text}", paint(CAUTION, "warning:"))),
            Progress::Ndjson => Self::tell(Told::Warning, &text.to_string()),
        }
    }

    /// Work that takes a moment: a spinner on a terminal, a line when it ends.
    pub fn step(&self, text: impl Display) -> Step<'_> {
        Step::begin(self, text.to_string())
    }

    /// Prints why a command failed, and what to do.
    pub fn failure(&self, failure: &Failure) {
        if self.format == Format::Json && !self.printed.get() {
            #[derive(Serialize)]
            struct Body {
                exit: u8,
                message: String,
                #[serde(skip_serializing_if = "Option::is_none")]
                hint: Option<String>,
                #[serde(skip_serializing_if = "Option::is_none")]
                details: Option<serde_json::Value>,
            }
            #[derive(Serialize)]
            struct Failed {
                ok: bool,
                error: Body,
            }
            let message = causes(failure.error.as_ref());
            let (hint, details) = (failure.hint.clone(), failure.details.clone());
            self.json(&Failed {
                ok: false,
                error: Body { exit: failure.exit as u8, message, hint, details },
            });
        }
        let message = causes(failure.error.as_ref());
        match self.told {
            Progress::Text => {
                self.note(format_args!("{} {message}", paint(BAD, "error:")));
                if let Some(hint) = &failure.hint {
                    self.note(format_args!("{} {hint}", paint(GOOD, "hint:")));
                }
            }
            Progress::Ndjson => {
                Self::line(
                    &Line::new(Told::Error, &message).ends(failure.hint.as_deref(), failure.exit as u8),
                );
            }
        }
        let markdown = failure_markdown(&message, failure.hint.as_deref());
        if self.format == Format::Markdown {
            print!("{markdown}");
        }
        self.summarize(&markdown);
        if !failure.annotations.is_empty() {
            self.annotate(failure.annotations.iter().cloned());
        } else if !self.annotated.get() {
            let hint = failure.hint.iter().map(|hint| format!("\nhint: {hint}"));
            self.annotate([Annotation::error("Sluice", message + &hint.collect::<String>())]);
        }
    }

    fn clear(&self, step: StepId) {
        if let Some((bar, _)) = self.steps.borrow_mut().remove(&step) {
            bar.finish_and_clear();
        }
    }

    fn json(&self, value: &impl Serialize) {
        self.printed.set(true);
        match serde_json::to_string_pretty(value) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("error: the result cannot be written as JSON: {error}"),
        }
    }
}

/// A failure, as GitHub shows it.
fn failure_markdown(message: &str, hint: Option<&str>) -> String {
    let quoted = |text: &str| text.replace('\n', "\n> ");
    let hint = hint.map(|hint| format!(">\n> {}\n", quoted(hint))).unwrap_or_default();
    format!("\n> [!CAUTION]\n> {}\n{hint}\n", quoted(message))
}

impl Observer for Report {
    fn receive(&self, event: Event<'_>) {
        let ndjson = self.told == Progress::Ndjson;
        match event {
            Event::Note(text) => self.note(text),
            Event::Warning(text) => self.warn(text),
            Event::Failed(text) if ndjson => Self::tell(Told::Failed, text),
            Event::Failed(text) => self.note(format_args!("{} {text}", paint(BAD, "✗"))),
            Event::Began { step, text } => {
                let bar = if ndjson {
                    Self::line(&Line::new(Told::Began, text).of(step, None));
                    ProgressBar::hidden()
                } else {
                    self.spinner(text)
                };
                self.steps.borrow_mut().insert(step, (bar, Beat::new(text, Instant::now())));
            }
            Event::Changed { step, text } => self.goes_on(step, text),
            Event::Done { step, text, result, took } => {
                self.clear(step);
                if ndjson {
                    Self::line(&Line::new(Told::Done, text).of(step, Some(took)).result(result));
                    return;
                }
                let seconds = took.as_secs_f64();
                let took =
                    if seconds < 0.05 { String::new() } else { paint(FAINT, format_args!(" {seconds:.1}s")) };
                self.note(format_args!("{} {text} {result}{took}", paint(GOOD, "✓")));
            }
            Event::Left { step } => {
                if let (true, Some((_, beat))) = (ndjson, self.steps.borrow().get(&step)) {
                    Self::line(&Line::new(Told::Left, beat.text()).of(step, None));
                }
                self.clear(step);
            }
        }
    }
}

impl Report {
    fn spinner(&self, text: &str) -> ProgressBar {
        let style = ProgressStyle::with_template("{spinner:.cyan} {msg} {elapsed:.dim}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar =
            self.progress.add(ProgressBar::new_spinner().with_style(style).with_message(text.to_owned()));
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// Work under way has come further, or goes on: a terminal shows it, others are told now and then.
    fn goes_on(&self, step: StepId, text: &str) {
        let mut steps = self.steps.borrow_mut();
        let Some((bar, beat)) = steps.get_mut(&step) else { return };
        if self.told == Progress::Ndjson {
            if let Some(for_) = beat.changed(text, Instant::now()) {
                Self::line(&Line::new(Told::Goes, text).of(step, Some(for_)));
            }
            return;
        }
        bar.set_message(text.to_owned());
        if let Some(for_) = beat.due(text, Instant::now()).filter(|_| !std::io::stderr().is_terminal()) {
            let seconds = for_.as_secs();
            self.progress
                .suspend(|| anstream::eprintln!("… {text} {}", paint(FAINT, format_args!("{seconds}s"))));
        }
    }
}

/// Both forms of a result, as a person reviews them.
#[cfg(test)]
pub fn shown(document: &impl Document) -> String {
    let (mut text, mut markdown) = (String::new(), String::new());
    document.text(&mut text).expect("text");
    document.markdown(&mut markdown).expect("Markdown");
    format!("{}\n=== Markdown\n{markdown}", anstream::adapter::strip_str(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_block_with_its_hint() {
        let table = [
            (("it failed", None), "\n> [!CAUTION]\n> it failed\n\n"),
            (
                ("two lines:\n  the second", Some("do `this`")),
                "\n> [!CAUTION]\n> two lines:\n>   the second\n>\n> do `this`\n\n",
            ),
        ];
        for ((message, hint), expected) in table {
            assert_eq!(failure_markdown(message, hint), expected);
        }
    }
}
