package dev.sluice.flink.domain;

import java.util.List;

/**
 * One record of a store: of one series and instant.
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
    /** Name of the measure that keeps a corrected record's own time. */
    public static final String ORIGINAL_TIME = "original_time";

    /** Name of the measure that marks a corrected record. */
    public static final String TIME_CORRECTED = "time_corrected";
}
