package dev.sluice.flink.source;

import org.apache.flink.api.connector.source.SourceSplit;

/**
 * A shard, and how far it was read.
 *
 * @param id the stream's name of it
 * @param after the sequence number of the last record that was handed on; empty: none was, and it is
 *     read from its oldest record on; {@link #END}: all were
 */
public record Shard(String id, String after) implements SourceSplit {
    /** The position behind the last record of a closed shard. Sequence numbers are digits. */
    static final String END = "end";

    /** A shard of which nothing was read. */
    static Shard untouched(String id) {
        return new Shard(id, "");
    }

    /** A shard of which everything was read. */
    static Shard ended(String id) {
        return new Shard(id, END);
    }

    boolean isEnded() {
        return after.equals(END);
    }

    @Override
    public String splitId() {
        return id;
    }
}
