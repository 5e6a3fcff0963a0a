package dev.sluice.flink.domain;

import java.util.List;

/**
 * One record of the store, as WriteRecords names it, with values instead of text.
 *
 * @param dimensions the series: the device first, then the other dimensions in the order of the model;
 *     one list for all records of an event
 * @param measureName {@code measure_name} of the record
 * @param measured what was measured
 * @param time when, in nanoseconds since 1970-01-01T00:00:00Z
 * @param version of two records with the same dimensions, measure name and time, the higher version wins;
 *     at least 1
 */
public record Record(List<DimensionValue> dimensions, String measureName, Measured measured, long time, long version) {
    /** Bytes of a record, as the store's quotas say. */
    public static final int MAX_RECORD_BYTES = 2048;

    /** Bytes of the names and values of a record's dimensions together. */
    public static final int MAX_SERIES_BYTES = 2048;

    /** Name of the measure that keeps a corrected record's own time. */
    public static final String ORIGINAL_TIME = "original_time";

    /** Name of the measure that marks a corrected record. */
    public static final String TIME_CORRECTED = "time_corrected";

    /** No text of a number is longer. */
    private static final int MAX_NUMBER_BYTES = 24;

    /**
     * The size that counts against {@link #MAX_RECORD_BYTES}. The service does not publish its formula;
     * this counts names and values as text, and eight bytes for the time.
     */
    public int bytes() {
        return bytes(Size.EXACT);
    }

    /** Whether the record is small enough, at the cost of a few additions for a usual record. */
    boolean fits() {
        return bytes(Size.BOUND) <= MAX_RECORD_BYTES || bytes(Size.EXACT) <= MAX_RECORD_BYTES;
    }

    private int bytes(Size size) {
        int sum = seriesBytes(dimensions, size) + size.of(measureName) + Long.BYTES;
        if (measured instanceof Measured.Multi multi) {
            for (MeasureValue measure : multi.values()) {
                sum += size.of(measure.name()) + size.of(measure.value());
            }
        } else if (measured instanceof Measured.Single single) {
            sum += size.of(single.value());
        }
        return sum;
    }

    /** The size that counts against {@link #MAX_SERIES_BYTES}, or a bound of it. */
    static int seriesBytes(List<DimensionValue> dimensions, Size size) {
        int sum = 0;
        for (DimensionValue dimension : dimensions) {
            sum += size.of(dimension.name()) + size.of(dimension.value());
        }
        return sum;
    }

    /** How a size is found. */
    enum Size {
        /** At least the size, without looking at a character or making a text. */
        BOUND {
            @Override
            int of(String text) {
                return text.length() * Utf8.MAX_BYTES_A_CHAR;
            }

            @Override
            int of(Value value) {
                return value instanceof Value.Varchar text ? of(text.value()) : MAX_NUMBER_BYTES;
            }
        },
        /** The size. */
        EXACT {
            @Override
            int of(String text) {
                return Utf8.length(text);
            }

            @Override
            int of(Value value) {
                return of(value.text());
            }
        };

        abstract int of(String text);

        abstract int of(Value value);
    }
}
