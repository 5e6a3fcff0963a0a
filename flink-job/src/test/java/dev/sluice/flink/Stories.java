package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static dev.sluice.flink.Cluster.never;
import static dev.sluice.flink.World.events;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.source.KinesisSource;
import dev.sluice.flink.timestream.Table;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.AfterEach;

/**
 * The stories of {@link LossesTest} and {@link FaultsTest}: each ends well with this job, and the same story ends badly
 * with the behaviour of the public sample of this pipeline. A test of which only the first half held could not fail.
 * With PostgreSQL, which the sample does not know, the first half is told alone.
 */
@SuppressWarnings("try") // A job runs for as long as its block.
abstract class Stories extends OnCluster {
    World world;

    @AfterEach
    void leave() {
        world.close();
    }

    void begin(Kind kind) {
        world = new World(kind);
    }

    Consumer<StreamExecutionEnvironment> ours() {
        return environment -> Job.describe(environment, world.properties());
    }

    static DataStreamSource<Delivery> stream(StreamExecutionEnvironment environment, World world) {
        return environment.fromSource(
                new KinesisSource(world.properties().streamArn(), World.REGION),
                WatermarkStrategy.noWatermarks(),
                "stream",
                TypeInformation.of(Delivery.class));
    }

    static Consumer<StreamExecutionEnvironment> samples(World world) {
        return samplesFrom(world, 0);
    }

    /**
     * The sample as it starts at LATEST, which is behind all that arrived before {@code startMs}. One sink gets
     * all, so that of a multiple of {@link SampleConsumer#BATCH} events it forgets none merely for their number.
     */
    static Consumer<StreamExecutionEnvironment> samplesFrom(World world, long startMs) {
        return environment -> stream(environment, world)
                .filter(delivery -> delivery.arrivalMs() >= startMs)
                .sinkTo(new SampleConsumer((Table) world.store()))
                .setParallelism(1);
    }

    static void seenBySample(World world, int count) throws Exception {
        Table table = (Table) world.store();
        eventually(() -> assertTrue(SampleConsumer.seen(table) >= count, "the sample has had its chance"));
    }

    /** From here on {@code world} is another one: that in which the sample's behaviour ran, or a fresh one. */
    void enter(World next) {
        world.close();
        world = next;
    }

    /**
     * {@code good} becomes true with this job and, at the same time in a world of its own, not with the
     * sample's behaviour.
     *
     * @param chance how many events the sample is given to see, each time that it sees one
     */
    void storyOf(Kind kind, List<String> events, String faults, int chance, Cluster.Condition good) throws Exception {
        begin(kind);
        world.put(events);
        if (kind != Kind.TIMESTREAM) {
            world.faults(faults);
            endsWell(good);
            return;
        }
        World other = new World();
        other.put(events);
        world.faults(faults);
        try (Cluster.Running sample = cluster.start(samples(other), Optional.empty())) {
            endsWell(good);
            seenBySample(other, chance);
            enter(other);
            never(good);
        }
    }

    void endsWell(Cluster.Condition good) throws Exception {
        try (Cluster.Running running = cluster.start(ours(), Optional.empty())) {
            eventually(good);
        }
    }

    void storyOf(Kind kind, List<String> events, Cluster.Condition good) throws Exception {
        storyOf(kind, events, "{}", events.size(), good);
    }

    void allStored(int count) {
        Map<Double, Integer> expected = new TreeMap<>();
        IntStream.range(0, count).forEach(number -> expected.put((double) number, 1));
        assertEquals(expected, world.temperatures());
    }
}
