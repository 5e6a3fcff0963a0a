//! What the state of an error says about the statement, whichever way it came.

/// What is to be done about an error of this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The same statement may succeed in a moment. It may have been executed.
    Passing,
    /// Nobody is let in by what was shown: role, password or token.
    Login,
    /// There is no such database.
    Database,
    /// The schema in the database is not the one that the statement is for.
    Schema,
    /// The statement, or what it was given.
    Refused,
}

impl Meaning {
    /// What to do about it, where that is the same whichever way it came.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Database => "see that the cluster has this database",
            Self::Schema => {
                "the schema in the database is not the one of this version; deploy the store again"
            }
            Self::Passing | Self::Login | Self::Refused => "",
        }
    }
}

/// The meaning of a state, five characters by the
/// [appendix](https://www.postgresql.org/docs/current/errcodes-appendix.html).
pub fn meaning(state: &str) -> Meaning {
    match state {
        // The writer of before a failover, which only reads; what another one made at the same time.
        "25006" | "42P07" | "42710" => return Meaning::Passing,
        _ => {}
    }
    match state.get(..2).unwrap_or_default() {
        // Without a state it is the way to the database that speaks. Then: connections; rolled back for another; out of
        // memory, disk or connections; an object that is in use; shut down, failed over or cancelled; the system; the
        // engine.
        "" | "08" | "40" | "53" | "55" | "57" | "58" | "XX" => Meaning::Passing,
        "28" => Meaning::Login,
        "3D" => Meaning::Database,
        "3F" | "42" => Meaning::Schema,
        _ => Meaning::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_says_who_is_to_blame() {
        for (states, expected) in [
            (
                &[
                    "", "08006", "25006", "40001", "40P01", "42710", "42P07", "53300", "55P03", "57014",
                    "57P01", "57P03",
                ][..],
                Meaning::Passing,
            ),
            (&["28000", "28P01"], Meaning::Login),
            (&["3D000"], Meaning::Database),
            (&["3F000", "42501", "42703", "42883", "42P01"], Meaning::Schema),
            (&["22P02", "22003", "23514", "25P02", "54000", "P0001"], Meaning::Refused),
        ] {
            for state in states {
                assert_eq!(meaning(state), expected, "{state}");
            }
        }
    }
}
