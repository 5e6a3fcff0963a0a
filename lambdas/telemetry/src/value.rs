//! From the scalar that an event holds to the value that is stored.

mod binary;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::instant::Times;
use crate::model::{Binary, Mapped};
use crate::reason::Fault;
use crate::record::Value;
use crate::scalar::Scalar;
use crate::{Decimal, Limits, Measure, MeasureType, decimal};

/// What is made of the scalars of a measure.
#[derive(Debug, Clone)]
pub(crate) struct Conversion {
    wanted: MeasureType,
    /// `None`: the value simply stands there.
    steps: Option<Box<Steps>>,
}

/// As in [`Written`](crate::Written), prepared.
#[derive(Debug, Clone)]
struct Steps {
    binary: Option<Binary>,
    missing: Vec<String>,
    map: BTreeMap<String, Scalar<'static>>,
    suffix: Option<String>,
    decimal: Decimal,
    scale: Option<Scale>,
    offset: f64,
}

/// Multiplication by a factor that is as exact as a division where the factor is one divided by a whole
/// number: a tenth is no binary fraction, and ten is one.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Times(f64),
    DividedBy(f64),
}

impl Conversion {
    /// Prepares what the model says of a measure.
    pub(crate) fn of(measure: &Measure) -> Self {
        let written = &measure.written;
        let steps = Steps {
            binary: written.binary.clone(),
            missing: written.missing.clone(),
            map: written.map.iter().map(|(text, to)| (text.clone(), scalar(to))).collect(),
            suffix: written.suffix.clone(),
            decimal: written.decimal,
            scale: written.scale.map(Scale::of),
            offset: written.offset.unwrap_or(0.0),
        };
        Self { wanted: measure.kind, steps: (!steps.is_none()).then(|| Box::new(steps)) }
    }

    /// Whether an array is one of readings. Bytes are in one text.
    pub(crate) fn takes_arrays(&self) -> bool {
        self.steps.as_ref().is_none_or(|steps| steps.binary.is_none())
    }

    /// The value to be stored; `None` where the scalar says that there is none.
    pub(crate) fn value(
        &self,
        scalar: Scalar<'_>,
        times: &Times,
        limits: &Limits,
    ) -> Result<Option<Value>, Fault> {
        let Some(steps) = &self.steps else { return scalar.coerce(self.wanted, times, limits).map(Some) };
        let Some(scalar) = steps.taken(scalar)? else { return Ok(None) };
        let scalar = match (steps.decimal, self.wanted) {
            (Decimal::Comma, MeasureType::Double | MeasureType::Bigint) => with_point(scalar, self.wanted)?,
            _ => scalar,
        };
        if self.wanted != MeasureType::Double {
            return scalar.coerce(self.wanted, times, limits).map(Some);
        }
        let value = steps.scaled(scalar.double()?);
        if value.is_finite() {
            Ok(Some(Value::Double(value)))
        } else {
            Err(Fault::NumberOutOfRange { wanted: self.wanted, text: scalar.quoted() })
        }
    }
}

impl Steps {
    fn is_none(&self) -> bool {
        let Self { binary, missing, map, suffix, decimal, scale, offset } = self;
        binary.is_none()
            && missing.is_empty()
            && map.is_empty()
            && suffix.is_none()
            && decimal.is_point()
            && scale.is_none()
            && *offset == 0.0
    }

    /// The scalar that is of the measure's type, if there is one.
    fn taken<'a>(&self, scalar: Scalar<'a>) -> Result<Option<Scalar<'a>>, Fault> {
        let mut scalar = match &self.binary {
            Some(binary) => binary::number(binary, &scalar)?,
            None => scalar,
        };
        if !self.missing.is_empty() || !self.map.is_empty() {
            let text = scalar.trimmed();
            if self.missing.iter().any(|missing| *missing == *text) {
                return Ok(None);
            }
            if let Some(mapped) = self.map.get(&*text) {
                scalar = mapped.clone();
            }
        }
        if let (Some(suffix), Scalar::Text(text)) = (&self.suffix, &scalar)
            && let Some(rest) = text.trim().strip_suffix(suffix.as_str())
        {
            scalar = Scalar::Text(Cow::Owned(rest.trim().to_owned()));
        }
        Ok((!scalar.is_blank()).then_some(scalar))
    }

    fn scaled(&self, value: f64) -> f64 {
        let scaled = match self.scale {
            None => value,
            Some(Scale::Times(factor)) => value * factor,
            Some(Scale::DividedBy(whole)) => value / whole,
        };
        // No negative zero comes of it: the store refuses it.
        scaled + self.offset + 0.0
    }
}

impl Scale {
    fn of(factor: f64) -> Self {
        let whole = (1.0 / factor).round();
        #[allow(clippy::float_cmp, reason = "it is about exactly this number")]
        if whole >= 2.0 && 1.0 / whole == factor { Self::DividedBy(whole) } else { Self::Times(factor) }
    }
}

/// What a text stands for, as if the event held it.
fn scalar(mapped: &Mapped) -> Scalar<'static> {
    match mapped {
        Mapped::Boolean(value) => Scalar::Boolean(*value),
        Mapped::Integer(value) => Scalar::Number(value.to_string().into()),
        Mapped::Number(value) => Scalar::Number(Value::Double(*value).text().into_owned().into()),
        Mapped::Text(value) => Scalar::Text(value.clone().into()),
    }
}

/// A number in text with a comma before its fraction, with a point there. In such text a point is none.
fn with_point(scalar: Scalar<'_>, wanted: MeasureType) -> Result<Scalar<'_>, Fault> {
    let Scalar::Text(text) = &scalar else { return Ok(scalar) };
    if text.contains('.') {
        return Err(Fault::TypeMismatch { wanted, text: scalar.quoted() });
    }
    let number = text.trim().replace(',', ".");
    Ok(if decimal::Decimal::parse(&number).is_some() { Scalar::Text(number.into()) } else { scalar })
}

#[cfg(test)]
mod tests;
