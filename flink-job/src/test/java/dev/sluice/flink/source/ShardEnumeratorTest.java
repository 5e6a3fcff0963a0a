package dev.sluice.flink.source;

import static dev.sluice.flink.source.FakeKinesis.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which shard is given out when: each once, and none before its parents were read. */
final class ShardEnumeratorTest {
    private static final Shards NONE = new Shards(Set.of(), Set.of());
    private static final Duration DISCOVERY = Duration.ofSeconds(10);

    private FakeKinesis kinesis;
    private Context context;
    private ShardEnumerator enumerator;

    @BeforeEach
    void start() throws IOException {
        kinesis = new FakeKinesis(2);
        restore(NONE);
    }

    private void restore(Shards shards) {
        if (enumerator != null) {
            enumerator.close();
        }
        context = new Context();
        enumerator = new ShardEnumerator(context, kinesis.stream(), DISCOVERY, shards);
        enumerator.start();
    }

    @AfterEach
    void stop() {
        enumerator.close();
        kinesis.close();
    }

    private void finish(int... shards) {
        List<String> ids = new ArrayList<>();
        for (int shard : shards) {
            ids.add(id(shard));
        }
        enumerator.handleSourceEvent(0, new ShardsFinished(ids));
    }

    private static Set<String> ids(int... shards) {
        Set<String> ids = new TreeSet<>();
        for (int shard : shards) {
            ids.add(id(shard));
        }
        return ids;
    }

    @Test
    void neighboursGoToDifferentReaders() {
        Set<Integer> readers = new TreeSet<>();
        for (String id : List.of(id(0), id(1), id(2))) {
            readers.add(ShardEnumerator.reader(id, 3));
        }
        assertEquals(Set.of(0, 1, 2), readers);
        assertEquals(0, ShardEnumerator.reader(id(7), 1));
        assertEquals("other".hashCode() & 1, ShardEnumerator.reader("other", 2));
    }

    @Test
    void aShardWaitsForItsReader() {
        context.look();
        assertEquals(List.of(), context.given());
        context.register(1);
        enumerator.addReader(1);
        assertEquals(List.of("1 gets " + id(1)), context.given());
        context.register(0);
        enumerator.addReader(0);
        assertEquals(List.of("0 gets " + id(0)), context.given());
        context.look();
        assertEquals(List.of(), context.given());
        assertEquals(new Shards(ids(0, 1), Set.of()), enumerator.snapshotState(1));
        assertEquals(DISCOVERY.toMillis(), context.periodMs);
    }

    @Test
    void aStreamThatDoesNotAnswerIsAskedAgain() {
        context.register(0, 1);
        kinesis.gone(true);
        context.look();
        assertEquals(List.of(), context.given());
        kinesis.gone(false);
        context.look();
        assertEquals(List.of("0 gets " + id(0), "1 gets " + id(1)), context.given());
    }

    @Test
    void incompleteListingsGiveNoShardTwice() {
        context.register(0, 1);
        context.look();
        context.given();
        // Read or not, and however many listings lack it: its reader has it.
        kinesis.hide(0, 7);
        for (int listing = 0; listing < 10; listing++) {
            context.look();
        }
        assertEquals(List.of(), context.given());
        finish(0);
        kinesis.hide(0, Stream.LISTINGS - 1);
        for (int listing = 0; listing < 10; listing++) {
            context.look();
        }
        assertEquals(List.of(), context.given());
        assertEquals(new Shards(ids(1), ids(0)), enumerator.snapshotState(1));
    }

    @Test
    void aShardIsForgottenThatWasReadAndIsNotListedAnyMore() {
        context.register(0, 1);
        context.look();
        context.given();
        kinesis.split(0);
        kinesis.forget(0);
        for (int listing = 0; listing < 5; listing++) {
            context.look();
        }
        // Its reader still has it.
        assertEquals(ids(0, 1), enumerator.snapshotState(1).given());
        finish(0);
        context.look();
        assertEquals(new Shards(ids(1, 2, 3), Set.of()), enumerator.snapshotState(2));
        assertEquals(List.of("0 gets " + id(2), "1 gets " + id(3)), context.given());
    }

    @Test
    void childrenWaitForTheirParents() {
        context.register(0, 1);
        context.look();
        context.given();
        kinesis.split(0);
        kinesis.split(1);
        context.look();
        assertEquals(List.of(), context.given());
        finish(0);
        assertEquals(List.of("0 gets " + id(2), "1 gets " + id(3)), context.given());
        kinesis.merge(3, 4);
        context.look();
        finish(3);
        assertEquals(List.of(), context.given());
        finish(1);
        assertEquals(List.of("0 gets " + id(4), "1 gets " + id(5)), context.given());
        finish(4);
        assertEquals(List.of("0 gets " + id(6)), context.given());
    }

