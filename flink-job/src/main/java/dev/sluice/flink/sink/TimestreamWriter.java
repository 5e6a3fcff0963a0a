package dev.sluice.flink.sink;

import dev.sluice.flink.Clients;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.quarantine.Charge;
import dev.sluice.flink.quarantine.Inmate;
import dev.sluice.flink.quarantine.Quarantine;
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
 * <p><b>Late records</b>, which the store keeps on disk, go through a {@link LateLane} of their own.
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
 * <p><b>A charge stays.</b> An event that quarantine does not take keeps its charges and is not written again.
 *
 * <p>The pace under throttling is {@link CongestionControlRateLimitingStrategy}'s: fewer records at once
 * after each failure, more after each success. This class knows what an answer means.
 */
final class TimestreamWriter extends PatientWriter<Entry> {
    private static final Logger LOG = LoggerFactory.getLogger(TimestreamWriter.class);

    /** Records that more may be under way after a success. */
    private static final int MORE_AFTER_SUCCESS = Request.MAX_RECORDS;

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
        this.client = Clients.timestream(table.region(), TimestreamSink.REQUESTS * 2);
        this.quarantine = quarantine.open();
        this.metrics = new SinkMetrics(context.metricGroup());
        this.late = new LateLane(context.getMailboxExecutor(), held(heldBytes / 2), this::attempt);
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

    /** Whether the store keeps the record on disk. */
    private static boolean isLate(Entry entry, TimestreamSink.Table table) {
        long oldest = System.currentTimeMillis() - table.memory().toMillis();
        return !entry.isCharged() && entry.record().time() < TimeUnit.MILLISECONDS.toNanos(oldest);
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
        int most = Request.MAX_RECORDS * TimestreamSink.REQUESTS;
        return AsyncSinkWriterConfiguration.builder()
                .setMaxBatchSize(Request.MAX_RECORDS)
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
        private final Charges charges = new Charges();

        /** Whether the store cannot be asked for more now. */
        private boolean over;

        private Outcome with(Outcome other) {
            again.addAll(other.again);
            charges.addAll(other.charges);
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
        List<Entry> charged = entries.stream().filter(Entry::isCharged).toList();
        List<Entry> records =
                entries.stream().filter(entry -> !entry.isCharged()).toList();
        Outgoing outgoing = Outgoing.of(records);
        metrics.superseded.inc(outgoing.superseded());
        metrics.joined.inc(outgoing.joined());
        return write(outgoing.items()).thenCompose(outcome -> {
            outgoing.leftOut().forEach(out -> outcome.charges.add(out.entry(), out.charge()));
            Set<Entry> again = Collections.newSetFromMap(new IdentityHashMap<>());
            again.addAll(outcome.again);
            outcome.charges.drop(again);
            List<Entry> inmates = new ArrayList<>(charged);
            inmates.addAll(outcome.charges.entries());
            return quarantined(inmates).thenApply(lost -> {
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
        return send(items.stream().map(Outgoing.Item::record).toList()).thenCompose(answer -> {
            tellLag(items);
            if (answer instanceof Answer.Invalid invalid) {
                return items.size() == 1 ? suspect(items.get(0), invalid) : halves(items);
            }
            List<Outgoing.Item> rest = new ArrayList<>();
            Outcome outcome = judge(items, answer, rest);
            return write(rest).thenApply(outcome::with);
        });
    }

    private CompletableFuture<Answer> send(List<Record> records) {
        long started = System.nanoTime();
        return client.writeRecords(Request.of(table.database(), table.table(), records))
                .handle((response, failure) -> {
                    metrics.writeLatency.update(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started));
                    return Answer.of(failure, records.size());
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
    private CompletableFuture<Outcome> suspect(Outgoing.Item item, Answer.Invalid invalid) {
        return send(List.of(Request.PROBE)).thenApply(answer -> {
            Outcome outcome = new Outcome();
            if (answer instanceof Answer.Stored || answer instanceof Answer.Refused) {
                refuse(item, new Charge("store_invalid", null, invalid.reason()), outcome);
                return outcome;
            }
            trouble(answer instanceof Answer.Invalid all ? new Answer.Unusable(all.reason()) : answer);
            outcome.over = true;
            return outcome.again(List.of(item));
        });
    }

    /** Tells what an answer means; {@code rest} gets what is to be written of refused records. */
    private Outcome judge(List<Outgoing.Item> items, Answer answer, List<Outgoing.Item> rest) {
        Outcome outcome = new Outcome();
        if (answer instanceof Answer.Stored) {
            metrics.records.inc(items.size());
        } else if (answer instanceof Answer.Refused refused) {
            metrics.records.inc(items.size() - refused.refusals().size());
            for (Answer.Refusal refusal : refused.refusals()) {
                Outgoing.Item item = items.get(refusal.index());
                Charge charge = new Charge("store_rejected", null, refusal.reason());
                String measure = refusal.blamed(item.record());
                Outgoing.Item without = measure == null ? null : item.without(measure);
                if (refusal.superseded(item.record().version())) {
                    metrics.superseded.inc();
                } else if (without == null) {
                    refuse(item, charge, outcome);
                } else {
                    outcome.charges.addAll(item.originsOf(measure), charge);
                    rest.add(without);
                }
            }
        } else {
            trouble(answer);
            outcome.again(items);
        }
        return outcome;
    }

    private void refuse(Outgoing.Item item, Charge charge, Outcome outcome) {
        metrics.rejected.inc();
        outcome.charges.addAll(item.entries(), charge);
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
    private void trouble(Answer answer) {
        if (answer instanceof Answer.Throttled) {
            metrics.throttled.inc();
        } else if (answer instanceof Answer.Unavailable unavailable) {
            metrics.unavailable.inc();
            if (quiet.mayTell()) {
                LOG.warn("the store does not answer; trying again: {}", unavailable.cause());
            }
        } else if (answer instanceof Answer.Unusable unusable) {
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
     * Brings charged events into quarantine.
     *
     * @return those that it did not take. They keep their charges: what a second write of their records would
     *     say may be something else, or nothing
     */
    private CompletableFuture<List<Entry>> quarantined(List<Entry> charged) {
        if (charged.isEmpty()) {
            return CompletableFuture.completedFuture(charged);
        }
        List<Inmate> inmates = charged.stream().map(Entry::inmate).toList();
        Map<Inmate, Entry> entries = new IdentityHashMap<>();
        for (int at = 0; at < charged.size(); at++) {
            entries.put(inmates.get(at), charged.get(at));
        }
        return quarantine.keep(inmates).thenApply(lost -> {
            metrics.quarantined.inc(inmates.size() - lost.size());
            return lost.stream().map(entries::get).toList();
        });
    }

    /** A bound, not the size: to find that costs more than to know that 100 records are never too much. */
    @Override
    protected long getSizeInBytes(Entry entry) {
        return Record.MAX_RECORD_BYTES;
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
