package dev.sluice.flink.domain;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Unit of a time that is a number since 1970-01-01T00:00:00Z. */
public enum TimeUnit {
    /** Seconds. */
    @JsonProperty("s")
    SECONDS(9),
    /** Milliseconds. */
    @JsonProperty("ms")
    MILLISECONDS(6),
    /** Microseconds. */
    @JsonProperty("us")
    MICROSECONDS(3),
    /** Nanoseconds. */
    @JsonProperty("ns")
    NANOSECONDS(0);

    private final int power;

    TimeUnit(int power) {
        this.power = power;
    }

    /** The power of ten that makes nanoseconds of this unit. */
    int power() {
        return power;
    }
}
