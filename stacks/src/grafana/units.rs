//! Units: what people write in the model, as [Grafana names it](https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/#unit).

/// Grafana's id of a unit, and the words that mean it, in lower case.
#[rustfmt::skip]
pub(super) static UNITS: &[(&str, &[&str])] = &[
    ("celsius",       &["celsius", "°c", "degc", "degree celsius", "degrees celsius"]),
    ("fahrenheit",    &["fahrenheit", "°f", "degf", "degree fahrenheit", "degrees fahrenheit"]),
    ("kelvin",        &["kelvin", "k"]),
    ("percent",       &["percent", "%", "pct"]),
    ("humidity",      &["%rh", "%h", "relative humidity"]),
    ("volt",          &["volt", "volts", "v"]),
    ("mvolt",         &["millivolt", "millivolts", "mv"]),
    ("kvolt",         &["kilovolt", "kilovolts", "kv"]),
    ("amp",           &["ampere", "amperes", "amp", "amps", "a"]),
    ("mamp",          &["milliampere", "milliamperes", "ma"]),
    ("watt",          &["watt", "watts", "w"]),
    ("mwatt",         &["milliwatt", "milliwatts", "mw"]),
    ("kwatt",         &["kilowatt", "kilowatts", "kw"]),
    ("watth",         &["watt hour", "watt hours", "watthour", "wh"]),
    ("kwatth",        &["kilowatt hour", "kilowatt hours", "kilowatthour", "kwh"]),
    ("ohm",           &["ohm", "ohms", "Ω", "ω"]),
    ("dBm",           &["dbm"]),
    ("dB",            &["db", "decibel", "decibels"]),
    ("pressurepa",    &["pascal", "pascals", "pa"]),
    ("pressurehpa",   &["hectopascal", "hectopascals", "hpa"]),
    ("pressurekpa",   &["kilopascal", "kilopascals", "kpa"]),
    ("pressurembar",  &["millibar", "millibars", "mbar"]),
    ("pressurebar",   &["bar", "bars"]),
    ("pressurepsi",   &["psi"]),
    ("lux",           &["lux", "lx"]),
    ("ppm",           &["ppm"]),
    ("conppb",        &["ppb"]),
    ("conμgm3",       &["µg/m3", "μg/m3", "ug/m3", "µg/m³", "μg/m³"]),
    ("hertz",         &["hertz", "hz"]),
    ("rotrpm",        &["rpm"]),
    ("lengthmm",      &["millimetre", "millimeter", "millimetres", "millimeters", "mm"]),
    ("lengthm",       &["metre", "meter", "metres", "meters", "m"]),
    ("lengthkm",      &["kilometre", "kilometer", "kilometres", "kilometers", "km"]),
    ("velocityms",    &["m/s", "metre per second", "metres per second", "meters per second"]),
    ("velocitykmh",   &["km/h", "kmh", "kilometres per hour", "kilometers per hour"]),
    ("accMS2",        &["m/s2", "m/s²"]),
    ("litre",         &["litre", "liter", "litres", "liters", "l"]),
    ("flowlpm",       &["l/min", "litres per minute", "liters per minute"]),
    ("massg",         &["gram", "grams", "g"]),
    ("masskg",        &["kilogram", "kilograms", "kg"]),
    ("degree",        &["degree", "degrees", "°"]),
    ("ms",            &["millisecond", "milliseconds", "ms"]),
    ("s",             &["second", "seconds", "s"]),
    ("m",             &["minute", "minutes", "min"]),
    ("h",             &["hour", "hours", "h"]),
    ("bytes",         &["byte", "bytes"]),
    ("short",         &["count", "counts"]),
];

/// The id of a unit. One that Grafana does not know stands behind the number as it is written.
pub(super) fn id(unit: Option<&str>) -> String {
    let Some(unit) = unit else { return "none".to_owned() };
    let written = unit.to_lowercase();
    let known = UNITS.iter().find(|(_, words)| words.contains(&written.as_str()));
    known.map_or_else(|| format!("suffix: {unit}"), |(id, _)| (*id).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn units_become_ids() {
        for (unit, expected) in [
            (None, "none"),
            (Some("celsius"), "celsius"),
            (Some("Celsius"), "celsius"),
            (Some("°C"), "celsius"),
            (Some("percent"), "percent"),
            (Some("kWh"), "kwatth"),
            (Some("dBm"), "dBm"),
            (Some("bananas"), "suffix: bananas"),
        ] {
            assert_eq!(id(unit), expected, "{unit:?}");
        }
    }

    #[test]
    fn a_word_means_one_unit() {
        let mut words = BTreeSet::new();
        for word in UNITS.iter().flat_map(|(_, words)| *words) {
            assert!(words.insert(word), "{word} is there twice");
        }
    }
}
