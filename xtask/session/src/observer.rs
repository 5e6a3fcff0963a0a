//! What is told while something goes on, to whoever watches: the command line shows it, a test may collect it.

use std::fmt::{Debug, Display};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What happens, in the order in which it does.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A remark.
    Note(&'a str),
    /// Something that deserves a look.
    Warning(&'a str),
    /// Something failed, and the rest goes on.
    Failed(&'a str),
    /// Work that takes a moment has begun.
    Began {
        /// Which work.
        step: StepId,
        /// What it is.
        text: &'a str,
    },
    /// It has come further.
    Changed {
        /// Which work.
        step: StepId,
        /// What it does now.
        text: &'a str,
    },
    /// It has ended well.
    Done {
        /// Which work.
        step: StepId,
        /// What it was.
        text: &'a str,
        /// What came of it.
        result: &'a str,
        /// How long it took.
        took: Duration,
    },
    /// It has ended otherwise: an error says the rest.
    Left {
        /// Which work.
        step: StepId,
    },
}

/// Work under way, among all of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct StepId(u64);

/// Whoever watches.
pub trait Observer: Debug {
    /// Receives what happens.
    fn receive(&self, event: Event<'_>);
}

/// Nobody.
impl Observer for () {
    fn receive(&self, _: Event<'_>) {}
}

impl dyn Observer + '_ {
    /// Tells a remark.
    pub fn note(&self, text: impl Display) {
        self.receive(Event::Note(&text.to_string()));
    }

    /// Tells something that deserves a look.
    pub fn warn(&self, text: impl Display) {
        self.receive(Event::Warning(&text.to_string()));
    }

    /// Tells what failed while the rest goes on.
    pub fn failed(&self, text: impl Display) {
        self.receive(Event::Failed(&text.to_string()));
    }

    /// Begins work that takes a moment.
    pub fn step(&self, text: impl Display) -> Step<'_> {
        Step::begin(self, text.to_string())
    }
}

/// Work under way. Dropped without [`Step::done`], it ends silently: the error says the rest.
#[derive(Debug)]
pub struct Step<'a> {
    observer: &'a dyn Observer,
    id: StepId,
    text: String,
    started: Instant,
    is_done: bool,
}

impl<'a> Step<'a> {
    /// Begins it.
    pub fn begin(observer: &'a dyn Observer, text: String) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = StepId(NEXT.fetch_add(1, Ordering::Relaxed));
        observer.receive(Event::Began { step: id, text: &text });
        Self { observer, id, text, started: Instant::now(), is_done: false }
    }

    /// What it was announced with.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Says what it does now.
    pub fn update(&self, text: impl Display) {
        self.observer.receive(Event::Changed { step: self.id, text: &text.to_string() });
    }

    /// Ends it with what came of it.
    pub fn done(mut self, result: impl Display) {
        self.is_done = true;
        let (text, result) = (&self.text, &result.to_string());
        self.observer.receive(Event::Done { step: self.id, text, result, took: self.started.elapsed() });
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.observer.receive(Event::Left { step: self.id });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[derive(Debug, Default)]
    struct Told(RefCell<Vec<String>>);

    impl Observer for Told {
        fn receive(&self, event: Event<'_>) {
            self.0.borrow_mut().push(match event {
                Event::Note(text) => format!("note {text}"),
                Event::Warning(text) => format!("warning {text}"),
                Event::Failed(text) => format!("failed {text}"),
                Event::Began { text, .. } => format!("began {text}"),
                Event::Changed { text, .. } => format!("changed {text}"),
                Event::Done { text, result, .. } => format!("done {text}: {result}"),
                Event::Left { .. } => "left".to_owned(),
            });
        }
    }

    #[test]
    fn a_step_that_is_not_done_is_left() {
        let told = Told::default();
        let observer: &dyn Observer = &told;
        let one = observer.step("one");
        one.update("half");
        one.done("well");
        drop(observer.step("two"));
        observer.failed("three");
        let expected = ["began one", "changed half", "done one: well", "began two", "left", "failed three"];
        assert_eq!(*told.0.borrow(), expected);
    }
}
