package dev.sluice.flink.sink;

import dev.sluice.flink.quarantine.Quarantine;
import dev.sluice.flink.quarantine.QuarantinedEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.connector.base.sink.writer.strategy.AIMDScalingStrategy;
import org.apache.flink.connector.base.sink.writer.strategy.CongestionControlRateLimitingStrategy;

/**
 * Writes records in requests of as many as the store takes, several at once, again while that helps.
 *
 * <p><b>Late records</b>, where the store throttles them apart, go through a {@link LateLane} of their own.
 *
 * <p><b>A reason stays.</b> An event that quarantine does not take keeps its reasons and is not written again.
 *
 * <p>The pace under throttling is {@link CongestionControlRateLimitingStrategy}'s: fewer records at once
 * after each failure, more after each success. What an answer means, {@link Fates} knows.
 */
final class StoreWriter extends PatientWriter<Entry> {
    /** Share of the records under way that may still be after a failure. */
    private static final double SHARE_AFTER_FAILURE = 0.7;

    /** No answer for so long, and the client's own time limits did not notice. */
    private static final long LOST_REQUEST_MS = 120_000;

    private final Store store;
    private final Fates fates;
    private final Quarantine quarantine;
    private final SinkMetrics metrics;
    private final LateLane late;

    StoreWriter(
            WriterInitContext context,
            Store store,
            Quarantine.Place quarantine,
            long heldBytes,
            Collection<BufferedRequestState<Entry>> states) {
        super(context, configuration(store), share(store, heldBytes), only(states, entry -> !isLate(entry, store)));
        this.store = store;
        this.metrics = new SinkMetrics(context.metricGroup());
        this.fates = new Fates(store, store.open(StoreSink.REQUESTS * 2), metrics);
        this.quarantine = quarantine.open();
        this.late = new LateLane(
                context.getMailboxExecutor(), store.requestRecords(), share(store, heldBytes), this::attempt);
        for (BufferedRequestState<Entry> state : only(states, entry -> isLate(entry, store))) {
            state.getBufferedRequestEntries().forEach(wrapper -> late.add(wrapper.getRequestEntry()));
        }
    }

    /** The memory of each lane: half, where late records are throttled apart and theirs may be full for long. */
    private static Held<Entry> share(Store store, long heldBytes) {
        long most = store.retention() == null ? heldBytes : heldBytes / 2;
        return new Held<>(most, Entry::origin, Entry::bytes);
    }

    private static List<BufferedRequestState<Entry>> only(
            Collection<BufferedRequestState<Entry>> states, Predicate<Entry> wanted) {
        return states.stream()
                .map(state -> new BufferedRequestState<>(state.getBufferedRequestEntries().stream()
                        .filter(wrapper -> wanted.test(wrapper.getRequestEntry()))
                        .toList()))
                .toList();
    }

    private static boolean isLate(Entry entry, Store store) {
        long now = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
        return !entry.isRejected() && store.isLate(entry.record().time(), now);
    }

    @Override
    public void write(Entry entry, Context context) throws IOException, InterruptedException {
        if (isLate(entry, store)) {
            late.write(entry);
        } else {
            super.write(entry, context);
        }
    }

    @Override
    public void flush(boolean endOfInput) throws InterruptedException {
        super.flush(endOfInput);
        if (endOfInput) {
            late.drain();
        }
    }

    @Override
    protected List<Entry> unsettled() {
        List<Entry> entries = super.unsettled();
        entries.addAll(late.entries());
        return entries;
    }

    private static AsyncSinkWriterConfiguration configuration(Store store) {
        int records = store.requestRecords();
        int most = records * StoreSink.REQUESTS;
        return AsyncSinkWriterConfiguration.builder()
                .setMaxBatchSize(records)
                .setMaxBatchSizeInBytes(store.requestBytes())
                .setMaxInFlightRequests(StoreSink.REQUESTS)
                .setMaxBufferedRequests(StoreSink.BUFFERED)
                .setMaxTimeInBufferMS(StoreSink.MOST_WAIT_MS)
                .setMaxRecordSizeInBytes(store.requestBytes())
                .setRequestTimeoutMS(LOST_REQUEST_MS)
                .setFailOnTimeout(false)
                .setRateLimitingStrategy(CongestionControlRateLimitingStrategy.builder()
                        .setMaxInFlightRequests(StoreSink.REQUESTS)
                        .setInitialMaxInFlightMessages(most)
                        .setScalingStrategy(AIMDScalingStrategy.builder(most)
                                .setIncreaseRate(records)
                                .setDecreaseFactor(SHARE_AFTER_FAILURE)
                                .build())
                        .build())
                .build();
    }

    @Override
    protected CompletableFuture<List<Entry>> attempt(List<Entry> entries) {
        List<Entry> rejected = entries.stream().filter(Entry::isRejected).toList();
        List<Entry> records =
                entries.stream().filter(entry -> !entry.isRejected()).toList();
        Outgoing outgoing = Outgoing.of(records, store.limits());
        metrics.superseded.inc(outgoing.superseded());
        metrics.joined.inc(outgoing.joined());
        return fates.write(outgoing.items()).thenCompose(outcome -> {
            outgoing.leftOut().forEach(out -> outcome.rejected.add(out.entry(), out.reason()));
            Set<Entry> again = Collections.newSetFromMap(new IdentityHashMap<>());
            again.addAll(outcome.again);
            outcome.rejected.drop(again);
            List<Entry> out = new ArrayList<>(rejected);
            out.addAll(outcome.rejected.entries());
            return quarantined(out).thenApply(lost -> {
                // In the order of the stream, which decides between two of one arrival.
                List<Entry> left =
                        new ArrayList<>(records.stream().filter(again::contains).toList());
                left.addAll(lost);
                return left;
            });
        });
    }

    /**
     * Brings rejected events into quarantine.
     *
     * @return those that it did not take. They keep their reasons: what a second write of their records would
     *     say may be something else, or nothing
     */
    private CompletableFuture<List<Entry>> quarantined(List<Entry> rejected) {
        if (rejected.isEmpty()) {
            return CompletableFuture.completedFuture(rejected);
        }
        List<QuarantinedEvent> events =
                rejected.stream().map(Entry::quarantined).toList();
        Map<QuarantinedEvent, Entry> entries = new IdentityHashMap<>();
        for (int at = 0; at < rejected.size(); at++) {
            entries.put(events.get(at), rejected.get(at));
        }
        return quarantine.keep(events).thenApply(lost -> {
            metrics.quarantined.inc(events.size() - lost.size());
            return lost.stream().map(entries::get).toList();
        });
    }

    @Override
    protected long getSizeInBytes(Entry entry) {
        return entry.isRejected() ? 0 : store.bytesAtMost(entry.record());
    }

    @Override
    public void close() {
        super.close();
        late.close();
        fates.close();
        quarantine.close();
    }
}
