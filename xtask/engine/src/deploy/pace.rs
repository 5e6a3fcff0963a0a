//! How often a service is asked while it works.

use std::time::Duration;

/// The waits between two questions: from short to long, and never all at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    shortest: Duration,
    longest: Duration,
    /// How long a service may refuse to answer before it is asked no more.
    pub patience: Duration,
    /// How long a service may be throttled, broken or out of reach before a question to it is given up.
    pub outage: Duration,
    /// How long a service may take to hear of a new role, beyond what a rollback takes.
    pub propagation: Duration,
}

/// For AWS, which counts requests per account.
pub const SERVICE: Pace = Pace {
    shortest: Duration::from_secs(1),
    longest: Duration::from_secs(5),
    patience: Duration::from_mins(1),
    outage: Duration::from_mins(10),
    propagation: Duration::from_secs(15),
};

/// For this machine.
pub const MACHINE: Pace = Pace {
    shortest: Duration::from_millis(5),
    longest: Duration::from_millis(250),
    patience: Duration::from_secs(2),
    outage: Duration::from_secs(20),
    propagation: Duration::from_millis(10),
};

/// A series of waits.
#[derive(Debug)]
pub struct Waits {
    pace: Pace,
    next: Duration,
}

impl Pace {
    /// A series that begins with the shortest wait.
    pub fn waits(self) -> Waits {
        Waits { pace: self, next: self.shortest }
    }
}

impl Waits {
    /// Waits, and makes the next wait longer.
    pub async fn next(&mut self) {
        // Many stacks, and many deployments in one account, would otherwise ask at the same moment.
        tokio::time::sleep(self.next.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
        self.next = self.next.mul_f64(1.5).min(self.pace.longest);
    }

    /// Begins again with the shortest wait.
    pub fn reset(&mut self) {
        self.next = self.pace.shortest;
    }
}
