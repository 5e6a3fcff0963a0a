package dev.sluice.flink.sink;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long to wait before the next attempt: longer with every failure in a row, with jitter, and a few
 * seconds at most, so that a service that is back is found soon.
 */
final class Backoff {
    private static final long FIRST_MS = 50;
    private static final long MOST_MS = 5_000;
    private static final int MOST_DOUBLINGS = 8;

    private final AtomicInteger failures = new AtomicInteger();

    /** Something went well. */
    void reset() {
        failures.set(0);
    }

    /** Runs {@code retry} after the wait that this failure calls for. */
    void after(Runnable retry) {
        int doublings = Math.min(failures.getAndIncrement(), MOST_DOUBLINGS);
        long most = Math.min(MOST_MS, FIRST_MS << doublings);
        long wait = ThreadLocalRandom.current().nextLong(most / 2, most + 1);
        Executor later = CompletableFuture.delayedExecutor(wait, TimeUnit.MILLISECONDS);
        later.execute(retry);
    }
}
