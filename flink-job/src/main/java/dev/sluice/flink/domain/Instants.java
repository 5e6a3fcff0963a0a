package dev.sluice.flink.domain;

/**
 * Reads a time in any of the forms in which devices send it, to the nanosecond.
 *
 * <p>Knows no clock: what a missing or wrong time means is decided elsewhere.
 */
final class Instants {
    private Instants() {}

    /**
     * An instant.
     *
     * @param nanoseconds since 1970-01-01T00:00:00Z
     */
    record Moment(long nanoseconds) implements Outcome.OfTime {}

    /**
     * A number, in JSON or as text, counts in {@code unit}; other text is ISO-8601, in UTC unless it says
     * otherwise. What is finer than a nanosecond is cut off.
     */
    static Outcome.OfTime read(Scalar scalar, TimeUnit unit) {
        if (scalar.kind() == Scalar.Kind.BOOLEAN) {
            return Fault.timeUnreadable(scalar.quoted());
        }
        Utf8 text = scalar.kind() == Scalar.Kind.TEXT ? scalar.text().trimmed() : scalar.text();
        Decimal number = Decimal.parse(text);
        if (number == null) {
            return Iso8601.read(text);
        }
        Decimal.Whole whole = number.whole(unit.power());
        return whole == null ? Fault.timeOutOfRange(text.quoted()) : new Moment(whole.value());
    }
}
