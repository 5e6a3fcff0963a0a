package dev.sluice.flink.domain;

/**
 * A move of an event from a future that the store refuses.
 *
 * @param back by how many nanoseconds every instant of the event was moved back
 */
public record Correction(long back) {
    /** Where {@code time}, an instant of the event, is moved to. */
    long apply(long time) {
        return time - back;
    }
}
