package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static dev.sluice.flink.Cluster.never;
import static dev.sluice.flink.World.event;
import static dev.sluice.flink.World.events;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The first two ways in which the public sample of this pipeline loses data: its store fails, or refuses a record.
 * {@link LossesTest} has the others. One after the other, since what a store does wrong, it does to everybody.
 */
@SuppressWarnings("try") // A job runs for as long as its block.
final class FaultsTest extends Stories {
    static List<Arguments> faults() {
        List<Arguments> faults = new ArrayList<>();
        for (String wrong : List.of(
                "{\"throttle\": 0.3}",
                "{\"internal\": 0.3}",
                "{\"lost_answer\": 0.3, \"throttle\": 0.2}",
                "{\"throttle\": 0.3, \"internal\": 0.1, \"lost_answer\": 0.05, \"delay_ms\": 100}")) {
            for (Kind kind : Kind.values()) {
                faults.add(Arguments.of(kind, wrong));
            }
        }
        return faults;
    }

    @ParameterizedTest
    @MethodSource("faults")
    void loss1AnErrorOfTheStoreDropsNothing(Kind kind, String faults) throws Exception {
        // 40 batches of the sample. A session that ends takes its successor's beginning with it, which is slow.
        int count = kind == Kind.DIRECT ? 600 : 3_000;
        storyOf(kind, events(count), faults, count, () -> allStored(count));
    }

    @ParameterizedTest
    @EnumSource(names = {"TIMESTREAM", "POSTGRES"})
    void loss1AnAnswerThatTakesTooLongDropsNothing(Kind kind) throws Exception {
        // Longer than an attempt may take, of Timestream.
        String slow = "{\"delay_ms\": 11000}";
        List<String> events = events(300);
        World other = kind == Kind.TIMESTREAM ? new World() : null;
        begin(kind);
        for (World one : Stream.of(world, other).filter(Objects::nonNull).toList()) {
            one.put(events);
            one.faults(slow);
        }
        try (Cluster.Running sample = other == null ? null : cluster.start(samples(other), Optional.empty());
                Cluster.Running running = cluster.start(ours(), Optional.empty())) {
            // Both have sent requests by then.
            Thread.sleep(3_000);
            world.noFaults();
            eventually(() -> allStored(300));
            assertEquals(List.of(), world.quarantined());
            if (other != null) {
                seenBySample(other, 300);
                enter(other);
                never(() -> allStored(300));
            }
        }
    }

    @Test
    void loss2ARejectedRecordIsInQuarantine() throws Exception {
        List<String> events = events(600);
        storyOf(
                Kind.TIMESTREAM,
                events,
                "{\"reject\": 0.2, \"reject_reason\": \"as the test wants it\"}",
                events.size(),
                () -> {
                    Map<String, String> kept = world.quarantinedEvents();
                    Set<Double> stored = world.temperatures().keySet();
                    List<String> lost = new ArrayList<>(events);
                    lost.removeIf(event -> kept.containsKey(event)
                            || stored.contains(Double.valueOf(event.replaceAll(".*: ([0-9.]+)}", "$1"))));
                    assertEquals(List.of(), lost);
                    assertTrue(kept.values().stream().allMatch("store_rejected"::equals));
                    assertTrue(kept.size() > 60, "a fifth of 600");
                });
    }
}
