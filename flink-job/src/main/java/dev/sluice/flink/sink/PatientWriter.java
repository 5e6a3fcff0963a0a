package dev.sluice.flink.sink;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.DequeRequestBuffer;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.SimpleBatchCreator;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A writer that tries again for ever, and whose checkpoints do not wait for the answers of requests.
 *
 * <p>Buffering, flushing by count and by age, backpressure and the pace are {@link AsyncSinkWriter}'s. That
 * one makes a checkpoint wait until no request is under way, which, while a service is away and every
 * request is followed by its next attempt, is never. So here a checkpoint holds the entries of the requests
 * under way as well as those in the buffer: after a failure they are sent again, which for the sinks of
 * this job changes nothing.
 *
 * <p>While a service is away, a checkpoint may wait all the same. {@link AsyncSinkWriter} keeps the thread of
 * the task where the pace lets no further request through (in its timer that flushes by age as well as in
 * {@code write}) and where the buffer is full, and a checkpoint needs that thread. So during an outage
 * a checkpoint may expire, and that starts the job again. Nothing is lost by it as long as the stream keeps
 * its records: it goes back to the last checkpoint that was completed, and reads again what came since. A
 * stop with a savepoint has to wait, too.
 *
 * @param <T> what is written
 */
public abstract class PatientWriter<T extends Serializable> extends AsyncSinkWriter<T, T> {
    private static final Logger LOG = LoggerFactory.getLogger(PatientWriter.class);

    /** The entries of one request. Two requests are never the same. */
    private static final class UnderWay<T> {
        private final List<T> entries;

        private UnderWay(List<T> entries) {
            this.entries = entries;
        }
    }

    /** Counts what comes into the buffer. It leaves when the request that took it is over. */
    private static final class Buffer<T extends Serializable> extends DequeRequestBuffer<T> {
        private final Held<T> held;

        private Buffer(Held<T> held) {
            this.held = held;
        }

        @Override
        public void add(RequestEntryWrapper<T> entry, boolean first) {
            held.add(entry.getRequestEntry());
            super.add(entry, first);
        }
    }

    /** Bytes of entries in one piece of a checkpoint. */
    private static final long PIECE_BYTES = 1 << 20;

    private final MailboxExecutor mailbox;
    private final Backoff backoff = new Backoff();
    private final Held<T> held;

    /** Of this thread alone, which is the task's. */
    private final Set<UnderWay<T>> underWay = new LinkedHashSet<>();

    /** Read by the threads of the clients, whose last answers come after the end. */
    private volatile boolean closed;

    /**
     * A writer that starts with what {@code states} hold.
     *
     * @param held how much memory entries may hold before no more is taken; one event may go beyond it
     */
    protected PatientWriter(
            WriterInitContext context,
            AsyncSinkWriterConfiguration configuration,
            Held<T> held,
            Collection<BufferedRequestState<T>> states) {
        super(
                (entry, ignored) -> entry,
                context,
                configuration,
                states,
                new SimpleBatchCreator<>(configuration.getMaxBatchSizeInBytes()),
                new Buffer<>(held));
        this.mailbox = context.getMailboxExecutor();
        this.held = held;
    }

    /** Takes an entry. Waits while there is no room for it: its timer sends what the buffer has. */
    @Override
    public void write(T entry, Context context) throws IOException, InterruptedException {
        while (held.isFull()) {
            mailbox.yield();
        }
        super.write(entry, context);
    }

    /**
     * Makes one attempt.
     *
     * @return the entries that are to be tried again, once that is known of all
     */
    protected abstract CompletableFuture<List<T>> attempt(List<T> entries);

    @Override
    protected final void submitRequestEntries(List<T> entries, ResultHandler<T> handler) {
        UnderWay<T> request = new UnderWay<>(entries);
        underWay.add(request);
        attempt(entries).whenComplete((again, failure) -> {
            if (closed) {
                // Cut off with the job: the last checkpoint has the entries.
                return;
            }
            if (failure != null) {
                // An error of this program. The entries are as safe in the buffer as anywhere.
                LOG.error("an attempt went wrong; trying again", failure);
                backoff.after(() -> over(request, handler, entries));
            } else if (again.isEmpty()) {
                backoff.reset();
                over(request, handler, again);
            } else {
                backoff.after(() -> over(request, handler, again));
            }
        });
    }

    /** Entries are in the buffer before they are no longer under way: a checkpoint in between has them twice. */
    private void over(UnderWay<T> request, ResultHandler<T> handler, List<T> again) {
        if (closed) {
            return;
        }
        try {
            handler.retryForEntries(again);
            mailbox.execute(() -> settle(request), "a request is over");
        } catch (RejectedExecutionException closed) {
            // The task's mailbox is closed before its writers are.
            LOG.debug("a request outlived its job; what it wrote will be written again");
        }
    }

    private void settle(UnderWay<T> request) {
        underWay.remove(request);
        held.remove(request.entries);
    }

    /** Ends it. What is under way is forgotten here, and is in the last checkpoint. */
    @Override
    public void close() {
        closed = true;
        super.close();
    }

    @Override
    public void flush(boolean endOfInput) throws InterruptedException {
        if (endOfInput) {
            super.flush(true);
        }
    }

    /** All entries that are not settled. */
    protected List<T> unsettled() {
        List<T> entries = new ArrayList<>();
        underWay.forEach(request -> entries.addAll(request.entries));
        for (BufferedRequestState<T> buffered : super.snapshotState(0)) {
            buffered.getBufferedRequestEntries().forEach(wrapper -> entries.add(wrapper.getRequestEntry()));
        }
        return entries;
    }

    /** In pieces, each of which is written to the checkpoint as a whole: that takes its size in memory. */
    @Override
    public final List<BufferedRequestState<T>> snapshotState(long checkpoint) {
        List<BufferedRequestState<T>> pieces = new ArrayList<>();
        Held<T> held = this.held.like(PIECE_BYTES);
        List<RequestEntryWrapper<T>> piece = new ArrayList<>();
        for (T entry : unsettled()) {
            if (held.isFull()) {
                pieces.add(new BufferedRequestState<>(piece));
                piece = new ArrayList<>();
                held = this.held.like(PIECE_BYTES);
            }
            held.add(entry);
            piece.add(new RequestEntryWrapper<>(entry, getSizeInBytes(entry)));
        }
        pieces.add(new BufferedRequestState<>(piece));
        return pieces;
    }
}
