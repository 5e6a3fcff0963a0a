package dev.sluice.flink.source;

import java.util.Set;

/**
 * What the enumerator has to remember: with this and the shards that the readers hold, no shard is read
 * twice and none is left out.
 *
 * @param given ids of the shards that a reader has
 * @param finished ids of the shards that were read to their end, as long as the stream lists them
 */
public record Shards(Set<String> given, Set<String> finished) {}
