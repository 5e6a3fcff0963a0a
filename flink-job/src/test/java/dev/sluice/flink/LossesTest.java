package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static dev.sluice.flink.Cluster.never;
import static dev.sluice.flink.World.event;
import static dev.sluice.flink.World.events;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.sink.Entry;
import dev.sluice.flink.sink.StoreSink;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The ten ways in which the public sample of this pipeline loses data, by their numbers; {@link FaultsTest} has those of
 * a store that fails. Without trouble the sample's behaviour ends well, too.
 */
@Execution(ExecutionMode.CONCURRENT) // They wait most of the time, each in a world of its own.
@SuppressWarnings("try") // A job runs for as long as its block.
final class LossesTest extends Stories {
    /** Every fiftieth of {@link World#events}. */
    private static final String POISONED = ".*_measure\": [0-9]*[05]0\\.0}";

    @Test
    void withoutAnyTroubleTheSampleStoresAllAsWell() throws Exception {
        begin(Kind.TIMESTREAM);
        world.put(events(300));
        try (Cluster.Running sample = cluster.start(samples(world), Optional.empty())) {
            eventually(() -> allStored(300));
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss1OneBadRecordCostsNoOther(Kind kind) throws Exception {
        begin(kind);
        List<String> events = events(525);
        world.put(events);
        Consumer<StreamExecutionEnvironment> poisoned = environment -> stream(environment, world)
                .process(new Decoding(world.properties().model(), world.store()))
                .returns(TypeInformation.of(Entry.class))
                .map(entry -> poison(kind, entry))
                .returns(TypeInformation.of(Entry.class))
                .sinkTo(new StoreSink(
                        world.store(), world.quarantine(), world.properties().bufferBytes()));
        try (Cluster.Running running = cluster.start(poisoned, Optional.empty())) {
            eventually(() -> {
                assertEquals(515, world.rows());
                assertEquals(10, world.quarantinedEvents().size());
            });
            // The function of the database finds the row by itself.
            String code = kind == Kind.TIMESTREAM ? "store_invalid" : "store_rejected";
            assertEquals(Set.of(code), Set.copyOf(world.quarantinedEvents().values()));
        }
        // The sample makes a record of its own that fails its whole batch: a dimension without a value.
        World other = new World();
        other.put(events.stream()
                .map(event -> event.matches(POISONED) ? event.replace("{", "{\"site\": null, ") : event)
                .toList());
        try (Cluster.Running sample = cluster.start(samples(other), Optional.empty())) {
            seenBySample(other, events.size());
            enter(other);
            never(() -> assertTrue(world.rows() >= 515));
        }
    }

    /** Every fiftieth record gets what fails its whole request: a version, or a text that PostgreSQL has not. */
    private static Entry poison(Kind kind, Entry entry) {
        if (!new String(entry.origin().data(), StandardCharsets.UTF_8).matches(POISONED)) {
            return entry;
        }
        Record good = entry.record();
        Record bad = switch (kind) {
            case TIMESTREAM -> new Record(good.dimensions(), good.measureName(), good.measured(), good.time(), 0);
            case POSTGRES, DIRECT -> {
                List<DimensionValue> device = List.of(new DimensionValue("DeviceID", "\0"));
                yield new Record(device, good.measureName(), good.measured(), good.time(), good.version());
            }
        };
        return new Entry(bad, entry.origin());
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss1AMissingTableIsWaitedFor(Kind kind) throws Exception {
        begin(kind);
        World other = new World();
        for (World without : List.of(world, other)) {
            without.dropTable();
            without.put(events(225));
        }
        try (Cluster.Running sample = cluster.start(samples(other), Optional.empty());
                Cluster.Running running = cluster.start(ours(), Optional.empty())) {
            seenBySample(other, 225);
            Thread.sleep(3_000);
            assertEquals("RUNNING", running.status().name());
            world.restoreTable();
            other.restoreTable();
            eventually(() -> allStored(225));
            assertEquals(List.of(), world.quarantined());
            enter(other);
            never(() -> allStored(225));
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss3ACorrectionOfTheSameInstantIsStored(Kind kind) throws Exception {
        long now = System.currentTimeMillis();
        List<String> events = new ArrayList<>();
        // Each 75 arrive together, and are a batch of the sample.
        IntStream.range(0, 75).forEach(number -> events.add(event("a", now - number, 1)));
        IntStream.range(0, 75).forEach(number -> events.add(event("a", now - number, 2)));
        storyOf(kind, events, () -> assertEquals(Map.of(2.0, 75), world.temperatures()));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss4ABurstFromTheFutureStaysABurst(Kind kind) throws Exception {
        long future = Instant.parse("2100-01-01T00:00:00Z").toEpochMilli();
        List<String> events = new ArrayList<>();
        IntStream.range(0, 300).forEach(number -> events.add(event("a", future + number, number)));
        storyOf(kind, events, () -> allStored(300));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss5LateDataIsStoredOrInQuarantine(Kind kind) throws Exception {
        long now = System.currentTimeMillis();
        long day = 24L * 60 * 60 * 1000;
        List<String> events = new ArrayList<>();
        // Behind the memory store, and behind the magnetic store.
        IntStream.range(0, 75).forEach(number -> events.add(event("a", now - 30 * day - number, number)));
        IntStream.range(75, 150).forEach(number -> events.add(event("a", now - 500 * day - number, number)));
        storyOf(kind, events, () -> {
            allStored(75);
            assertEquals(75, world.quarantinedEvents().size());
        });
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss6ARedeploymentGoesOnWhereItStopped(Kind kind) throws Exception {
        begin(kind);
        List<String> events = events(300);
        world.put(events.subList(0, 100));
        String savepoint;
        try (Cluster.Running running = cluster.start(ours(), Optional.empty())) {
            eventually(() -> assertEquals(100, world.rows()));
            savepoint = running.stop();
        }
        world.put(events.subList(100, 300));
        try (Cluster.Running running = cluster.start(ours(), Optional.of(savepoint))) {
            eventually(() -> allStored(300));
        }
        // And without a savepoint it reads from the oldest record on.
        enter(new World(kind));
        world.put(events);
        try (Cluster.Running running = cluster.start(ours(), Optional.empty())) {
            eventually(() -> allStored(300));
        }
    }

    @Test
    void loss6TheSampleLosesWhatArrivesBetweenTwoOfItsRuns() throws Exception {
        begin(Kind.TIMESTREAM);
        List<String> events = events(225);
        try (Cluster.Running sample = cluster.start(samples(world), Optional.empty())) {
            world.put(events.subList(0, 75));
            eventually(() -> allStored(75));
        }
        world.put(events.subList(75, 150));
        long now = System.currentTimeMillis() + 1;
        try (Cluster.Running sample = cluster.start(samplesFrom(world, now), Optional.empty())) {
            world.put(events.subList(150, 225));
            eventually(() -> assertEquals(150, world.rows()));
            never(() -> allStored(225));
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss7TheTailIsWrittenWhileTheStreamIsIdle(Kind kind) throws Exception {
        storyOf(kind, events(1), () -> allStored(1));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss7TheTailIsWrittenWithinASecondOrSo(Kind kind) throws Exception {
        begin(kind);
        try (Cluster.Running running = cluster.start(ours(), Optional.empty())) {
            world.put(event("a", System.currentTimeMillis(), 0));
            eventually(() -> assertEquals(1, world.rows()));
            long started = System.nanoTime();
            world.put(event("a", System.currentTimeMillis(), 1));
            eventually(() -> assertEquals(2, world.rows()));
            long tookMs = (System.nanoTime() - started) / 1_000_000;
            assertTrue(tookMs < 5_000, tookMs + " ms from the stream to the store");
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss8TheDocumentedEventAndNestedJsonStopNothing(Kind kind) throws Exception {
        List<String> events = new ArrayList<>();
        events.add(
                "{\"Time\": " + System.currentTimeMillis() + ".499, \"DeviceID\": \"a\", \"temperature_measure\": 0}");
        events.add("{\"DeviceID\": \"a\", \"temperature_measure\": {\"value\": 1}}");
        events.addAll(events(75).subList(1, 75));
        String nested = events.get(1);
        // The sample starts again and again, and sees the first event each time.
        storyOf(kind, List.copyOf(events), "{}", 10, () -> {
            allStored(75);
            assertEquals(Map.of(nested, "not_a_scalar"), world.quarantinedEvents());
        });
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss9NoTimeAndNoDimensionCostNothing(Kind kind) throws Exception {
        List<String> events = new ArrayList<>();
        IntStream.range(0, 75)
                .forEach(number ->
                        events.add("{\"DeviceID\": \"a\", \"site\": null, \"temperature_measure\": " + number + "}"));
        storyOf(kind, events, () -> allStored(75));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss10NoMeasuresAreTold(Kind kind) throws Exception {
        List<String> events = new ArrayList<>(events(75));
        String empty = "{\"DeviceID\": \"a\"}";
        events.add(empty);
        storyOf(kind, events, () -> {
            allStored(75);
            assertEquals(Map.of(empty, "no_measures"), world.quarantinedEvents());
        });
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void loss10AnUnknownFieldIsNoDimension(Kind kind) throws Exception {
        long now = System.currentTimeMillis();
        List<String> events = new ArrayList<>();
        IntStream.range(0, 75)
                .forEach(number -> events.add("{\"DeviceID\": \"a\", \"Time\": " + (now - number) + ", \"nonce\": \"n"
                        + number + "\", \"temperature_measure\": " + number + "}"));
        storyOf(kind, events, () -> {
            allStored(75);
            assertTrue(!world.columns().contains("nonce"), "a dimension of its own for each event");
        });
    }
}