    @Test
    void parentsThatAreGoneAreNotWaitedForLong() {
        kinesis.split(0);
        kinesis.forget(0);
        context.register(0, 1);
        for (int listing = 1; listing < Stream.LISTINGS; listing++) {
            context.look();
        }
        assertEquals(List.of("1 gets " + id(1)), context.given());
        context.look();
        assertEquals(List.of("0 gets " + id(2), "1 gets " + id(3)), context.given());
    }

    @Test
    void aParentThatAListingLacksIsReadFirst() {
        kinesis.split(0);
        kinesis.hide(0, 2);
        context.register(0, 1);
        context.look();
        context.look();
        assertEquals(List.of("1 gets " + id(1)), context.given());
        context.look();
        assertEquals(List.of("0 gets " + id(0)), context.given());
        // The count of listings begins again.
        kinesis.hide(0, 2);
        context.look();
        context.look();
        assertEquals(List.of(), context.given());
    }

    @Test
    void aRestoredJobGivesOutWhatNoReaderHas() {
        context.register(0, 1);
        context.look();
        kinesis.split(0);
        finish(0);
        restore(enumerator.snapshotState(1));
        context.register(0, 1);
        context.look();
        assertEquals(List.of("0 gets " + id(2), "1 gets " + id(3)), context.given());
    }

    @Test
    void whatAReaderLostIsGivenOutAgain() {
        context.register(0, 1);
        context.look();
        context.given();
        finish(1);
        context.unregister(1);
        enumerator.addSplitsBack(List.of(Shard.untouched(id(1))), 1);
        assertEquals(new Shards(ids(0), Set.of()), enumerator.snapshotState(1));
        context.register(1);
        enumerator.addReader(1);
        assertEquals(List.of("1 gets " + id(1)), context.given());
    }

    @Test
    void positionsOutliveTheJob() throws IOException {
        Shards shards = new Shards(ids(0, 1), ids(2));
        ShardsSerializer many = new ShardsSerializer();
        assertEquals(shards, many.deserialize(many.getVersion(), many.serialize(shards)));
        ShardSerializer one = new ShardSerializer();
        for (Shard shard : List.of(Shard.untouched(id(0)), new Shard(id(2), "4961"), Shard.ended(id(3)))) {
            assertEquals(shard, one.deserialize(one.getVersion(), one.serialize(shard)));
            assertEquals(shard, one.deserialize(1, one.serialize(shard)));
            assertThrows(IOException.class, () -> one.deserialize(3, one.serialize(shard)));
        }
        assertThrows(IOException.class, () -> many.deserialize(3, many.serialize(shards)));
        // Version 1: "a" and "b" are known, of which "b" waits at "".
        byte[] first = HexFormat.of().parseHex("00000002" + "000161" + "000162" + "00000001" + "000162" + "0000");
        assertEquals(new Shards(Set.of(), Set.of("a")), many.deserialize(1, first));
    }

    /** Flink's side of the enumerator, on the thread of the test: it looks when it is told to. */
    private static final class Context implements SplitEnumeratorContext<Shard> {
        private final Map<Integer, ReaderInfo> readers = new HashMap<>();
        private List<String> given = new ArrayList<>();
        private Runnable look;
        private long periodMs;

        private void register(int... subtasks) {
            for (int subtask : subtasks) {
                readers.put(subtask, new ReaderInfo(subtask, "localhost"));
            }
        }

        private void unregister(int subtask) {
            readers.remove(subtask);
        }

        private void look() {
            look.run();
        }

        /** What was given out since it was asked last. */
        private List<String> given() {
            List<String> before = given;
            given = new ArrayList<>();
            return before;
        }

        @Override
        public SplitEnumeratorMetricGroup metricGroup() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sendEventToSourceReader(int subtask, org.apache.flink.api.connector.source.SourceEvent event) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int currentParallelism() {
            return 2;
        }

        @Override
        public Map<Integer, ReaderInfo> registeredReaders() {
            return readers;
        }

        @Override
        public void assignSplits(SplitsAssignment<Shard> assignment) {
            assignment
                    .assignment()
                    .forEach((reader, shards) -> shards.forEach(shard -> {
                        assertEquals("", shard.after());
                        given.add(reader + " gets " + shard.id());
                    }));
        }

        @Override
        public void signalNoMoreSplits(int subtask) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler, long delayMs, long periodMs) {
            this.periodMs = periodMs;
            look = () -> {
                T found = null;
                Throwable failure = null;
                try {
                    found = callable.call();
                } catch (Exception failed) {
                    failure = failed;
                }
                handler.accept(found, failure);
            };
        }

        @Override
        public void runInCoordinatorThread(Runnable runnable) {
            throw new UnsupportedOperationException();
        }
    }
}
