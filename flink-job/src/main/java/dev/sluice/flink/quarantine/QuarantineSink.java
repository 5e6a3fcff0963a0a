package dev.sluice.flink.quarantine;

import dev.sluice.flink.Metrics;
import dev.sluice.flink.sink.Held;
import dev.sluice.flink.sink.PatientWriter;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.Counter;

/**
 * The quarantine as a sink: at least once. A checkpoint holds what the queue has not taken yet, so that no
 * event is lost between the stream and the queue; after a failure a message may be there twice, with the
 * same sequence number.
 */
public final class QuarantineSink extends AsyncSinkBase<QuarantinedEvent, QuarantinedEvent> {
    private static final long serialVersionUID = 1;
    private static final int REQUESTS = 4;
    private static final int BUFFERED = 200;
    private static final long MOST_WAIT_MS = 500;

    /** All that one request may bring to memory: ten records of Kinesis at their largest. */
    private static final long REQUEST_BYTES = 100L << 20;

    /** Bytes of events that a subtask holds while they are not in quarantine. */
    private static final long HELD_BYTES = 16L << 20;

    private final Quarantine.Place place;

    /**
     * A sink that keeps events.
     *
     * @param place where
     */
    public QuarantineSink(Quarantine.Place place) {
        super(
                (event, context) -> event,
                Quarantine.MAX_MESSAGES,
                REQUESTS,
                BUFFERED,
                REQUEST_BYTES,
                MOST_WAIT_MS,
                REQUEST_BYTES);
        this.place = place;
    }

    @Override
    public StatefulSinkWriter<QuarantinedEvent, BufferedRequestState<QuarantinedEvent>> createWriter(
            WriterInitContext context) {
        return restoreWriter(context, List.of());
    }

    @Override
    public StatefulSinkWriter<QuarantinedEvent, BufferedRequestState<QuarantinedEvent>> restoreWriter(
            WriterInitContext context, Collection<BufferedRequestState<QuarantinedEvent>> states) {
        return new Writer(this, context, states);
    }

    @Override
    public SimpleVersionedSerializer<BufferedRequestState<QuarantinedEvent>> getWriterStateSerializer() {
        return new QuarantinedEventSerializer();
    }

    private AsyncSinkWriterConfiguration configuration() {
        return AsyncSinkWriterConfiguration.builder()
                .setMaxBatchSize(getMaxBatchSize())
                .setMaxBatchSizeInBytes(getMaxBatchSizeInBytes())
                .setMaxInFlightRequests(getMaxInFlightRequests())
                .setMaxBufferedRequests(getMaxBufferedRequests())
                .setMaxTimeInBufferMS(getMaxTimeInBufferMS())
                .setMaxRecordSizeInBytes(getMaxRecordSizeInBytes())
                .setFailOnTimeout(false)
                .build();
    }

    private static final class Writer extends PatientWriter<QuarantinedEvent> {
        private final Quarantine quarantine;
        private final Counter quarantined;

        private Writer(
                QuarantineSink sink,
                WriterInitContext context,
                Collection<BufferedRequestState<QuarantinedEvent>> states) {
            super(
                    context,
                    sink.configuration(),
                    new Held<>(HELD_BYTES, QuarantinedEvent::delivery, event -> 0),
                    states);
            quarantine = sink.place.open();
            quarantined = Metrics.counter(Metrics.group(context.metricGroup()), "quarantined");
        }

        @Override
        protected CompletableFuture<List<QuarantinedEvent>> attempt(List<QuarantinedEvent> events) {
            return quarantine.keep(events).thenApply(lost -> {
                quarantined.inc(events.size() - lost.size());
                return lost;
            });
        }

        @Override
        protected long getSizeInBytes(QuarantinedEvent event) {
            return event.delivery().data().length;
        }

        @Override
        public void close() {
            super.close();
            quarantine.close();
        }
    }
}
