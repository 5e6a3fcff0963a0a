package dev.sluice.flink.sink;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Lets one line in so long a time into the log, where the same trouble comes back with every attempt. */
public final class Quiet {
    private static final long NANOS = TimeUnit.SECONDS.toNanos(30);

    private volatile boolean over;
    private final AtomicLong last = new AtomicLong(System.nanoTime() - NANOS);

    /** Whether it may be said now. */
    public boolean mayTell() {
        if (over) {
            return false;
        }
        long now = System.nanoTime();
        long before = last.get();
        return now - before >= NANOS && last.compareAndSet(before, now);
    }

    /** Nothing is told any more: whoever ends its requests itself has no trouble to tell of. */
    public void end() {
        over = true;
    }
}
