package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.flink.domain.Aggregates;
import dev.sluice.flink.domain.Kpl;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What cannot be stored is kept, whether the queue takes it or not, and also when it is away for a while. */
@Execution(ExecutionMode.CONCURRENT) // They wait most of the time, each in a world of its own.
@SuppressWarnings("try") // A job runs for as long as its block.
final class QuarantineTest extends OnCluster {
    @Test
    void whatIsTooLargeForTheQueueLiesInTheBucket() throws Exception {
        try (World world = new World()) {
            String large = "no JSON " + "x".repeat(900_000);
            world.put(large);
            try (Cluster.Running running =
                    cluster.start(environment -> Job.describe(environment, world.properties()), Optional.empty())) {
                eventually(() -> assertEquals(1, world.quarantined().size()));
            }
            JsonNode object = world.quarantined().get(0).path("object");
            assertEquals(large.length(), object.path("bytes").asInt());
            assertEquals(world.name, object.path("bucket").asText());
            assertEquals(large, world.object(object.path("key").asText()));
        }
    }

    @Test
    void whatTheQueueRefusesLiesInTheBucket() throws Exception {
        try (World world = new World()) {
            world.limitQueue(1_024);
            String large = "no JSON " + "x".repeat(1_000);
            world.put("no JSON", large);
            try (Cluster.Running running =
                    cluster.start(environment -> Job.describe(environment, world.properties()), Optional.empty())) {
                eventually(() -> assertEquals(2, world.quarantined().size()));
            }
            JsonNode object = world.quarantined().stream()
                    .filter(message -> message.has("object"))
                    .findFirst()
                    .orElseThrow()
                    .path("object");
            assertEquals(large, world.object(object.path("key").asText()));
        }
    }

    @Test
    void aValueOfAnotherTypeLeavesTheOthersOfItsRecord() throws Exception {
        try (World world = new World()) {
            world.writeText("humidity");
            String event = "{\"DeviceID\": \"a\", \"Time\": " + System.currentTimeMillis()
                    + ", \"temperature_measure\": 1, \"humidity_measure\": 2}";
            world.put(event);
            try (Cluster.Running running = cluster.start(
                    environment -> Job.describe(environment, world.properties("smart-home")), Optional.empty())) {
                eventually(() -> assertEquals(Map.of(event, "store_rejected"), world.quarantinedEvents()));
                eventually(() -> assertEquals(2, world.rows()));
            }
            assertTrue(world.columns().contains("temperature"), () -> "columns: " + world.columns());
        }
    }

    @Test
    void eachRecordOfAnAggregateHasAFateOfItsOwn() throws Exception {
        try (World world = new World()) {
            long now = System.currentTimeMillis();
            List<String> events =
                    List.of(World.event("a", now, 1), "no JSON", World.event("b", now, 2), "no JSON either");
            byte[] aggregate = Aggregates.of(events.stream()
                    .map(event -> new Kpl.UserRecord("key", event.getBytes(StandardCharsets.UTF_8)))
                    .toList());
            byte[] damaged = aggregate.clone();
            damaged[damaged.length - 1] ^= 1;
            world.put(aggregate);
            world.put(damaged);
            try (Cluster.Running running =
                    cluster.start(environment -> Job.describe(environment, world.properties()), Optional.empty())) {
                eventually(() -> assertEquals(3, world.quarantined().size()));
                eventually(() -> assertEquals(Map.of(1.0, 1, 2.0, 1), world.temperatures()));
            }
            Map<String, String> codes = new TreeMap<>();
            for (JsonNode message : world.quarantined()) {
                codes.put(
                        message.path("subsequenceNumber").asText("whole"),
                        message.path("reasons").path(0).path("code").asText());
            }
            assertEquals(Map.of("1", "not_json", "3", "not_json", "whole", "kpl_aggregate"), codes);
        }
    }

    @Test
    void aQueueThatIsAwayIsWaitedForAndCheckpointsGoOn() throws Exception {
        try (World world = new World()) {
            List<String> bad = new ArrayList<>();
            for (int number = 0; number < 50; number++) {
                bad.add("no JSON " + number);
            }
            world.dropQueue();
            world.put(bad);
            Optional<String> checkpoint;
            try (Cluster.Running running =
                    cluster.start(environment -> Job.describe(environment, world.properties()), Optional.empty())) {
                eventually(() -> assertTrue(running.checkpoint().isPresent()));
                Thread.sleep(5_000);
                assertEquals("RUNNING", running.status().name());
                // The events are behind the position of the stream by now, and in no queue: the state has them.
                checkpoint = running.crash();
            }
            assertTrue(checkpoint.isPresent(), "checkpoints go on while the queue is away");
            world.restoreQueue();
            try (Cluster.Running running =
                    cluster.start(environment -> Job.describe(environment, world.properties()), checkpoint)) {
                eventually(() -> assertEquals(50, world.quarantinedEvents().size()));
            }
        }
    }
}
