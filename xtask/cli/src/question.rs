//! A question before something is changed: what the command line settles, else a person at the terminal.

use engine::consent::{Declined, Doing, Guard, Said, Settled};

use crate::report::Report;

/// A question, and what is shown before it.
#[derive(Debug)]
pub struct Question<'a> {
    /// What is about to be done.
    pub doing: Doing,
    /// What it takes.
    pub guard: Guard,
    /// The environment's name, or that of several.
    pub environment: &'a str,
    /// What is asked where an answer suffices, for instance `Deploy?`.
    pub asked: &'a str,
    /// What is asked where it takes the name, for instance `to deploy`.
    pub typed: &'a str,
}

/// Who agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// The command line, or nobody needs to.
    InAdvance,
    /// A person at the terminal, which takes time.
    Person,
}

impl Question<'_> {
    /// Asks, after `page`, unless what was said on the command line settles it.
    pub fn settle(
        &self,
        said: Said<'_>,
        page: impl FnOnce() -> String,
        report: &Report,
    ) -> Result<Agreed, Declined> {
        let Self { doing, guard, environment, asked, typed } = *self;
        if guard.settle(doing, environment, said)? == Settled::Agreed {
            return Ok(Agreed::InAdvance);
        }
        let page = if report.interactive() { page() } else { String::new() };
        if !page.is_empty() {
            report.note(page.trim_end());
        }
        let answer = match guard {
            Guard::Name => report.ask(format_args!("Type {environment} {typed}:")),
            Guard::Answer | Guard::Nothing => report.ask(format_args!("{asked} [y/N]")),
        };
        // What was typed and cannot be read agrees to nothing.
        let answer = answer.or_else(|| report.interactive().then(String::new));
        guard.answered(doing, environment, answer.as_deref()).map(|_| Agreed::Person)
    }
}
