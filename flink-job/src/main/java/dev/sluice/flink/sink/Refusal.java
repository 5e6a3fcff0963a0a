package dev.sluice.flink.sink;

/**
 * A record that the store refused alone.
 *
 * @param index in the request
 * @param reason the store's words
 * @param measure the measure that alone is to blame, else {@code null}
 */
public record Refusal(int index, String reason, String measure) {}
