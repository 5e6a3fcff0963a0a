package dev.sluice.flink.sink;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records that are late, in requests of their own.
 *
 * <p>The store throttles them by a limit of their own, for hours if it comes to that. In the buffer of the others they would take the
 * place and the pace of these; here they wait apart, and hold nobody up until they fill their own share of
 * the memory. One request is under way at a time, and the next takes what has come meanwhile.
 *
 * <p>Of the task's thread alone.
 */
public final class LateLane {
    private static final Logger LOG = LoggerFactory.getLogger(LateLane.class);

    private final MailboxExecutor mailbox;
    private final int requestEntries;
    private final Held<Entry> held;
    private final Function<List<Entry>, CompletableFuture<List<Entry>>> attempt;
    private final Backoff backoff = new Backoff();
    private final Deque<Entry> waiting = new ArrayDeque<>();
    private List<Entry> underWay = List.of();

    /** Read by the threads of the client, whose last answers come after the end. */
    private volatile boolean closed;

    /**
     * A lane without entries.
     *
     * @param mailbox of the task
     * @param requestEntries entries of one request
     * @param held the share of the memory
     * @param attempt makes one attempt, and gives the entries that are to be tried again
     */
    public LateLane(
            MailboxExecutor mailbox,
            int requestEntries,
            Held<Entry> held,
            Function<List<Entry>, CompletableFuture<List<Entry>>> attempt) {
        this.mailbox = mailbox;
        this.requestEntries = requestEntries;
        this.held = held;
        this.attempt = attempt;
    }

    /** Takes an entry. Waits while there is no room for it. */
    public void write(Entry entry) throws InterruptedException {
        while (held.isFull()) {
            mailbox.yield();
        }
        add(entry);
    }

    /** Takes an entry, room or not. */
    public void add(Entry entry) {
        held.add(entry);
        waiting.add(entry);
        send();
    }

    /** Waits until nothing is left. */
    public void drain() throws InterruptedException {
        while (!underWay.isEmpty()) {
            mailbox.yield();
        }
    }

    /** All entries that are not settled. */
    public List<Entry> entries() {
        List<Entry> entries = new ArrayList<>(underWay);
        entries.addAll(waiting);
        return entries;
    }

    /** Ends it: what is under way is in the last checkpoint. */
    public void close() {
        closed = true;
    }

    private void send() {
        if (!underWay.isEmpty() || waiting.isEmpty()) {
            return;
        }
        List<Entry> request = new ArrayList<>();
        while (request.size() < requestEntries && !waiting.isEmpty()) {
            request.add(waiting.poll());
        }
        underWay = request;
        attempt.apply(request).whenComplete((again, failure) -> {
            if (closed) {
                return;
            }
            if (failure != null) {
                // An error of this program. The entries are as safe here as anywhere.
                LOG.error("an attempt with late records went wrong; trying again", failure);
                backoff.after(() -> tell(request));
            } else if (again.isEmpty()) {
                backoff.reset();
                tell(again);
            } else {
                backoff.after(() -> tell(again));
            }
        });
    }

    private void tell(List<Entry> again) {
        try {
            mailbox.execute(() -> over(again), "a request with late records is over");
        } catch (RejectedExecutionException ended) {
            // The task's mailbox is closed before its writers are.
            LOG.debug("a request with late records outlived its job; what it wrote will be written again");
        }
    }

    private void over(List<Entry> again) {
        again.forEach(held::add);
        held.remove(underWay);
        underWay = List.of();
        for (int at = again.size() - 1; at >= 0; at--) {
            waiting.addFirst(again.get(at));
        }
        send();
    }
}
