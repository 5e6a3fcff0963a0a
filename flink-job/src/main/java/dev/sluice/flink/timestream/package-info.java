/**
 * Timestream as the store: what it takes, the form of its requests, what its answers mean, and the sink that writes
 * to it.
 *
 * <p>Another store is another package beside this one: the {@link dev.sluice.flink.sink sinks' parts} know none.
 */
package dev.sluice.flink.timestream;
