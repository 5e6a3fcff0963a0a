package dev.sluice.flink.domain;
/**
 * A JSON scalar as it is written, and what it is as a declared type. Neither null, array nor object.
 *
 * <p>The text of a number is kept, so that it is converted once and to the type that is wanted. Nothing is
 * rounded, wrapped or guessed: what is not exactly the type is refused.
 *
 * @param kind what it is in JSON
 * @param text a string's characters; a number, {@code true} and {@code false} as written
 */
record Scalar(Kind kind, Utf8 text) implements Outcome.OfScalar {
    enum Kind {
        BOOLEAN,
        /** In the grammar of JSON. */
        NUMBER,
        TEXT
    }

    /**
     * Reads one JSON value that is well-formed. Only an escape sequence that is no character can be wrong.
     *
     * <p>{@link Nothing} is "no value", whatever the field is declared as: null, or text of nothing but white
     * space, which gateways send in its place.
     */
    static Outcome.OfScalar parse(Utf8 json) {
        return switch (json.at(0)) {
            case '"' -> {
                Utf8 inner = json.part(1, json.length() - 1);
                Utf8 text = JsonScanner.unescaped(inner);
                if (text == null) {
                    yield Fault.LONE_SURROGATE;
                }
                yield text.trimmed().length() == 0 ? Nothing.NOTHING : new Scalar(Kind.TEXT, text);
            }
            case 'n' -> Nothing.NOTHING;
            case 't', 'f' -> new Scalar(Kind.BOOLEAN, json);
            case '{' -> Fault.AN_OBJECT;
            case '[' -> Fault.AN_ARRAY;
            default -> new Scalar(Kind.NUMBER, json);
        };
    }

    /** The value as a reason quotes it. */
    String quoted() {
        return kind == Kind.TEXT ? DebugText.of(text.quoted()) : text.quoted();
    }

    /** This text without the white space around it, and without {@code suffix} if it ends with that. */
    Scalar without(String suffix) {
        Utf8 trimmed = text.trimmed();
        Utf8 end = Utf8.of(suffix);
        return trimmed.endsWith(end)
                ? new Scalar(
                        kind, trimmed.part(0, trimmed.length() - end.length()).trimmed())
                : this;
    }

    /** The number that this text is with a comma before its fraction, or this where it is none. */
    Scalar withPoint() {
        byte[] bytes = text.trimmed().copied();
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = bytes[at] == ',' ? (byte) '.' : bytes[at];
        }
        Utf8 number = new Utf8(bytes, 0, bytes.length);
        return Decimal.parse(number) == null ? this : new Scalar(kind, number);
    }

    /** Whether it is text that says nothing. */
    boolean isBlank() {
        return kind == Kind.TEXT && text.trimmed().length() == 0;
    }

    /** The value as the type {@code wanted}, with {@code times} for instants. */
    Outcome.OfValue coerce(MeasureType wanted, Times times, Limits limits) {
        return switch (wanted) {
            case DOUBLE -> asDouble();
            case BIGINT -> asBigint();
            case BOOLEAN -> asBoolean();
            case VARCHAR -> asVarchar(limits.textBytes());
            case TIMESTAMP -> asTimestamp(times);
        };
    }

    /** The number that this is, be it a JSON number or text that reads as one; {@code null} if it is none. */
    private Decimal number() {
        return switch (kind) {
            case NUMBER -> Decimal.parse(text);
            case TEXT -> Decimal.parse(text.trimmed());
            case BOOLEAN -> null;
        };
    }

    /** The value as a double. */
    Outcome.OfValue asDouble() {
        Decimal number = number();
        if (number == null) {
            return kind == Kind.TEXT && NotFinite.isNamedBy(text.trimmed())
                    ? Fault.notFinite(quoted())
                    : Fault.typeMismatch(MeasureType.DOUBLE, quoted());
        }
        double value = number.nearest();
        return Double.isInfinite(value)
                ? Fault.numberOutOfRange(MeasureType.DOUBLE, quoted())
                : new Value.Double(value);
    }

    private Outcome.OfValue asBigint() {
        Decimal number = number();
        if (number == null) {
            return Fault.typeMismatch(MeasureType.BIGINT, quoted());
        }
        Decimal.Whole whole = number.whole(0);
        if (whole == null) {
            return Fault.numberOutOfRange(MeasureType.BIGINT, quoted());
        }
        return whole.exact() ? new Value.Bigint(whole.value()) : Fault.typeMismatch(MeasureType.BIGINT, quoted());
    }

    private Outcome.OfValue asBoolean() {
        Utf8 word = kind == Kind.TEXT ? text.trimmed() : text;
        if (word.isIgnoringCase("true")) {
            return new Value.Boolean(true);
        }
        if (word.isIgnoringCase("false")) {
            return new Value.Boolean(false);
        }
        Decimal number = number();
        Decimal.Whole whole = number == null ? null : number.whole(0);
        if (whole != null && whole.exact() && (whole.value() == 0 || whole.value() == 1)) {
            return new Value.Boolean(whole.value() == 1);
        }
        return Fault.typeMismatch(MeasureType.BOOLEAN, quoted());
    }

    private Outcome.OfValue asVarchar(int max) {
        return text.length() > max ? Fault.textTooLong(text.length(), max) : new Value.Varchar(text.toString());
    }

    /** The store's timestamps begin in 1970. */
    private Outcome.OfValue asTimestamp(Times times) {
        Outcome.OfTime read = times.read(this);
        if (read instanceof Times.Moment moment) {
            return moment.nanoseconds() < 0
                    ? Fault.timeOutOfRange(quoted())
                    : new Value.Timestamp(moment.nanoseconds());
        }
        return (Fault) read;
    }
}
