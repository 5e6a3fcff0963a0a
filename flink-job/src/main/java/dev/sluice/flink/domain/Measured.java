package dev.sluice.flink.domain;

import java.util.List;

/** The content of a record. */
public sealed interface Measured {
    /**
     * The value of the measure that the record is named after.
     *
     * @param value never a timestamp, which the store takes in multi-measure records only
     */
    record Single(Value value) implements Measured {}

    /**
     * Named values.
     *
     * @param values in the order of the model, at least one
     */
    record Multi(List<MeasureValue> values) implements Measured {}
}
