package dev.sluice.flink.domain;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Type of a measure. */
public enum MeasureType {
    /** 64-bit floating point, without NaN, infinities and {@code -0.0}. */
    @JsonProperty("double")
    DOUBLE("double"),
    /** 64-bit signed integer. */
    @JsonProperty("bigint")
    BIGINT("bigint"),
    /** {@code true} or {@code false}. */
    @JsonProperty("boolean")
    BOOLEAN("boolean"),
    /** Text. */
    @JsonProperty("varchar")
    VARCHAR("varchar"),
    /** An instant, with nanoseconds. */
    @JsonProperty("timestamp")
    TIMESTAMP("timestamp");

    private final String label;

    MeasureType(String label) {
        this.label = label;
    }

    /** The name in the model, for instance {@code double}. */
    public String label() {
        return label;
    }
}
