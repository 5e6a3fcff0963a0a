package dev.sluice.flink.domain;

import java.util.function.ToIntFunction;

/**
 * What a store takes of an event, as a value that its package gives.
 *
 * @param seriesBytes bytes of the names and values of a record's dimensions together
 * @param textBytes bytes of a text
 * @param recordBytes bytes of a record
 * @param tooLarge the bytes of a record as the store counts them, if they are more than {@code recordBytes},
 *     else 0
 * @param window the times of events
 */
public record Limits(int seriesBytes, int textBytes, int recordBytes, ToIntFunction<Record> tooLarge, Window window) {}
