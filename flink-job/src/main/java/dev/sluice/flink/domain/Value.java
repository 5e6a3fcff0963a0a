package dev.sluice.flink.domain;

/** A value that the store accepts. */
public sealed interface Value extends Outcome.OfValue {
    /** Bytes of a text. */
    int MAX_TEXT_BYTES = 2048;

    /** The type in the store. */
    MeasureType type();

    /**
     * The text of a request, to the byte what the Rust consumer writes: a value that both have written is
     * one value. A timestamp is in nanoseconds, the unit that its record declares.
     */
    String text();

    /**
     * A number.
     *
     * @param value finite, and not {@code -0.0}
     */
    record Double(double value) implements Value {
        @Override
        public MeasureType type() {
            return MeasureType.DOUBLE;
        }

        @Override
        public String text() {
            return DoubleText.of(value);
        }
    }

    /**
     * An integer.
     *
     * @param value any
     */
    record Bigint(long value) implements Value {
        @Override
        public MeasureType type() {
            return MeasureType.BIGINT;
        }

        @Override
        public String text() {
            return Long.toString(value);
        }
    }

    /**
     * A truth value.
     *
     * @param value either
     */
    record Boolean(boolean value) implements Value {
        @Override
        public MeasureType type() {
            return MeasureType.BOOLEAN;
        }

        @Override
        public String text() {
            return value ? "true" : "false";
        }
    }

    /**
     * A text.
     *
     * @param value 1 to {@link #MAX_TEXT_BYTES} bytes of UTF-8
     */
    record Varchar(String value) implements Value {
        @Override
        public MeasureType type() {
            return MeasureType.VARCHAR;
        }

        @Override
        public String text() {
            return value;
        }
    }

    /**
     * An instant.
     *
     * @param nanoseconds since 1970-01-01T00:00:00Z, not negative
     */
    record Timestamp(long nanoseconds) implements Value {
        @Override
        public MeasureType type() {
            return MeasureType.TIMESTAMP;
        }

        @Override
        public String text() {
            return Long.toString(nanoseconds);
        }
    }
}
