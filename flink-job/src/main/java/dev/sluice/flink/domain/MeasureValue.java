package dev.sluice.flink.domain;

/**
 * A measure of a multi-measure record.
 *
 * @param name name in the store
 * @param value the value
 */
public record MeasureValue(String name, Value value) {}
