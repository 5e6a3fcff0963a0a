package dev.sluice.flink.domain;

/**
 * Where the times of events may be.
 *
 * @param ahead how far ahead of the store's clock a time may be, in nanoseconds
 * @param span how far apart the instants of an event whose clock is corrected may be, in nanoseconds: no longer
 *     than the store keeps anything, so that no correction moves a reading to where it has nothing
 */
public record Window(long ahead, long span) {}
