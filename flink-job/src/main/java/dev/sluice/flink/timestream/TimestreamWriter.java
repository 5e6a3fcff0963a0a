package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.Lateness;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.quarantine.Quarantine;
import dev.sluice.flink.quarantine.QuarantinedEvent;
import dev.sluice.flink.quarantine.Reason;
import dev.sluice.flink.sink.Entry;
import dev.sluice.flink.sink.Held;
import dev.sluice.flink.sink.LateLane;
import dev.sluice.flink.sink.Outgoing;
import dev.sluice.flink.sink.PatientWriter;
import dev.sluice.flink.sink.Quiet;
import dev.sluice.flink.sink.RejectedEvents;
import dev.sluice.flink.sink.SinkMetrics;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteAsyncClient;

/**
 * Writes records in requests of up to 100, several at once, again while that helps, and apart where one
 * record spoils the others.
 *
 * <p><b>Late records</b>, which the store keeps on disk and <a
 * href="https://docs.aws.amazon.com/timestream/latest/developerguide/troubleshoot-writethrottles.html">throttles</a>
 * apart, go through a {@link LateLane} of their own.
 *
 * <p><b>A record is refused, but for one value.</b> Where the store names the measure to blame, the record is
 * written without it, and the event with the value alone goes to quarantine.
 *
 * <p><b>A request is invalid.</b> The store does not say which record is to blame, if any: it is written in
 * halves, and halves of these. A record that is invalid alone is to blame only if the store takes requests,
 * and a probe, a record that is valid in form, shows whether it does. Where the probe is invalid too, the
 * table is unusable: what is not decided is tried again, and nothing of it goes to quarantine. So poison in
 * every record ends in quarantine, a table that takes nothing loses nothing, and both hold for a request of one
 * record.
 *
 * <p><b>A reason stays.</b> An event that quarantine does not take keeps its reasons and is not written again.
 *
 * <p>The pace under throttling is {@link CongestionControlRateLimitingStrategy}'s: fewer records at once
 * after each failure, more after each success. This class knows what an answer means.
 */
final class TimestreamWriter extends PatientWriter<Entry> {
    private static final Logger LOG = LoggerFactory.getLogger(TimestreamWriter.class);

    /** Records that more may be under way after a success. */
    private static final int MORE_AFTER_SUCCESS = Timestream.REQUEST_RECORDS;

    /** Share of them that may still be after a failure. */
    private static final double SHARE_AFTER_FAILURE = 0.7;

    /** No answer for so long, and the client's own time limits did not notice. */
    private static final long LOST_REQUEST_MS = 120_000;

    private final TimestreamSink.Table table;
    private final TimestreamWriteAsyncClient client;
    private final Quarantine quarantine;
    private final SinkMetrics metrics;
    private final LateLane late;
    private final Quiet quiet = new Quiet();

    TimestreamWriter(
            WriterInitContext context,
            TimestreamSink.Table table,
            Quarantine.Place quarantine,
            long heldBytes,
            Collection<BufferedRequestState<Entry>> states) {
        // Each half of the memory is a share: that of the late ones is full when they are throttled for long.
        super(context, configuration(), held(heldBytes / 2), only(states, entry -> !isLate(entry, table)));
        this.table = table;
        this.client = Client.open(table.region(), TimestreamSink.REQUESTS * 2);
        this.quarantine = quarantine.open();
        this.metrics = new SinkMetrics(context.metricGroup());
        this.late = new LateLane(
                context.getMailboxExecutor(), Timestream.REQUEST_RECORDS, held(heldBytes / 2), this::attempt);
        for (BufferedRequestState<Entry> state : only(states, entry -> isLate(entry, table))) {
            state.getBufferedRequestEntries().forEach(wrapper -> late.add(wrapper.getRequestEntry()));
        }
    }

