package dev.sluice.flink.source;

import static dev.sluice.flink.source.FakeKinesis.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.UserCodeClassLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a reader remembers, and what it tells the enumerator. */
final class StreamReaderTest {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final Context context = new Context();
    private final Output output = new Output();
    private FakeKinesis kinesis;
    private StreamReader reader;

    @BeforeEach
    void start() throws IOException {
        kinesis = new FakeKinesis(1);
        reader = new StreamReader(kinesis.stream(), context);
    }

    @AfterEach
    void stop() throws Exception {
        reader.close();
        kinesis.close();
    }

    private void pollUntil(BooleanSupplier enough) throws Exception {
        long begun = System.nanoTime();
        while (!enough.getAsBoolean()) {
            assertTrue(System.nanoTime() - begun < PATIENCE_NANOS);
            reader.pollNext(output);
        }
    }

    @Test
    void aCheckpointHasTheLastRecordThatWentOn() throws Exception {
        String first = kinesis.put("a", "first");
        String last = kinesis.put("a", "last");
        reader.addSplits(List.of(Shard.untouched(id(0))));
        assertEquals(List.of(Shard.untouched(id(0))), reader.snapshotState(1));
        pollUntil(() -> output.data.size() == 1);
        assertEquals(List.of(new Shard(id(0), first)), reader.snapshotState(2));
        pollUntil(() -> output.data.size() == 2);
        assertEquals(List.of(new Shard(id(0), last)), reader.snapshotState(3));
        assertEquals(List.of(1_609_757_180_000L, 1_609_757_180_000L), output.times);
        assertEquals(List.of(), context.told);
    }

    @Test
    void theEndOfAShardIsToldAndStaysUntilACheckpointHasIt() throws Exception {
        kinesis.put("a", "only");
        kinesis.split(0);
        reader.start();
        reader.addSplits(List.of(Shard.untouched(id(0))));
        reader.snapshotState(1);
        pollUntil(() -> !context.told.isEmpty());
        assertEquals(List.of(new ShardsFinished(List.of(id(0)))), context.told);
        assertEquals(List.of("only"), output.data);
        // The checkpoint that was begun before does not have it.
        reader.notifyCheckpointComplete(1);
        assertEquals(List.of(Shard.ended(id(0))), reader.snapshotState(2));
        assertEquals(List.of(Shard.ended(id(0))), reader.snapshotState(3));
        reader.notifyCheckpointComplete(2);
        assertEquals(List.of(), reader.snapshotState(4));
        assertEquals(1, context.told.size());
    }

    @Test
    void aRestoredReaderTellsAgainAndReadsOnlyTheRest() throws Exception {
        String first = kinesis.put("a", "first");
        kinesis.put("a", "second");
        reader.addSplits(List.of(Shard.ended(id(7)), new Shard(id(0), first)));
        reader.start();
        assertEquals(List.of(new ShardsFinished(List.of(id(7)))), context.told);
        pollUntil(() -> !output.data.isEmpty());
        assertEquals(List.of("second"), output.data);
        assertTrue(reader.snapshotState(1).contains(Shard.ended(id(7))));
        reader.notifyCheckpointComplete(1);
        assertEquals(1, reader.snapshotState(2).size());
    }

    private static final class Context implements SourceReaderContext {
        private final List<SourceEvent> told = new ArrayList<>();

        @Override
        public SourceReaderMetricGroup metricGroup() {
            return UnregisteredMetricsGroup.createSourceReaderMetricGroup();
        }

        @Override
        public Configuration getConfiguration() {
            return new Configuration();
        }

        @Override
        public String getLocalHostName() {
            return "localhost";
        }

        @Override
        public int getIndexOfSubtask() {
            return 0;
        }

        @Override
        public void sendSplitRequest() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sendSourceEventToCoordinator(SourceEvent event) {
            told.add(event);
        }

        @Override
        public UserCodeClassLoader getUserCodeClassLoader() {
            throw new UnsupportedOperationException();
        }
    }

    private static final class Output implements ReaderOutput<Delivery> {
        private final List<String> data = new ArrayList<>();
        private final List<Long> times = new ArrayList<>();

        @Override
        public void collect(Delivery delivery) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void collect(Delivery delivery, long timeMs) {
            data.add(new String(delivery.data(), StandardCharsets.UTF_8));
            times.add(timeMs);
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void markIdle() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void markActive() {
            throw new UnsupportedOperationException();
        }

        @Override
        public SourceOutput<Delivery> createOutputForSplit(String id) {
            return this;
        }

        @Override
        public void releaseOutputForSplit(String id) {
            // Nothing is kept for a shard.
        }
    }
}
