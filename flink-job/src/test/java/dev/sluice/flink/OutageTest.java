package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static dev.sluice.flink.World.event;
import static dev.sluice.flink.World.events;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that is away for longer than a checkpoint may take costs nothing, and puts nothing there twice. */
@SuppressWarnings("try") // A job runs for as long as its block.
final class OutageTest extends OnCluster {
    private static final long CHECKPOINT_TIMEOUT_MS = 2_000;

    @ParameterizedTest
    @EnumSource(Kind.class)
    void checkpointsThatExpireLoseAndDoubleNothing(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            // More than the buffers of both sinks hold, so that they wait for room.
            int count = 12_000;
            world.dropTable();
            world.put(events(count));
            try (Cluster.Running running = cluster.start(
                    environment -> {
                        environment.getCheckpointConfig().setCheckpointTimeout(CHECKPOINT_TIMEOUT_MS);
                        Job.describe(environment, world.properties());
                    },
                    Optional.empty())) {
                eventually(() -> assertTrue(running.restarted()));
                world.restoreTable();
                eventually(() -> assertEquals(count, world.rows()));
                assertEquals(count, world.temperatures().size());
            }
        }
    }

    /** A cluster that was paused answers after some seconds, and until then that it resumes. */
    @ParameterizedTest
    @EnumSource(names = {"POSTGRES", "DIRECT"})
    void aDatabaseThatResumesIsWaitedFor(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            world.put(events(1_000));
            PostgresCluster.running().resumes(8_000);
            try (Cluster.Running running =
                    cluster.start(environment -> Job.describe(environment, world.properties()), Optional.empty())) {
                eventually(() -> assertEquals(1_000, world.rows()));
                assertFalse(running.restarted());
            }
            assertEquals(List.of(), world.quarantined());
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aConflictIsInQuarantineOnceHoweverOftenItsRequestIsTriedAgain(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            long now = System.currentTimeMillis();
            List<String> pairs = new ArrayList<>();
            // Of two that are put together, now and then one arrives a millisecond later: that is no conflict.
            for (int number = 0; number < 20; number++) {
                pairs.add(event("a", now - number, number));
                pairs.add(event("a", now - number, number + 0.5));
            }
            world.put(pairs);
            world.faults("{\"throttle\": 1.0}");
            try (Cluster.Running running =
                    cluster.start(environment -> Job.describe(environment, world.properties()), Optional.empty())) {
                Thread.sleep(5_000);
                world.noFaults();
                eventually(() -> assertEquals(20, world.rows()));
                eventually(() -> assertFalse(world.quarantined().isEmpty()));
                // Time for what would come twice.
                Thread.sleep(2_000);
            }
            List<JsonNode> kept = world.quarantined();
            Set<String> codes = world.quarantinedEvents().values().stream().collect(Collectors.toSet());
            assertEquals(Set.of("conflicting_record"), codes);
            assertEquals(world.quarantinedEvents().size(), kept.size());
            assertTrue(kept.size() <= 20, kept.size() + " conflicts");
        }
    }
}
