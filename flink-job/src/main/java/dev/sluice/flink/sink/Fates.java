package dev.sluice.flink.sink;

import dev.sluice.flink.domain.Record;
import dev.sluice.flink.quarantine.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of the records of a request, whatever the store answers: they are written, apart where one record
 * spoils the others.
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
 */
final class Fates {
    private static final Logger LOG = LoggerFactory.getLogger(Fates.class);

    private final Store store;
    private final Store.Connection connection;
    private final SinkMetrics metrics;
    private final Quiet quiet = new Quiet();

    Fates(Store store, Store.Connection connection, SinkMetrics metrics) {
        this.store = store;
        this.connection = connection;
        this.metrics = metrics;
    }

    /** What is left to do of a request. */
    static final class Outcome {
        /** Entries that are to be written again. */
        final List<Entry> again = new ArrayList<>();

        /** Events that go to quarantine. */
        final RejectedEvents rejected = new RejectedEvents();

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

    /** Writes records together; and again what is left of those that are refused for one value. */
    CompletableFuture<Outcome> write(List<Outgoing.Item> items) {
        if (items.isEmpty()) {
            return CompletableFuture.completedFuture(new Outcome());
        }
        List<Record> records = items.stream().map(Outgoing.Item::record).toList();
        return timed(connection.write(records)).thenCompose(effect -> {
            tellLag(items);
            if (effect instanceof Effect.Invalid invalid) {
                return items.size() == 1 ? suspect(items.get(0), invalid) : halves(items);
            }
            List<Outgoing.Item> rest = new ArrayList<>();
            Outcome outcome = settle(items, effect, rest);
            return write(rest).thenApply(outcome::with);
        });
    }

    private CompletableFuture<Effect> timed(CompletableFuture<Effect> request) {
        long started = System.nanoTime();
        return request.thenApply(effect -> {
            metrics.writeLatency.update(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started));
            return effect;
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
        return timed(connection.probe()).thenApply(effect -> {
            Outcome outcome = new Outcome();
            if (effect instanceof Effect.Written) {
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
        if (effect instanceof Effect.Written written) {
            int others = written.superseded() + written.refusals().size();
            metrics.records.inc(items.size() - others);
            metrics.superseded.inc(written.superseded());
            for (Refusal refusal : written.refusals()) {
                Outgoing.Item item = items.get(refusal.index());
                Reason reason = new Reason("store_rejected", null, refusal.reason());
                String measure = refusal.measure();
                Outgoing.Item without = measure == null ? null : item.without(measure);
                if (without == null) {
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
                        "nothing can be written to {}; trying again until that is put right: {}",
                        store.name(),
                        unusable.cause());
            }
        }
    }

    /** Ends it: its requests fail from here on, and that is no trouble. */
    void close() {
        quiet.end();
        connection.close();
    }
}
