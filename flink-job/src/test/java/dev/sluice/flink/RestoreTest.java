package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * At least once, with idempotent writes: a job that crashes again and again while events come in and the
 * store misbehaves leaves in the store and in quarantine what one that never crashed leaves there.
 */
@Execution(ExecutionMode.CONCURRENT) // They wait most of the time, each in a world of its own.
@SuppressWarnings("try") // A job runs for as long as its block.
final class RestoreTest extends OnCluster {
    private static final int EVENTS = 6_000;
    private static final int CRASHES = 10;

    /** Every so many events one cannot be stored. */
    private static final int BAD = 100;

    @ParameterizedTest
    @EnumSource(Kind.class)
    void afterTenCrashesEveryEventIsWhereItWouldBeWithoutThem(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            world.faults("{\"throttle\": 0.2, \"internal\": 0.1, \"lost_answer\": 0.1, \"delay_ms\": 20}");
            Consumer<StreamExecutionEnvironment> job = environment -> Job.describe(environment, world.properties());
            List<String> events = events();
            CompletableFuture<Void> producer = CompletableFuture.runAsync(() -> trickle(world, events));

            Random moments = new Random(7);
            Optional<String> snapshot = Optional.empty();
            int fromCheckpoints = 0;
            for (int crash = 0; crash < CRASHES; crash++) {
                try (Cluster.Running running = cluster.start(job, snapshot)) {
                    // A job that got no further than its start has no checkpoint: it goes on from the one before.
                    if (crash % 3 > 0) {
                        eventually(() -> assertTrue(running.checkpoint().isPresent()));
                    }
                    Thread.sleep(moments.nextInt(1_800));
                    Optional<String> checkpoint = running.crash();
                    fromCheckpoints += checkpoint.isPresent() ? 1 : 0;
                    snapshot = checkpoint.isPresent() ? checkpoint : snapshot;
                }
            }
            assertTrue(fromCheckpoints > CRASHES / 2, fromCheckpoints + " crashes came after a checkpoint");
            assertTrue(world.rows() > 0, "nothing was written before the last crash");
            producer.join();
            world.noFaults();

            Set<String> bad =
                    events.stream().filter(event -> event.contains("hot")).collect(Collectors.toSet());
            try (Cluster.Running running = cluster.start(job, snapshot)) {
                eventually(() -> assertEquals(EVENTS - EVENTS / BAD, world.rows()));
                eventually(() -> assertEquals(bad, world.quarantinedEvents().keySet()));
            }
            Map<Double, Integer> once = new TreeMap<>();
            for (int number = 0; number < EVENTS; number++) {
                if (number % BAD != 0) {
                    once.put((double) number, 1);
                }
            }
            assertEquals(once, world.temperatures());
            // A message may be there twice, with the same sequence number: as many numbers as bad events.
            Set<String> numbers = new TreeSet<>();
            world.quarantined()
                    .forEach(message ->
                            numbers.add(message.path("sequenceNumber").asText()));
            assertEquals(bad.size(), numbers.size());
        }
    }

    private static List<String> events() {
        List<String> events = new ArrayList<>(World.events(EVENTS));
        for (int number = 0; number < EVENTS; number += BAD) {
            events.set(number, "{\"DeviceID\": \"d" + number + "\", \"temperature_measure\": \"hot\"}");
        }
        return events;
    }

    private static void trickle(World world, List<String> events) {
        for (int from = 0; from < events.size(); from += 75) {
            world.put(events.subList(from, Math.min(events.size(), from + 75)));
            try {
                Thread.sleep(100);
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        }
    }
}
