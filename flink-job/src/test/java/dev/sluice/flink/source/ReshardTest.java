package dev.sluice.flink.source;

import static dev.sluice.flink.Cluster.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.Cluster;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A job on a stream that is split and merged again and again while records come in, and that answers badly:
 * it reads each record, those of a key in their order, and none twice unless it was restored.
 */
@SuppressWarnings("try") // A job runs for as long as its block.
final class ReshardTest {
    private static final Duration DISCOVERY = Duration.ofMillis(200);
    private static final int KEYS = 20;
    private static final int ROUNDS = 12;
    private static final int KILLS = 8;

    /** What the job of a test has read, in its order: the JVM of the tests is the cluster's. */
    private static final List<String> READ = Collections.synchronizedList(new ArrayList<>());

    private static Cluster cluster;
    private final List<String> put = new ArrayList<>();
    private final Random chance = new Random(7);
    private FakeKinesis kinesis;

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = new Cluster();
    }

    @AfterAll
    static void stopCluster() throws Exception {
        cluster.close();
    }

    @BeforeEach
    void start() throws Exception {
        READ.clear();
        kinesis = new FakeKinesis(2);
        kinesis.faults(0.3, 0.05, 0.1);
    }

    @AfterEach
    void stop() {
        kinesis.close();
    }

    private Consumer<StreamExecutionEnvironment> job() {
        Stream stream = kinesis.stream();
        return environment -> environment
                .fromSource(new KinesisSource(stream, DISCOVERY), WatermarkStrategy.noWatermarks(), "stream")
                .uid("stream")
                .map(ReshardTest::read)
                .uid("read")
                .sinkTo(new DiscardingSink<>())
                .uid("sink");
    }

    private static String read(Delivery delivery) {
        String data = new String(delivery.data(), StandardCharsets.UTF_8);
        READ.add(data);
        return data;
    }

    /** A record for each key, and then another layout of the shards. */
    private void putAndReshard() {
        for (int key = 0; key < KEYS; key++) {
            String data = "key " + key + " record " + put.size();
            kinesis.put("key " + key, data);
            put.add(data);
        }
        List<Integer> open = kinesis.open();
        int at = chance.nextInt(open.size());
        if (open.size() > 1 && (open.size() > 5 || chance.nextBoolean())) {
            int lower = Math.min(at, open.size() - 2);
            kinesis.merge(open.get(lower), open.get(lower + 1));
        } else {
            kinesis.split(open.get(at));
        }
        // Each shard for once, read or not: one that too many listings in a row lack counts as gone.
        kinesis.hide(put.size() / KEYS - 1, Stream.LISTINGS - 1);
    }

    private static Map<String, List<String>> byKey(List<String> data) {
        Map<String, List<String>> keys = new TreeMap<>();
        data.forEach(one -> keys.computeIfAbsent(one.substring(0, one.indexOf(" record")), key -> new ArrayList<>())
                .add(one));
        return keys;
    }

    @Test
    void eachRecordIsReadOnceAndInTheOrderOfItsKey() throws Exception {
        try (Cluster.Running running = cluster.start(job(), Optional.empty())) {
            for (int round = 0; round < ROUNDS; round++) {
                putAndReshard();
                Thread.sleep(500);
            }
            eventually(() -> assertTrue(READ.size() >= put.size(), READ.size() + " of " + put.size()));
            // Time for a shard to be read a second time.
            Thread.sleep(10 * DISCOVERY.toMillis());
            assertEquals(byKey(put), byKey(READ));
            assertFalse(running.restarted());
        }
    }

    @Test
    void aListingThatLacksShardsThatAreReadChangesNothing() throws Exception {
        kinesis.faults(0, 0, 0);
        try (Cluster.Running running = cluster.start(job(), Optional.empty())) {
            putAndReshard();
            eventually(() -> assertEquals(put.size(), READ.size()));
            List<Integer> open = kinesis.open();
            open.forEach(shard -> kinesis.hide(shard, 1));
            int listings = kinesis.requests("ListShards");
            eventually(() -> assertTrue(kinesis.requests("ListShards") > listings + 6));
            // They end, and have to end once.
            open.forEach(kinesis::split);
            putAndReshard();
            eventually(() -> assertTrue(READ.size() >= put.size()));
            Thread.sleep(10 * DISCOVERY.toMillis());
            assertEquals(byKey(put), byKey(READ));
            assertFalse(running.restarted());
        }
    }

    @Test
    void aJobThatIsKilledAmidReshardsLosesNothing() throws Exception {
        Optional<String> checkpoint = Optional.empty();
        for (int kill = 0; kill < KILLS; kill++) {
            try (Cluster.Running running = cluster.start(job(), checkpoint)) {
                putAndReshard();
                eventually(() -> assertTrue(running.checkpoint().isPresent()));
                putAndReshard();
                Thread.sleep(chance.nextInt(1_000));
                checkpoint = running.crash();
            }
        }
        try (Cluster.Running running = cluster.start(job(), checkpoint)) {
            eventually(() -> assertEquals(put.size(), new LinkedHashSet<>(READ).size()));
            assertFalse(running.restarted());
        }
        // What comes again comes again; the first of each record comes in the order of its key.
        assertEquals(byKey(put), byKey(List.copyOf(new LinkedHashSet<>(READ))));
    }

    @Test
    void shardsThatAreGoneHoldUpNothing() throws Exception {
        kinesis.faults(0, 0, 0);
        putAndReshard();
        kinesis.split(kinesis.open().get(0));
        List<Integer> open = kinesis.open();
        for (int shard = 0; shard < open.get(open.size() - 1); shard++) {
            if (!open.contains(shard)) {
                kinesis.forget(shard);
            }
        }
        put.clear();
        putAndReshard();
        try (Cluster.Running running = cluster.start(job(), Optional.empty())) {
            eventually(() -> assertTrue(READ.containsAll(put)));
            assertFalse(running.restarted());
        }
    }
}
