package dev.sluice.flink.sink;

import dev.sluice.flink.source.Delivery;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * How much memory entries hold that are not settled yet, against how much they may.
 *
 * <p>An event counts once, however many of its entries wait: they share its bytes. Of one thread alone.
 *
 * @param <T> an entry
 */
public final class Held<T> {
    /** What an event takes beside its bytes: the objects, and the texts that say where it came from. */
    private static final int EVENT_BYTES = 512;

    private static final class Count {
        private int entries;
    }

    private final long most;
    private final Function<T, Delivery> event;
    private final ToLongFunction<T> own;
    private final Map<Delivery, Count> events = new IdentityHashMap<>();
    private long bytes;

    /**
     * A limit that nothing is held against yet.
     *
     * @param most bytes from which on it is full
     * @param event the event of an entry
     * @param own bytes of an entry beside its event
     */
    public Held(long most, Function<T, Delivery> event, ToLongFunction<T> own) {
        this.most = most;
        this.event = event;
        this.own = own;
    }

    /** Another limit, of entries that are measured in the same way. */
    Held<T> like(long most) {
        return new Held<>(most, event, own);
    }

    /** Whether nothing more should be taken. What is taken all the same counts. */
    boolean isFull() {
        return bytes >= most;
    }

    void add(T entry) {
        Count count = events.computeIfAbsent(event.apply(entry), ignored -> new Count());
        if (count.entries == 0) {
            bytes += size(event.apply(entry));
        }
        count.entries++;
        bytes += own.applyAsLong(entry);
    }

    /** Entries that were added are settled. */
    void remove(Collection<T> entries) {
        for (T entry : entries) {
            Delivery settled = event.apply(entry);
            Count count = events.get(settled);
            count.entries--;
            bytes -= own.applyAsLong(entry);
            if (count.entries == 0) {
                events.remove(settled);
                bytes -= size(settled);
            }
        }
    }

    private static long size(Delivery event) {
        return event.data().length + EVENT_BYTES;
    }
}
