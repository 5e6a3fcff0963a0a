package dev.sluice.flink.domain;

/**
 * A move of an event from a future that the store refuses: all its instants go back by the same distance.
 *
 * @param latest the latest instant of the event, in nanoseconds since 1970-01-01T00:00:00Z
 * @param moment where that one is moved to: the moment of the event's arrival
 */
public record Correction(long latest, long moment) {
    /** Whether 64 bits hold the place of {@code time}, which is not after {@link #latest}. */
    boolean fits(long time) {
        // Both are distances, which take 64 bits without a sign: back from the latest, and down to the lowest.
        return Long.compareUnsigned(latest - time, moment - Long.MIN_VALUE) <= 0;
    }

    /** Where {@code time} is moved to, if it {@link #fits}. */
    long apply(long time) {
        return moment - (latest - time);
    }
}
