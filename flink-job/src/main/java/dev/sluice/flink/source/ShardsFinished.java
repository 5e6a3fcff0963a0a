package dev.sluice.flink.source;

import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;

/**
 * A reader has handed on every record of these shards.
 *
 * @param ids their ids
 */
record ShardsFinished(List<String> ids) implements SourceEvent {}
