package dev.sluice.flink.sink;

import dev.sluice.flink.domain.Record;
import dev.sluice.flink.source.Delivery;
import java.io.Serializable;

/**
 * A record to be written, and the event that it comes from.
 *
 * @param record what is written
 * @param origin the event: shared by all of its records, and needed should the store refuse one
 */
@SuppressWarnings("serial") // Flink's marker: state is written by a serializer of its own.
public record Entry(Record record, Delivery origin) implements Serializable {}
