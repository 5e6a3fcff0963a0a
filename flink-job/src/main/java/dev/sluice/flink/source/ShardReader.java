package dev.sluice.flink.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsRemoval;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ExpiredIteratorException;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/**
 * Reads shards, one request after the other, at the pace that the stream permits: five reads a second of
 * a shard, shared by all consumers
 * (<a href="https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html">quotas</a>).
 *
 * <p>It fails for no answer of the stream. What is not read now is read later, until the retention ends.
 */
final class ShardReader implements SplitReader<Delivery, Shard> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardReader.class);

    /** Of one answer. An answer is at most ten megabytes. */
    private static final int MAX_RECORDS = 5_000;

    /** Between two reads of a shard that has more; leaves room for another consumer. */
    private static final long BEHIND_MS = 250;

    /** Between two reads of a shard that has no more. */
    private static final long IDLE_MS = 500;

    /** After an answer that is none, doubled with each of these, up to the most. */
    private static final long FAILED_MS = 500;

    private static final long MOST_FAILED_MS = 10_000;

    /** A read takes no longer at a time, so that a reader that is to stop does. */
    private static final long MOST_WAIT_MS = 1_000;

    private final Stream stream;
    private final KinesisAsyncClient client;
    private final List<Cursor> cursors = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition woken = lock.newCondition();
    private boolean wake;

    /** Where a shard is read next, and when. */
    private static final class Cursor {
        private final String shardId;
        private String after;
        private String iterator;
        private long dueNanos = System.nanoTime();
        private int failures;

        /** Listings in a row that lack the shard. */
        private int lacking;

        private Cursor(Shard shard) {
            this.shardId = shard.id();
            this.after = shard.after();
        }

        private void dueIn(long milliseconds) {
            dueNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
        }

        private long waitNanos() {
            return dueNanos - System.nanoTime();
        }
    }

    ShardReader(Stream stream) {
        this.stream = stream;
        this.client = stream.client();
    }

    @Override
    public RecordsWithSplitIds<Delivery> fetch() throws IOException {
        RecordsBySplits.Builder<Delivery> fetched = new RecordsBySplits.Builder<>();
        Cursor next = next();
        if (next == null || !due(next)) {
            return fetched.build();
        }
        try {
            read(next, fetched);
            next.failures = 0;
            next.lacking = 0;
        } catch (CompletionException failed) {
            failed(next, failed.getCause(), fetched);
        }
        return fetched.build();
    }

    private Cursor next() {
        Cursor next = null;
        for (Cursor cursor : cursors) {
            if (next == null || cursor.dueNanos - next.dueNanos < 0) {
                next = cursor;
            }
        }
        return next;
    }

    /** Waits until the shard may be read, or for a moment, or until somebody calls. */
    private boolean due(Cursor cursor) throws IOException {
        lock.lock();
        try {
            long left = Math.min(cursor.waitNanos(), TimeUnit.MILLISECONDS.toNanos(MOST_WAIT_MS));
            while (left > 0 && !wake) {
                left = woken.awaitNanos(left);
            }
            boolean called = wake;
            wake = false;
            return !called && cursor.waitNanos() <= 0;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the stream", interrupted);
        } finally {
            lock.unlock();
        }
    }

    private void read(Cursor cursor, RecordsBySplits.Builder<Delivery> fetched) {
        if (cursor.iterator == null) {
            cursor.iterator = iterator(cursor);
        }
        String iterator = cursor.iterator;
        GetRecordsResponse response = client.getRecords(request ->
                        request.streamARN(stream.arn()).shardIterator(iterator).limit(MAX_RECORDS))
                .join();
        for (Record record : response.records()) {
            fetched.add(cursor.shardId, delivery(record, cursor.shardId));
            cursor.after = record.sequenceNumber();
        }
        cursor.iterator = response.nextShardIterator();
        if (cursor.iterator == null) {
            LOG.info("{} is closed and read to its end", cursor.shardId);
            finish(cursor, fetched);
            return;
        }
        Long behind = response.millisBehindLatest();
        cursor.dueIn(behind != null && behind > 0 ? BEHIND_MS : IDLE_MS);
    }

    private String iterator(Cursor cursor) {
        GetShardIteratorRequest.Builder request =
                GetShardIteratorRequest.builder().streamARN(stream.arn()).shardId(cursor.shardId);
        if (cursor.after.isEmpty()) {
            request.shardIteratorType(ShardIteratorType.TRIM_HORIZON);
        } else {
            request.shardIteratorType(ShardIteratorType.AFTER_SEQUENCE_NUMBER).startingSequenceNumber(cursor.after);
        }
        return client.getShardIterator(request.build()).join().shardIterator();
    }

    private static Delivery delivery(Record record, String shardId) {
        return new Delivery(
                record.data().asByteArrayUnsafe(),
                record.partitionKey(),
                record.sequenceNumber(),
                record.approximateArrivalTimestamp().toEpochMilli(),
                shardId);
    }

    private void failed(Cursor cursor, Throwable cause, RecordsBySplits.Builder<Delivery> fetched) {
        // Whatever it was, a new iterator from the last record on loses nothing.
        cursor.iterator = null;
        cursor.failures++;
        if (cause instanceof ResourceNotFoundException) {
            cursor.lacking = isListed(cursor.shardId) ? 0 : cursor.lacking + 1;
        }
        if (cursor.lacking >= Stream.LISTINGS) {
            LOG.error("{} is gone: what was not read of it has outlived the stream's retention", cursor.shardId);
            finish(cursor, fetched);
            return;
        }
        long most = Math.min(MOST_FAILED_MS, FAILED_MS << Math.min(cursor.failures - 1, 6));
        cursor.dueIn(ThreadLocalRandom.current().nextLong(most / 2, most));
        if (cause instanceof ExpiredIteratorException) {
            LOG.debug("the iterator of {} expired", cursor.shardId);
        } else {
            LOG.warn("{} of {} is not readable; trying again: {}", cursor.shardId, stream.arn(), cause.toString());
        }
    }

    /** Whether the stream has the shard, as far as it says: of one that does not answer it is assumed. */
    private boolean isListed(String shardId) {
        try {
            return stream.shards(client).containsKey(shardId);
        } catch (CompletionException unknown) {
            return true;
        }
    }

    private void finish(Cursor cursor, RecordsBySplits.Builder<Delivery> fetched) {
        cursors.remove(cursor);
        fetched.addFinishedSplit(cursor.shardId);
    }

    @Override
    public void handleSplitsChanges(SplitsChange<Shard> change) {
        if (change instanceof SplitsAddition) {
            change.splits().forEach(shard -> cursors.add(new Cursor(shard)));
        } else if (change instanceof SplitsRemoval) {
            Collection<String> removed = change.splits().stream().map(Shard::id).toList();
            cursors.removeIf(cursor -> removed.contains(cursor.shardId));
        }
    }

    @Override
    public void wakeUp() {
        lock.lock();
        try {
            wake = true;
            woken.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
