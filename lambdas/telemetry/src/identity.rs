//! When an event happened that does not say it, so that a copy of it happened at the same time.
//!
//! MQTT delivers [at least once](https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-qos):
//! a device that misses an acknowledgement sends its message again, and a rule that misses one puts it into
//! the stream again. Each copy is a record with an arrival and a sequence number of its own, and nothing but
//! what the device sent says that it is a copy. The store keeps one record for each series and instant, so
//! copies are one where they have one time.
//!
//! That time follows from the arrival and from the identity of the event. Each identity has instants of its
//! own, one in each window, at a distance that its hash gives; the time is the last of them that is not
//! after the arrival. Two copies have the same unless one of these instants lies between their arrivals:
//! with copies `d` apart, in `d / window` of all cases. Two events of a device have the same by a chance of
//! one in as many nanoseconds as the window has.

use sha2::{Digest, Sha256};

use crate::EventIdentity;

const NANOSECONDS_A_SECOND: i64 = 1_000_000_000;

/// The last instant of `identity` that is not after `arrival`, in nanoseconds.
pub(crate) fn instant(arrival: i64, window: i64, identity: &[u8]) -> i64 {
    let place = place(identity, window);
    arrival.saturating_sub((arrival.rem_euclid(window) - place).rem_euclid(window))
}

/// Where in a window the instants of an identity are: the first eight bytes of its SHA-256 as an unsigned
/// number, highest byte first, modulo the window.
fn place(identity: &[u8], window: i64) -> i64 {
    let hash = Sha256::digest(identity);
    let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // Less than the window, which is an `i64`.
    (number % window.unsigned_abs()).cast_signed()
}

impl EventIdentity {
    /// The window in nanoseconds.
    pub(crate) fn window(&self) -> i64 {
        i64::from(self.window_seconds.max(1)) * NANOSECONDS_A_SECOND
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_time_is_within_a_window_before_the_arrival(
            arrival in i64::MIN / 2..i64::MAX, seconds in 1_u32..=3_600, identity in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let window = EventIdentity { id: None, window_seconds: seconds }.window();
            let time = instant(arrival, window, &identity);
            prop_assert!(time <= arrival && arrival - time < window);
            // The grid is one: the instant's own instant is itself, and the next is a window later.
            prop_assert_eq!(instant(time, window, &identity), time);
            prop_assert_eq!(instant(time.saturating_sub(1), window, &identity), time - window);
        }

        /// Copies are one, but for an instant of theirs between them.
        #[test]
        fn copies_have_one_time_unless_an_instant_lies_between_them(
            arrival in 0..i64::MAX / 2, apart in 0_i64..20_000_000_000, identity in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            const WINDOW: i64 = 10_000_000_000;
            let (first, second) = (instant(arrival, WINDOW, &identity), instant(arrival + apart, WINDOW, &identity));
            prop_assert_eq!(first == second, arrival + apart < first + WINDOW);
        }
    }

    /// In how many of a hundred cases copies are two.
    #[test]
    fn copies_are_two_as_often_as_their_distance_is_of_the_window() {
        const WINDOW: i64 = 10_000_000_000;
        const COPIES: u32 = 20_000;
        for (apart, percent) in
            [(0, 0.0), (100_000_000, 1.0), (1_000_000_000, 10.0), (9_000_000_000, 90.0), (WINDOW, 100.0)]
        {
            let two = (0..COPIES).filter(|id| {
                let identity = id.to_string();
                let of = |arrival| instant(arrival, WINDOW, identity.as_bytes());
                of(1_609_757_180_000_000_000) != of(1_609_757_180_000_000_000 + apart)
            });
            let found = f64::from(u32::try_from(two.count()).expect("few")) * 100.0 / f64::from(COPIES);
            assert!((found - percent).abs() < 1.0, "{apart} ns apart: {found} % instead of {percent}");
        }
    }
}
