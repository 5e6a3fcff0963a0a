package dev.sluice.flink.source;

import org.apache.flink.api.connector.source.SourceSplit;

/**
 * A shard, and how far it was read.
 *
 * @param id the stream's name of it
 * @param after the sequence number of the last record that was handed on; empty: none was, and it is
 *     read from its oldest record on
 */
public record Shard(String id, String after) implements SourceSplit {
    /** A shard of which nothing was read. */
    static Shard untouched(String id) {
        return new Shard(id, "");
    }

    @Override
    public String splitId() {
        return id;
    }
}
