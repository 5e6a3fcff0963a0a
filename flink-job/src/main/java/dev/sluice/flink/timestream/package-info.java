/**
 * Timestream as the store: what it takes, the form of its requests, and what its answers mean.
 *
 * <p>Another store is another package beside this one: the {@link dev.sluice.flink.sink sink} knows none.
 */
package dev.sluice.flink.timestream;
