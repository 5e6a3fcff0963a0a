package dev.sluice.flink.source;

import java.util.List;
import java.util.Set;

/**
 * What the enumerator has to remember: with this and the shards that the readers hold, no shard is read
 * twice and none is left out.
 *
 * @param known ids of the shards that were given to a reader, or wait for one, or were read to their end
 * @param unassigned shards that wait for a reader
 */
public record Shards(Set<String> known, List<Shard> unassigned) {}
