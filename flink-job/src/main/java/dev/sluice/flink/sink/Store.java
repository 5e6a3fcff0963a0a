package dev.sluice.flink.sink;

import dev.sluice.flink.domain.Lateness;
import dev.sluice.flink.domain.Limits;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Retention;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A table of a store, with what the writer has to know of it. It is a part of the job: each subtask opens its own. */
public interface Store extends Serializable {
    /** Which it is, for people. */
    String name();

    /** What it takes of an event. */
    Limits limits();

    /** Records of one request. */
    int requestRecords();

    /** Bytes of the records of one request. */
    long requestBytes();

    /** No fewer than the bytes that {@code record} takes of them; more where that is found sooner. */
    long bytesAtMost(Record record);

    /**
     * How long it keeps records where it takes them at full speed; {@code null} where it takes all at one speed,
     * however late.
     */
    Retention retention();

    /** Connects to it, for so many requests at once. */
    Connection open(int requests);

    /** Whether it takes a record of the instant {@code time} apart from those that are fresh at {@code now}. */
    default boolean isLate(long time, long now) {
        return retention() != null && retention().lateness(time, now) != Lateness.FRESH;
    }

    /** A way to the store. Each request is one attempt: retries are the sink's, which keeps records meanwhile. */
    interface Connection extends AutoCloseable {
        /** Writes at least one and at most {@link Store#requestRecords} records, no two of one place. It never fails. */
        CompletableFuture<Effect> write(List<Record> records);

        /**
         * Asks whether the store takes requests at all, without a trace in it: whatever is not {@link
         * Effect.Written} is about something else than a record. It never fails.
         */
        CompletableFuture<Effect> probe();

        @Override
        void close();
    }
}
