package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.Retention;
import dev.sluice.flink.quarantine.Quarantine;
import dev.sluice.flink.sink.EntriesSerializer;
import dev.sluice.flink.sink.Entry;
import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Timestream for LiveAnalytics as a sink: <b>at least once, with idempotent writes</b>.
 *
 * <p>A checkpoint holds every record that the store has not confirmed, so that a restored job writes each
 * again that may not be there. The version of a record is the
 * arrival of its event: written twice it is the same record, and a later arrival is never replaced by an
 * earlier one. What is in the store after a failure is therefore what would be there without it.
 *
 * <p>Bounded for each subtask: at most {@link #REQUESTS} requests at once, {@link #BUFFERED} records in wait
 * beside the late ones, and a number of bytes that all records hold together with their events. Then the job
 * reads no further (backpressure) until the store has taken some.
 */
public final class TimestreamSink extends AsyncSinkBase<Entry, Entry> {
    private static final long serialVersionUID = 1;

    /** Requests at once, of one subtask. */
    static final int REQUESTS = 8;

    /** Records that wait for a request, of one subtask. */
    static final int BUFFERED = 4_000;

    /** How long a record waits for others before it is written with what there is. */
    static final long MOST_WAIT_MS = 500;

    /** No request comes near it: a record is at most 2 KB. */
    static final long REQUEST_BYTES = 4L << 20;

    private final Table table;
    private final Quarantine.Place quarantine;
    private final long heldBytes;

    /**
     * A table of the store.
     *
     * @param region its Region
     * @param database name of the database
     * @param table name of the table
     * @param retention how long it keeps records: which of them are late
     */
    public record Table(String region, String database, String table, Retention retention) implements Serializable {}

    /**
     * A sink that writes to {@code table}, and to {@code quarantine} what that refuses.
     *
     * @param table where records go
     * @param quarantine where refused events go
     * @param heldBytes bytes of events and records that a subtask holds while they are not written, about
     */
    public TimestreamSink(Table table, Quarantine.Place quarantine, long heldBytes) {
        super(
                (entry, context) -> entry,
                Timestream.REQUEST_RECORDS,
                REQUESTS,
                BUFFERED,
                REQUEST_BYTES,
                MOST_WAIT_MS,
                REQUEST_BYTES);
        this.table = table;
        this.quarantine = quarantine;
        this.heldBytes = heldBytes;
    }

    @Override
    public StatefulSinkWriter<Entry, BufferedRequestState<Entry>> createWriter(WriterInitContext context) {
        return restoreWriter(context, List.of());
    }

    @Override
    public StatefulSinkWriter<Entry, BufferedRequestState<Entry>> restoreWriter(
            WriterInitContext context, Collection<BufferedRequestState<Entry>> states) {
        return new TimestreamWriter(context, table, quarantine, heldBytes, states);
    }

    @Override
    public SimpleVersionedSerializer<BufferedRequestState<Entry>> getWriterStateSerializer() {
        return new EntriesSerializer();
    }
}
