package dev.sluice.flink.source;

import static dev.sluice.flink.source.FakeKinesis.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsRemoval;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every record of a shard is read once and in its order, whatever the stream answers. */
final class ShardReaderTest {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    private FakeKinesis kinesis;
    private ShardReader reader;
    private final List<Delivery> read = new ArrayList<>();
    private final Set<String> finished = new TreeSet<>();

    @BeforeEach
    void start() throws IOException {
        kinesis = new FakeKinesis(2);
        reader = new ShardReader(kinesis.stream());
    }

    @AfterEach
    void stop() {
        reader.close();
        kinesis.close();
    }

    private void add(Shard... shards) {
        reader.handleSplitsChanges(new SplitsAddition<>(List.of(shards)));
    }

    private void fetch() throws IOException {
        RecordsWithSplitIds<Delivery> fetched = reader.fetch();
        for (String shard = fetched.nextSplit(); shard != null; shard = fetched.nextSplit()) {
            for (Delivery one = fetched.nextRecordFromSplit(); one != null; one = fetched.nextRecordFromSplit()) {
                assertEquals(shard, one.shardId());
                read.add(one);
            }
        }
        finished.addAll(fetched.finishedSplits());
    }

    private void fetchUntil(BooleanSupplier enough) throws IOException {
        long begun = System.nanoTime();
        while (!enough.getAsBoolean()) {
            assertTrue(System.nanoTime() - begun < PATIENCE_NANOS, "read so far: " + data());
            fetch();
        }
    }

    private List<String> data() {
        return read.stream()
                .map(one -> new String(one.data(), StandardCharsets.UTF_8))
                .toList();
    }

    private List<String> put(int count) {
        List<String> events = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            events.add("event " + number);
            kinesis.put("a", "event " + number);
        }
        return events;
    }

    @Test
    void aDeliveryIsWhatWasPut() throws IOException {
        String number = kinesis.put("a", "{}");
        add(Shard.untouched(id(0)), Shard.untouched(id(1)));
        fetchUntil(() -> read.size() == 1);
        Delivery delivery = read.get(0);
        assertEquals("{}", data().get(0));
        assertEquals("a", delivery.partitionKey());
        assertEquals(number, delivery.sequenceNumber());
        assertEquals(1_609_757_180_000L, delivery.arrivalMs());
        assertEquals(delivery.shardId() + ":" + number, delivery.eventId());
    }

    @Test
    void aShardIsReadToItsEndAndNoFurther() throws IOException {
        List<String> events = put(25);
        kinesis.split(0);
        kinesis.split(1);
        add(Shard.untouched(id(0)), Shard.untouched(id(1)));
        fetchUntil(() -> finished.size() == 2);
        assertEquals(events, data());
        int asked = kinesis.requests("GetRecords");
        fetch();
        assertEquals(asked, kinesis.requests("GetRecords"));
    }

    @Test
    void itGoesOnBehindThePosition() throws IOException {
        String first = kinesis.put("a", "first");
        kinesis.put("a", "second");
        kinesis.split(0);
        kinesis.split(1);
        add(new Shard(id(0), first), new Shard(id(1), first));
        fetchUntil(() -> finished.size() == 2);
        assertEquals(List.of("second"), data());
    }

    @Test
    void throttlingErrorsAndExpiredIteratorsCostAndDoubleNothing() throws IOException {
        List<String> events = put(100);
        kinesis.split(0);
        kinesis.split(1);
        kinesis.faults(0.3, 0.1, 0.3);
        add(Shard.untouched(id(0)), Shard.untouched(id(1)));
        fetchUntil(() -> finished.size() == 2);
        assertEquals(events, data());
    }

    @Test
    void aStreamThatIsAwayIsWaitedFor() throws IOException {
        List<String> events = put(1);
        add(Shard.untouched(id(0)), Shard.untouched(id(1)));
        kinesis.gone(true);
        for (int attempt = 0; attempt < 2 * Stream.LISTINGS; attempt++) {
            int asked = kinesis.requests("GetShardIterator");
            fetchUntil(() -> kinesis.requests("GetShardIterator") > asked);
        }
        assertEquals(Set.of(), finished);
        kinesis.gone(false);
        fetchUntil(() -> !read.isEmpty());
        assertEquals(events, data());
    }

    @Test
    void aShardThatIsGoneIsFinishedWhenSeveralListingsLackIt() throws IOException {
        kinesis.split(0);
        kinesis.forget(0);
        add(Shard.untouched(id(0)));
        fetchUntil(() -> !finished.isEmpty());
        assertEquals(Set.of(id(0)), finished);
        assertEquals(Stream.LISTINGS, kinesis.requests("GetShardIterator"));
    }

    @Test
    void aShardIsNotGivenUpForOneListingThatLacksIt() throws IOException {
        List<String> events = put(1);
        add(Shard.untouched(id(0)), Shard.untouched(id(1)));
        kinesis.unreadable(true);
        kinesis.hide(0, Stream.LISTINGS - 1);
        kinesis.hide(1, Stream.LISTINGS - 1);
        fetchUntil(() -> kinesis.requests("GetShardIterator") >= 4 * Stream.LISTINGS);
        assertEquals(Set.of(), finished);
        kinesis.unreadable(false);
        fetchUntil(() -> !read.isEmpty());
        assertEquals(events, data());
    }

    @Test
    void anOpenShardIsReadAtAPaceThatLeavesRoom() throws IOException {
        kinesis.put("a", "before");
        add(Shard.untouched(id(0)), Shard.untouched(id(1)));
        fetchUntil(() -> read.size() == 1);
        long begun = System.nanoTime();
        int asked = kinesis.requests("GetRecords");
        fetchUntil(() -> kinesis.requests("GetRecords") >= asked + 6);
        // Each of two shards at most five times a second.
        assertTrue(System.nanoTime() - begun > TimeUnit.MILLISECONDS.toNanos(900));
        kinesis.put("a", "after");
        fetchUntil(() -> read.size() == 2);
        assertEquals(List.of("before", "after"), data());
    }

    @Test
    void whoeverCallsIsHeardAtOnce() throws Exception {
        add(Shard.untouched(id(0)));
        fetch();
        reader.wakeUp();
        long begun = System.nanoTime();
        fetch();
        assertTrue(System.nanoTime() - begun < TimeUnit.MILLISECONDS.toNanos(400));
        assertEquals(1, kinesis.requests("GetRecords"));
        // The call counts once.
        fetch();
        assertEquals(2, kinesis.requests("GetRecords"));
    }

    @Test
    void withoutShardsNothingIsAsked() throws IOException {
        fetch();
        add(Shard.untouched(id(0)), Shard.untouched(id(1)));
        reader.handleSplitsChanges(new SplitsRemoval<>(List.of(Shard.untouched(id(0)), Shard.untouched(id(1)))));
        fetch();
        assertEquals(0, kinesis.requests("GetShardIterator"));
    }
}
