package dev.sluice.flink.sink;

import dev.sluice.flink.Clients;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.quarantine.Charge;
import dev.sluice.flink.quarantine.Inmate;
import dev.sluice.flink.quarantine.Quarantine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
    private final Quiet quiet = new Quiet();

    TimestreamWriter(
            WriterInitContext context,
            TimestreamSink.Table table,
            Quarantine.Place quarantine,
            Collection<BufferedRequestState<Entry>> states) {
        super(context, configuration(), states);
        this.table = table;
        this.client = Clients.timestream(table.region(), TimestreamSink.REQUESTS * 2);
        this.quarantine = quarantine.open();
        this.metrics = new SinkMetrics(context.metricGroup());
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

        private Outcome with(Outcome other) {
            again.addAll(other.again);
            charges.addAll(other.charges);
            return this;
        }
    }

    @Override
    protected CompletableFuture<List<Entry>> attempt(List<Entry> entries) {
        Outgoing outgoing = Outgoing.of(entries);
        metrics.superseded.inc(outgoing.superseded());
        return write(outgoing.items()).thenCompose(outcome -> {
            // What is tried again is found to be conflicting again: to charge it now were to keep it twice.
            Set<Entry> again = Collections.newSetFromMap(new IdentityHashMap<>());
            again.addAll(outcome.again);
            for (Entry entry : outgoing.conflicting()) {
                if (!again.contains(entry)) {
                    outcome.charges.add(entry, Charges.CONFLICTING);
                }
            }
            return quarantined(outcome);
        });
    }

    /** Writes the records of one request; in halves, and halves of these, where it is invalid. */
    private CompletableFuture<Outcome> write(List<Outgoing.Item> items) {
        List<Record> records = items.stream().map(Outgoing.Item::record).toList();
        long started = System.nanoTime();
        return client.writeRecords(Request.of(table.database(), table.table(), records))
                .handle((response, failure) -> Answer.of(failure, records.size()))
                .thenCompose(answer -> {
                    metrics.writeLatency.update(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started));
                    if (answer instanceof Answer.Invalid && items.size() > 1) {
                        int middle = items.size() / 2;
                        return write(items.subList(0, middle))
                                .thenCombine(write(items.subList(middle, items.size())), Outcome::with);
                    }
                    return CompletableFuture.completedFuture(judge(items, answer));
                });
    }

    private Outcome judge(List<Outgoing.Item> items, Answer answer) {
        Outcome outcome = new Outcome();
        tellLag(items);
        if (answer instanceof Answer.Stored) {
            metrics.records.inc(items.size());
        } else if (answer instanceof Answer.Refused refused) {
            metrics.records.inc(items.size() - refused.refusals().size());
            for (Answer.Refusal refusal : refused.refusals()) {
                Outgoing.Item item = items.get(refusal.index());
                if (refusal.superseded(item.record().version())) {
                    metrics.superseded.inc();
                } else {
                    metrics.rejected.inc();
                    Charge charge = new Charge("store_rejected", null, refusal.reason());
                    item.origins().forEach(entry -> outcome.charges.add(entry, charge));
                }
            }
        } else if (answer instanceof Answer.Invalid invalid) {
            metrics.rejected.inc(items.size());
            Charge charge = new Charge("store_invalid", null, invalid.reason());
            items.forEach(item -> item.origins().forEach(entry -> outcome.charges.add(entry, charge)));
        } else {
            items.forEach(item -> outcome.again.addAll(item.origins()));
            trouble(answer);
        }
        return outcome;
    }

    /** How far the oldest of them is behind, whatever the answer: during an outage that grows with every attempt. */
    private void tellLag(List<Outgoing.Item> items) {
        long oldest = Long.MAX_VALUE;
        for (Outgoing.Item item : items) {
            for (Entry entry : item.origins()) {
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
     * Brings the charged events into quarantine.
     *
     * @return the entries that are to be tried again: also those of events that quarantine did not take,
     *     which the store will refuse once more, so that nothing is dropped between the two
     */
    private CompletableFuture<List<Entry>> quarantined(Outcome outcome) {
        List<Inmate> inmates = outcome.charges.inmates();
        if (inmates.isEmpty()) {
            return CompletableFuture.completedFuture(outcome.again);
        }
        return quarantine.keep(inmates).thenApply(lost -> {
            metrics.quarantined.inc(inmates.size() - lost.size());
            outcome.again.addAll(outcome.charges.entriesOf(lost));
            return outcome.again;
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
        quiet.end();
        client.close();
        quarantine.close();
    }
}
