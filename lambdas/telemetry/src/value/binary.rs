//! A number out of bytes that stand in an event as text.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::Endian;
use crate::model::{Binary, BinaryType, Encoding};
use crate::reason::Fault;
use crate::record::Value;
use crate::scalar::Scalar;

/// Without padding, which is cut off before. What the last character says beyond the last byte is nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

impl Encoding {
    const fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hex",
        }
    }

    /// The bytes that `text` stands for.
    fn bytes(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Base64 => {
                let unpadded = text.strip_suffix("==").or(text.strip_suffix('=')).unwrap_or(text);
                BASE64.decode(unpadded.replace('-', "+").replace('_', "/")).ok()
            }
            Self::Hex => {
                let digit =
                    |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                let (pairs, rest) = text.as_bytes().as_chunks::<2>();
                let bytes = pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?));
                rest.is_empty().then(|| bytes.collect())?
            }
        }
    }
}

/// The number of `binary` in the bytes of a text.
pub(super) fn number(binary: &Binary, scalar: &Scalar<'_>) -> Result<Scalar<'static>, Fault> {
    let unreadable = || Fault::BinaryUnreadable { text: scalar.quoted(), encoding: binary.encoding.name() };
    let Scalar::Text(text) = scalar else { return Err(unreadable()) };
    let bytes = binary.encoding.bytes(text.trim()).ok_or_else(unreadable)?;
    let start = binary.offset as usize;
    let end = start + binary.kind.bytes();
    let part = bytes.get(start..end).ok_or(Fault::BinaryShort { start, end, len: bytes.len() })?;
    let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    let raw = match binary.endian {
        Endian::Big => part.iter().fold(0, push),
        Endian::Little => part.iter().rev().fold(0, push),
    };
    let text = match (binary.kind, binary.bits) {
        (BinaryType::F32, _) => {
            // The lower half: four bytes were read.
            let half = u32::try_from(raw).unwrap_or_default();
            float(f64::from(f32::from_bits(half)))?
        }
        (BinaryType::F64, _) => float(f64::from_bits(raw))?,
        (_, Some((lowest, count))) => {
            let mask = 1_u64.checked_shl(u32::from(count)).map_or(u64::MAX, |above| above - 1);
            (raw.checked_shr(u32::from(lowest)).unwrap_or(0) & mask).to_string()
        }
        (BinaryType::I8 | BinaryType::I16 | BinaryType::I24 | BinaryType::I32 | BinaryType::I64, None) => {
            let unused = 64 - 8 * binary.kind.bytes();
            ((raw << unused).cast_signed() >> unused).to_string()
        }
        (_, None) => raw.to_string(),
    };
    Ok(Scalar::Number(text.into()))
}

/// A finite number as the store writes it.
fn float(value: f64) -> Result<String, Fault> {
    if value.is_finite() {
        return Ok(Value::Double(value).text().into_owned());
    }
    let text = match value {
        value if value.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        _ => "-Infinity",
    };
    Err(Fault::NotFinite { text: text.to_owned() })
}
