//! Values in queries.

/// A value of a request. How it is written is the dialect's.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text, whatever is in it.
    Text(String),
    /// An integer.
    Bigint(i64),
    /// A finite number.
    Double(Finite),
    /// A truth value.
    Boolean(bool),
    /// An instant that was measured, in nanoseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// The time of a row, in nanoseconds since 1970-01-01T00:00:00Z. A dialect whose rows have times that are less
    /// exact writes the next one before it.
    RowTime(i64),
}

/// A number that is neither NaN nor infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finite(f64);

impl Finite {
    /// `None` for NaN and infinities.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_no_value() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Finite::new(number), None, "{number}");
        }
        assert_eq!(Finite::new(-0.5).map(Finite::get), Some(-0.5));
    }
}
