package dev.sluice.flink.sink;

import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import dev.sluice.flink.quarantine.QuarantinedEvent;
import dev.sluice.flink.quarantine.Reason;
import dev.sluice.flink.source.Delivery;
import java.io.Serializable;
import java.util.List;

/**
 * A record to be written, and the event that it comes from; or an event that quarantine has not taken yet.
 *
 * @param record what is written; {@code null} where the event only goes to quarantine
 * @param origin the event: shared by all of its records, and needed should the store refuse one
 * @param reasons why it goes to quarantine; empty while there is a record
 */
@SuppressWarnings("serial") // Flink's marker: state is written by a serializer of its own.
public record Entry(Record record, Delivery origin, List<Reason> reasons) implements Serializable {
    /** The objects of an entry and its record; their dimensions are the event's, their names the model's. */
    private static final int ENTRY_BYTES = 200;

    private static final int VALUE_BYTES = 64;

    /** A record of {@code origin}. */
    public Entry(Record record, Delivery origin) {
        this(record, origin, List.of());
    }

    /** An event that goes to quarantine, with at least one reason. */
    static Entry rejected(Delivery origin, List<Reason> reasons) {
        return new Entry(null, origin, reasons);
    }

    /** Whether it only goes to quarantine. */
    public boolean isRejected() {
        return record == null;
    }

    /** About the bytes that it takes beside its event. */
    public long bytes() {
        if (record == null) {
            return ENTRY_BYTES;
        }
        long bytes = ENTRY_BYTES;
        if (record.measured() instanceof Measured.Multi multi) {
            for (MeasureValue measure : multi.values()) {
                bytes += bytes(measure.value());
            }
        } else if (record.measured() instanceof Measured.Single single) {
            bytes += bytes(single.value());
        }
        return bytes;
    }

    private static long bytes(Value value) {
        return VALUE_BYTES + (value instanceof Value.Varchar text ? text.value().length() : 0);
    }

    /** The rejected event, as quarantine takes it. */
    public QuarantinedEvent quarantined() {
        return QuarantinedEvent.of(origin, reasons);
    }
}
