package dev.sluice.flink.domain;

import java.time.Instant;

/**
 * A fault of an event: facts for machines, a sentence for people.
 *
 * @param code stable name of the fault; part of the quarantine's message format, so a code never changes
 *     its meaning
 * @param sentence what is wrong, without the field
 */
public record Fault(String code, String sentence)
        implements Outcome.OfDocument,
                Outcome.OfScalar,
                Outcome.OfReading,
                Outcome.OfValue,
                Outcome.OfTime,
                Outcome.OfInstant,
                Outcome.OfElement {
    private static final long NANOSECONDS_A_MINUTE = 60_000_000_000L;

    /** The JSON value is not an object. */
    static final Fault NOT_AN_OBJECT = new Fault("not_an_object", "the event is JSON but not an object");

    /** Objects and arrays are nested deeper than the limit. */
    static final Fault NESTED_TOO_DEEP =
            new Fault("nested_too_deep", "the event is nested deeper than " + Fields.MAX_DEPTH + " levels");

    /** A declared field is there twice, and which one is meant is unknowable. */
    static final Fault DUPLICATE_FIELD = new Fault("duplicate_field", "the field is there more than once");

    /** No device is named. */
    static final Fault DEVICE_MISSING = new Fault("device_missing", "the device is missing or empty");

    /** A dimension or measure is an object. */
    static final Fault AN_OBJECT = new Fault("not_a_scalar", "a single value is needed, not an object");

    /** A dimension or an element's value is an array. */
    static final Fault AN_ARRAY = new Fault("not_a_scalar", "a single value is needed, not an array");

    /** An element of an array has no time of its own. */
    static final Fault POINT_TIME_MISSING = new Fault("point_time_missing", "the element has no time");

    /** Two elements give the same measure different values at the same instant. */
    static final Fault CONFLICTING_POINT = new Fault("conflicting_point", "the instant already has another value");

    /** Nothing of the event can be stored. */
    static final Fault NO_MEASURES = new Fault("no_measures", "the event has no measure");

    /** The model does not name the field, and asks for quarantine in this case. */
    static final Fault UNDECLARED_FIELD = new Fault("undeclared_field", "the model does not name this field");

    /** A label of SenML that says that it must be understood, and is not. */
    static final Fault SENML_UNKNOWN = new Fault("senml_unknown", "the label must be understood, and is not known");

    /** A string has an escape sequence that is no character. */
    static final Fault LONE_SURROGATE =
            new Fault("not_json", "the event is not JSON: half of a surrogate pair in a string");

    /** The bytes are an aggregate of the Kinesis Producer Library that cannot be taken apart. */
    static Fault kplAggregate(String detail) {
        return new Fault("kpl_aggregate", "the record is an aggregate of the Kinesis Producer Library, and " + detail);
    }

    /** The partition key names none of the kinds of the model. */
    static Fault unknownKind(String key) {
        return new Fault("unknown_kind", "the partition key " + DebugText.of(key) + " names no kind of the model");
    }

    /** The partition key has not the levels of the topic that the kind takes from it. */
    static Fault keyMismatch(String key, int found, int wanted) {
        return new Fault(
                "key_mismatch", "the partition key " + DebugText.of(key) + " has " + found + " levels, not " + wanted);
    }

    /** Where the array of events should be, there is another value. */
    static Fault notAnArray(Utf8 json) {
        return new Fault("not_an_array", "an array of events is needed, not " + found(json));
    }

    /** The path of a declared field leads through a value that has no members or elements. */
    static Fault pathBlocked(String at, Utf8 json) {
        return new Fault("path_blocked", "the path ends at " + at + ", which is " + found(json));
    }

    private static String found(Utf8 json) {
        return switch (json.at(0)) {
            case '{' -> "an object";
            case '[' -> "an array";
            case '"' -> "text";
            case 't', 'f' -> "a boolean";
            default -> "a number";
        };
    }

    /** The text stands for no bytes. */
    static Fault binaryUnreadable(String text, Written.Encoding encoding) {
        return new Fault("binary_unreadable", text + " is not " + encoding.label());
    }

    /** There are fewer bytes than the value needs. */
    static Fault binaryShort(long from, long end, int length) {
        return new Fault("binary_short", "the value needs bytes " + from + " to " + end + ", of " + length);
    }

    /** An element of an array is no object with these two members. */
    static Fault notAPoint(String time, String value) {
        return new Fault("not_a_point", "the element is not an object with " + time + " and " + value);
    }

    /** The bytes are not UTF-8 from the one with index {@code at} on. */
    static Fault notUtf8(int at) {
        return new Fault("not_utf8", "the event is not UTF-8 from byte " + at + " on");
    }

    /** The text is not exactly one JSON value; the parser stopped at {@code at}. */
    static Fault notJson(int at, int end) {
        return new Fault(
                "not_json",
                "the event is not JSON: " + (at < end ? "byte " + at + " does not belong there" : "it ends too early"));
    }

    /** The names and values of all dimensions exceed what the store takes together. */
    static Fault dimensionsTooLarge(int bytes, int max) {
        return new Fault("dimensions_too_large", "the dimensions take " + bytes + " bytes, of at most " + max);
    }

    /** A time is neither a number nor ISO-8601. */
    static Fault timeUnreadable(String text) {
        return new Fault("time_unreadable", DebugText.of(text) + " is not a time");
    }

    /** A time is outside of what nanoseconds in 64 bits, or the store's type, can say. */
    static Fault timeOutOfRange(String text) {
        return new Fault("time_out_of_range", "the time " + text + " is outside of the range of the store");
    }

    /**
     * A time is further after the arrival than the store takes, and the clock of the event cannot be corrected,
     * because its times are too far apart.
     *
     * @param time in nanoseconds since 1970-01-01T00:00:00Z
     * @param ahead how far ahead a time may be, in nanoseconds
     */
    static Fault timeAhead(long time, long ahead) {
        Instant second = Instant.ofEpochSecond(Math.floorDiv(time, 1_000_000_000L));
        return new Fault(
                "time_ahead",
                "the time " + second + " is more than " + ahead / NANOSECONDS_A_MINUTE
                        + " minutes after the arrival, and too far from the event's other times to correct its clock");
    }

    /** The value cannot be read as the declared type. */
    static Fault typeMismatch(MeasureType wanted, String text) {
        return new Fault("type_mismatch", text + " is not a " + wanted.label());
    }

    /** NaN and infinities cannot be stored. */
    static Fault notFinite(String text) {
        return new Fault("not_finite", text + " is not a finite number");
    }

    /** The number exceeds the declared type. */
    static Fault numberOutOfRange(MeasureType wanted, String text) {
        return new Fault("number_out_of_range", text + " does not fit into a " + wanted.label());
    }

    /** A text exceeds what the store takes. */
    static Fault textTooLong(int bytes, int max) {
        return new Fault("text_too_long", "the text takes " + bytes + " bytes, of at most " + max);
    }

    /** A record exceeds what the store takes. */
    static Fault recordTooLarge(String name, int bytes, int max) {
        return new Fault("record_too_large", "the record " + name + " takes " + bytes + " bytes, of at most " + max);
    }
}
