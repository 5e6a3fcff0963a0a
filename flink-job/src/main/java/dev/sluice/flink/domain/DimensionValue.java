package dev.sluice.flink.domain;

/**
 * A dimension of a record.
 *
 * @param name name in the store
 * @param value never empty
 */
public record DimensionValue(String name, String value) {}
