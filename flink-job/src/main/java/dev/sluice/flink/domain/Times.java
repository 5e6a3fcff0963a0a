package dev.sluice.flink.domain;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.zone.ZoneRules;
import java.time.zone.ZoneRulesException;
import java.time.zone.ZoneRulesProvider;

/**
 * Reads a time in any of the forms in which the devices of a kind send it, to the nanosecond.
 *
 * <p>Knows no clock: what a missing or wrong time means is decided elsewhere.
 */
final class Times {
    private static final long NANOSECONDS_A_SECOND = 1_000_000_000;

    private final TimeUnit unit;

    /** {@code null} where all text is ISO-8601. */
    private final TimeFormat format;

    /** Where text without an offset is; {@code null} where this Java does not know the zone. */
    private final ZoneRules zone;

    /** The times of a kind, whose time is {@code field}; {@code null} if it has none. */
    Times(Model.TimeField field) {
        this.unit = field == null ? TimeUnit.MILLISECONDS : field.unit();
        this.format = field == null || field.format() == null ? null : new TimeFormat(field.format());
        this.zone = field == null || field.zone() == null ? ZoneOffset.UTC.getRules() : zone(field.zone());
    }

    private static ZoneRules zone(String name) {
        try {
            return ZoneRulesProvider.getRules(name, false);
        } catch (ZoneRulesException unknown) {
            return null;
        }
    }

    /**
     * An instant.
     *
     * @param nanoseconds since 1970-01-01T00:00:00Z
     */
    record Moment(long nanoseconds) implements Outcome.OfTime {}

    /**
     * A date with a time of day, as text says it.
     *
     * @param civil without its fraction where that is of a leap second
     * @param offset from UTC in seconds; {@code null} where the text has none
     */
    record Written(LocalDateTime civil, Integer offset) {}

    /**
     * A number, in JSON or as text, counts in the unit; other text is in the format, or else ISO-8601, and in the
     * zone unless it says otherwise. What is finer than a nanosecond is cut off.
     */
    Outcome.OfTime read(Scalar scalar) {
        if (scalar.kind() == Scalar.Kind.BOOLEAN) {
            return Fault.timeUnreadable(scalar.quoted());
        }
        Utf8 text = scalar.kind() == Scalar.Kind.TEXT ? scalar.text().trimmed() : scalar.text();
        Written written = format == null || scalar.kind() != Scalar.Kind.TEXT ? null : format.read(text);
        if (written != null) {
            return moment(written, text);
        }
        Decimal number = Decimal.parse(text);
        if (number != null) {
            Decimal.Whole whole = number.whole(unit.power());
            return whole == null ? Fault.timeOutOfRange(text.quoted()) : new Moment(whole.value());
        }
        written = Iso8601.read(text);
        return written == null ? Fault.timeUnreadable(text.quoted()) : moment(written, text);
    }

    /** In the zone, a time that clocks skip is as much later, and one that they show twice is the first of the two. */
    private Outcome.OfTime moment(Written written, Utf8 text) {
        if (written.offset == null && zone == null) {
            return Fault.timeUnreadable(text.quoted());
        }
        // Where two offsets come into question, these rules give the one before the change.
        int offset = written.offset == null ? zone.getOffset(written.civil).getTotalSeconds() : written.offset;
        long second = written.civil.toEpochSecond(ZoneOffset.UTC) - offset;
        // Towards zero, so that the product stays within 64 bits wherever the sum does.
        long whole = second < 0 ? second + 1 : second;
        long rest = second < 0 ? written.civil.getNano() - NANOSECONDS_A_SECOND : written.civil.getNano();
        long limit = Long.MAX_VALUE / NANOSECONDS_A_SECOND;
        if (whole < -limit || whole > limit) {
            return Fault.timeOutOfRange(text.quoted());
        }
        long product = whole * NANOSECONDS_A_SECOND;
        long sum = product + rest;
        return rest < 0 && sum > product || rest > 0 && sum < product
                ? Fault.timeOutOfRange(text.quoted())
                : new Moment(sum);
    }
}
