//! The function's environment, typed.

use device_simulator::Traits;

/// What the environment says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// `STREAM_NAME`.
    pub stream: String,
    /// `EVENTS_PER_MINUTE`: how many events each device sends in a minute.
    pub events_per_minute: u32,
    /// `DEVICES`, `ANOMALY_CHANCE`, `FUTURE_CHANCE`, `LATE_CHANCE`, `BURST_CHANCE`, `BURST`.
    pub traits: Traits,
}

/// Why the environment cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    #[error("{name} is {value:?}, which is not {expected}")]
    Invalid { name: &'static str, value: String, expected: &'static str },
}

/// What the articles' devices do in a minute.
const EVENTS_PER_MINUTE: u32 = 10;

impl Settings {
    /// Reads the variables with `get`. All but `STREAM_NAME` have the articles' values as default.
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let count = |name, default| match get(name) {
            None => Ok(default),
            Some(value) => value.parse().map_err(|_| Error::Invalid {
                name,
                value,
                expected: "a whole number from 0 to 4294967295",
            }),
        };
        let chance = |name, default| match get(name) {
            None => Ok(default),
            Some(value) => match value.parse() {
                Ok(chance) if (0.0..=1.0).contains(&chance) => Ok(chance),
                _ => Err(Error::Invalid { name, value, expected: "a chance from 0 to 1" }),
            },
        };
        let articles = Traits::default();
        Ok(Self {
            stream: get("STREAM_NAME")
                .filter(|name| !name.is_empty())
                .ok_or(Error::Missing("STREAM_NAME"))?,
            events_per_minute: count("EVENTS_PER_MINUTE", EVENTS_PER_MINUTE)?,
            traits: Traits {
                devices: count("DEVICES", articles.devices)?,
                prefix: articles.prefix,
                anomaly_chance: chance("ANOMALY_CHANCE", articles.anomaly_chance)?,
                future_chance: chance("FUTURE_CHANCE", articles.future_chance)?,
                late_chance: chance("LATE_CHANCE", articles.late_chance)?,
                burst_chance: chance("BURST_CHANCE", articles.burst_chance)?,
                burst: count("BURST", articles.burst)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Error> {
        let get =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Settings::read(get)
    }

    #[test]
    fn defaults_are_the_articles() {
        let settings = read(&[("STREAM_NAME", "s")]).expect("valid");
        assert_eq!((settings.events_per_minute, settings.traits), (10, Traits::default()));
    }

    #[test]
    fn every_variable_is_read() {
        let settings = read(&[
            ("STREAM_NAME", "s"),
            ("EVENTS_PER_MINUTE", "1"),
            ("DEVICES", "2"),
            ("ANOMALY_CHANCE", "0.3"),
            ("FUTURE_CHANCE", "0.4"),
            ("LATE_CHANCE", "0.5"),
            ("BURST_CHANCE", "1"),
            ("BURST", "7"),
        ]);
        let traits = Traits {
            devices: 2,
            anomaly_chance: 0.3,
            future_chance: 0.4,
            late_chance: 0.5,
            burst_chance: 1.0,
            burst: 7,
            ..Traits::default()
        };
        assert_eq!(settings, Ok(Settings { stream: "s".to_owned(), events_per_minute: 1, traits }));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (vec![], "the environment variable STREAM_NAME is missing"),
            (vec![("STREAM_NAME", "")], "the environment variable STREAM_NAME is missing"),
            (
                vec![("STREAM_NAME", "s"), ("DEVICES", "-1")],
                "DEVICES is \"-1\", which is not a whole number from 0 to 4294967295",
            ),
            (
                vec![("STREAM_NAME", "s"), ("LATE_CHANCE", "1.5")],
                "LATE_CHANCE is \"1.5\", which is not a chance from 0 to 1",
            ),
            (
                vec![("STREAM_NAME", "s"), ("BURST_CHANCE", "NaN")],
                "BURST_CHANCE is \"NaN\", which is not a chance from 0 to 1",
            ),
        ];
        for (variables, expected) in cases {
            assert_eq!(read(&variables).map_err(|error| error.to_string()), Err(expected.to_owned()));
        }
    }
}
