//! What goes on where nobody looks: without a terminal there is no spinner, so it is said again now and then.

use std::time::{Duration, Instant};

/// How often it is said, while nothing else is.
pub const EVERY: Duration = Duration::from_secs(30);

/// Work under way, as it was last told.
#[derive(Debug)]
pub struct Beat {
    began: Instant,
    told: Instant,
    text: String,
}

impl Beat {
    /// Work that begins.
    pub fn new(text: &str, now: Instant) -> Self {
        Self { began: now, told: now, text: text.to_owned() }
    }

    /// Notes what it does now. For how long it has gone on, if that is to be said.
    pub fn due(&mut self, text: &str, now: Instant) -> Option<Duration> {
        text.clone_into(&mut self.text);
        (now.duration_since(self.told) >= EVERY).then(|| {
            self.told = now;
            now.duration_since(self.began)
        })
    }

    /// What it does.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same for a program, which is told of every change.
    pub fn changed(&mut self, text: &str, now: Instant) -> Option<Duration> {
        let changed = self.text != text;
        let due = self.due(text, now);
        if changed { Some(now.duration_since(self.began)) } else { due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_hears_every_half_minute_and_a_program_of_every_change() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let (mut person, mut program) = (Beat::new("stack", began), Beat::new("stack", began));
        let table = [
            (5, "stack", false, false),
            (10, "stack 1/2", false, true),
            (30, "stack 1/2", true, true),
            (35, "stack 1/2", false, false),
            (59, "stack 1/2", false, false),
            (60, "stack 2/2", true, true),
            (90, "stack 2/2", true, true),
        ];
        for (second, text, to_person, to_program) in table {
            let expected = |told: bool| told.then(|| Duration::from_secs(second));
            assert_eq!(person.due(text, after(second)), expected(to_person), "{second}");
            assert_eq!(program.changed(text, after(second)), expected(to_program), "{second}");
        }
    }
}
