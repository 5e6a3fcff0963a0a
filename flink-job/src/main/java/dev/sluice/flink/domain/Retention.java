package dev.sluice.flink.domain;

import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * What is late: how long a store keeps records after their time.
 *
 * @param fresh for how long it takes them at full speed
 * @param kept for how long it takes them at all; {@code null} where nobody says: the store refuses what is older
 */
public record Retention(Duration fresh, Duration kept) implements Serializable {
    /** How late a record of the instant {@code time} is at the instant {@code now}, both in nanoseconds since 1970. */
    public Lateness lateness(long time, long now) {
        if (time >= before(now, fresh)) {
            return Lateness.FRESH;
        }
        return kept == null || time >= before(now, kept) ? Lateness.LATE : Lateness.EXPIRED;
    }

    private static long before(long now, Duration age) {
        long nanoseconds = TimeUnit.NANOSECONDS.convert(age);
        return now < Long.MIN_VALUE + nanoseconds ? Long.MIN_VALUE : now - nanoseconds;
    }
}
