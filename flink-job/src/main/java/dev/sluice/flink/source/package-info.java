/**
 * The stream as a source of the job: every shard from its oldest record on, each record at least once, and
 * the records of one partition key in their order.
 *
 * <p>Nothing here looks into an event. After a restore the records since the checkpoint come again, out of
 * order with what came before: versions decide which of two records of the store stays.
 */
package dev.sluice.flink.source;
