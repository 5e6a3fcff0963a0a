package dev.sluice.flink.domain;

/** A value that any store accepts. */
public sealed interface Value extends Outcome.OfValue {
    /** The type in the store. */
    MeasureType type();

    /**
     * The value as text, to the byte what the Rust consumer writes: a value that both have written is one
     * value. A timestamp is in nanoseconds.
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
     * @param value not empty, and of at most {@link Limits#textBytes} bytes of UTF-8
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
