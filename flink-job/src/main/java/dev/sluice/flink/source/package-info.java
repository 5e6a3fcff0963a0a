/**
 * The stream as a source of the job: every shard from its oldest record on, each record at least once.
 *
 * <p>Nothing here looks into an event. The order between shards is not kept, because nothing behind this
 * source needs it: versions decide which of two records of the store stays, in whatever order they come.
 */
package dev.sluice.flink.source;
