package dev.sluice.flink.sink;

import dev.sluice.flink.quarantine.Quarantine;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A store as a sink: <b>at least once, with idempotent writes</b>.
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
public final class StoreSink extends AsyncSinkBase<Entry, Entry> {
    private static final long serialVersionUID = 1;

    /** Requests at once, of one subtask. */
    static final int REQUESTS = 8;

    /** Records that wait for a request, of one subtask. */
    static final int BUFFERED = 4_000;

    /** How long a record waits for others before it is written with what there is. */
    static final long MOST_WAIT_MS = 500;

    private final Store store;
    private final Quarantine.Place quarantine;
    private final long heldBytes;

    /**
     * A sink that writes to {@code store}, and to {@code quarantine} what that refuses.
     *
     * @param store where records go
     * @param quarantine where refused events go
     * @param heldBytes bytes of events and records that a subtask holds while they are not written, about
     */
    public StoreSink(Store store, Quarantine.Place quarantine, long heldBytes) {
        super(
                (entry, context) -> entry,
                store.requestRecords(),
                REQUESTS,
                BUFFERED,
                store.requestBytes(),
                MOST_WAIT_MS,
                store.requestBytes());
        this.store = store;
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
        return new StoreWriter(context, store, quarantine, heldBytes, states);
    }

    @Override
    public SimpleVersionedSerializer<BufferedRequestState<Entry>> getWriterStateSerializer() {
        return new EntriesSerializer();
    }
}