    private static Held<Entry> held(long most) {
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

    /** Whether the store takes the record apart from those that are fresh. */
    private static boolean isLate(Entry entry, TimestreamSink.Table table) {
        long now = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
        return !entry.isRejected() && table.retention().lateness(entry.record().time(), now) != Lateness.FRESH;
    }

    @Override
    public void write(Entry entry, Context context) throws IOException, InterruptedException {
        if (isLate(entry, table)) {
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

    private static AsyncSinkWriterConfiguration configuration() {
        int most = Timestream.REQUEST_RECORDS * TimestreamSink.REQUESTS;
        return AsyncSinkWriterConfiguration.builder()
                .setMaxBatchSize(Timestream.REQUEST_RECORDS)
                .setMaxBatchSizeInBytes(TimestreamSink.REQUEST_BYTES)
                .setMaxInFlightRequests(TimestreamSink.REQUESTS)
                .setMaxBufferedRequests(TimestreamSink.BUFFERED)
                .setMaxTimeInBufferMS(TimestreamSink.MOST_WAIT_MS)
                .setMaxRecordSizeInBytes(TimestreamSink.REQUEST_BYTES)
                .setRequestTimeoutMS(LOST_REQUEST_MS)
                .setFailOnTimeout(false)
                .setRateLimitingStrategy(CongestionControlRateLimitingStrategy.builder()
                        .setMaxInFlightRequests(TimestreamSink.REQUESTS)
                        .setInitialMaxInFlightMessages(most)
                        .setScalingStrategy(AIMDScalingStrategy.builder(most)
                                .setIncreaseRate(MORE_AFTER_SUCCESS)
                                .setDecreaseFactor(SHARE_AFTER_FAILURE)
                                .build())
                        .build())
                .build();
    }

    /** What became of the records of a request. */
    private static final class Outcome {
        /** Entries that are to be written again. */
        private final List<Entry> again = new ArrayList<>();

        /** Events that go to quarantine. */
        private final RejectedEvents rejected = new RejectedEvents();

        /** Whether the store cannot be asked for more now. */
        private boolean over;

        private Outcome with(Outcome other) {
            again.addAll(other.again);
            rejected.addAll(other.rejected);
            over |= other.over;
            return this;
        }

        private Outcome again(List<Outgoing.Item> items) {
            items.forEach(item -> again.addAll(item.entries()));
            return this;
        }
    }

    @Override
    protected CompletableFuture<List<Entry>> attempt(List<Entry> entries) {
        List<Entry> rejected = entries.stream().filter(Entry::isRejected).toList();
        List<Entry> records =
                entries.stream().filter(entry -> !entry.isRejected()).toList();
        Outgoing outgoing = Outgoing.of(records, Timestream.LIMITS);
        metrics.superseded.inc(outgoing.superseded());
        metrics.joined.inc(outgoing.joined());
        return write(outgoing.items()).thenCompose(outcome -> {
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

    /** Writes records together; and again what is left of those that are refused for one value. */
    private CompletableFuture<Outcome> write(List<Outgoing.Item> items) {
        if (items.isEmpty()) {
            return CompletableFuture.completedFuture(new Outcome());
        }
        return send(items.stream().map(Outgoing.Item::record).toList()).thenCompose(effect -> {
            tellLag(items);
            if (effect instanceof Effect.Invalid invalid) {
                return items.size() == 1 ? suspect(items.get(0), invalid) : halves(items);
            }
            List<Outgoing.Item> rest = new ArrayList<>();
            Outcome outcome = settle(items, effect, rest);
            return write(rest).thenApply(outcome::with);
        });
    }

    private CompletableFuture<Effect> send(List<Record> records) {
        long started = System.nanoTime();
        return client.writeRecords(Request.of(table.database(), table.table(), records))
                .handle((response, failure) -> {
                    metrics.writeLatency.update(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started));
                    return Effect.of(failure, records.size());
                });
    }

    private CompletableFuture<Outcome> halves(List<Outgoing.Item> items) {
        List<Outgoing.Item> first = items.subList(0, items.size() / 2);
        List<Outgoing.Item> second = items.subList(items.size() / 2, items.size());
        return write(first)
                .thenCompose(outcome -> outcome.over
                        ? CompletableFuture.completedFuture(outcome.again(second))
                        : write(second).thenApply(outcome::with));
    }

    /** Decides about a record that is invalid alone: it is to blame if the store takes a probe. */
    private CompletableFuture<Outcome> suspect(Outgoing.Item item, Effect.Invalid invalid) {
        return send(List.of(Timestream.PROBE)).thenApply(effect -> {
            Outcome outcome = new Outcome();
            if (effect instanceof Effect.Stored || effect instanceof Effect.Refused) {
                refuse(item, new Reason("store_invalid", null, invalid.reason()), outcome);
                return outcome;
            }
            trouble(effect instanceof Effect.Invalid all ? new Effect.Unusable(all.reason()) : effect);
            outcome.over = true;
            return outcome.again(List.of(item));
        });
    }

    /** Tells what an answer means; {@code rest} gets what is to be written of refused records. */
    private Outcome settle(List<Outgoing.Item> items, Effect effect, List<Outgoing.Item> rest) {
        Outcome outcome = new Outcome();
        if (effect instanceof Effect.Stored) {
            metrics.records.inc(items.size());
        } else if (effect instanceof Effect.Refused refused) {
            metrics.records.inc(items.size() - refused.refusals().size());
            for (Refusal refusal : refused.refusals()) {
                Outgoing.Item item = items.get(refusal.index());
                Reason reason = new Reason("store_rejected", null, refusal.reason());
                String measure = refusal.blamed(item.record());
                Outgoing.Item without = measure == null ? null : item.without(measure);
                if (refusal.superseded(item.record().version())) {
                    metrics.superseded.inc();
                } else if (without == null) {
                    refuse(item, reason, outcome);
                } else {
                    outcome.rejected.addAll(item.originsOf(measure), reason);
                    rest.add(without);
                }
            }
        } else {
            trouble(effect);
            outcome.again(items);
        }
        return outcome;
    }

    private void refuse(Outgoing.Item item, Reason reason, Outcome outcome) {
        metrics.rejected.inc();
        outcome.rejected.addAll(item.entries(), reason);
    }

    /** How far the oldest of them is behind, whatever the answer: during an outage that grows with every attempt. */
    private void tellLag(List<Outgoing.Item> items) {
        long oldest = Long.MAX_VALUE;
        for (Outgoing.Item item : items) {
            for (Entry entry : item.entries()) {
                oldest = Math.min(oldest, entry.origin().arrivalMs());
            }
        }
        metrics.lagMs = System.currentTimeMillis() - oldest;
    }

    /**
     * Counts and tells why something is tried again. That goes for a missing table or permission as well:
     * a job that fails would start again and fail again, and what it reads lies no safer in the stream;
     * this way it goes on by itself as soon as somebody has put it right.
     */
    private void trouble(Effect effect) {
        if (effect instanceof Effect.Throttled) {
            metrics.throttled.inc();
        } else if (effect instanceof Effect.Unavailable unavailable) {
            metrics.unavailable.inc();
            if (quiet.mayTell()) {
                LOG.warn("the store does not answer; trying again: {}", unavailable.cause());
            }
        } else if (effect instanceof Effect.Unusable unusable) {
            metrics.unusable.inc();
            if (quiet.mayTell()) {
                LOG.error(
                        "nothing can be written to {}.{}; trying again until that is put right: {}",
                        table.database(),
                        table.table(),
                        unusable.cause());
            }
        }
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

    /** A bound, not the size: to find that costs more than to know that 100 records are never too much. */
    @Override
    protected long getSizeInBytes(Entry entry) {
        return Timestream.LIMITS.recordBytes();
    }

    @Override
    public void close() {
        super.close();
        late.close();
        quiet.end();
        client.close();
        quarantine.close();
    }
}
