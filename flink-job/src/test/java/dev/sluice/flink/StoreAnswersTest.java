package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.flink.postgres.DataApi;
import dev.sluice.flink.postgres.Database;
import dev.sluice.flink.sink.Store;
import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that refuses a value, a record, everything, or what is late; and a queue that does not take it at once. */
@SuppressWarnings("try") // A job runs for as long as its block.
final class StoreAnswersTest {
    private static final int MEMORY_HOURS = 24;
    private static final long NOW_MS = System.currentTimeMillis();
    private static final long MEMORY_BEGINS_MS = NOW_MS - TimeUnit.HOURS.toMillis(MEMORY_HOURS);

    private static Cluster cluster;
    private Scripted services;

    @BeforeAll
    static void start() throws Exception {
        cluster = new Cluster();
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
    }

    @BeforeEach
    void make() throws IOException {
        services = new Scripted();
    }

    @AfterEach
    void leave() {
        services.close();
    }

    /** Gives the events of a list. */
    private record Events(List<Delivery> deliveries) implements GeneratorFunction<Long, Delivery> {
        private static final long serialVersionUID = 1;

        @Override
        public Delivery map(Long index) {
            return deliveries.get(index.intValue());
        }
    }

    private static Store store(Kind kind) {
        return switch (kind) {
            case TIMESTREAM -> new Table("us-east-1", "database", "table", Timestream.retention(MEMORY_HOURS));
            case POSTGRES ->
                new Database(
                        new DataApi(
                                "us-east-1",
                                "arn:aws:rds:us-east-1:000000000000:cluster:store",
                                "arn:aws:secretsmanager:us-east-1:000000000000:secret:writer"),
                        "database",
                        "table");
            case DIRECT -> throw new IllegalArgumentException("it is no service of HTTP");
        };
    }

    private Cluster.Running job(Kind kind, List<Delivery> deliveries) throws Exception {
        return job(kind, deliveries, Double.POSITIVE_INFINITY, Optional.empty());
    }

    private Cluster.Running job(Kind kind, List<Delivery> deliveries, double perSecond, Optional<String> snapshot)
            throws Exception {
        String model = Files.readString(Path.of("../test-vectors/models/smart-home.json"));
        JobProperties properties = new JobProperties(
                "arn:aws:kinesis:us-east-1:000000000000:stream/events",
                "us-east-1",
                store(kind),
                services.url() + "/queue",
                "bucket",
                32,
                "test",
                model);
        var source = new DataGeneratorSource<>(
                new Events(new ArrayList<>(deliveries)),
                deliveries.size(),
                Double.isInfinite(perSecond) ? RateLimiterStrategy.noOp() : RateLimiterStrategy.perSecond(perSecond),
                TypeInformation.of(Delivery.class));
        return cluster.start(
                environment -> {
                    environment.setParallelism(1);
                    Job.describe(environment, properties, source);
                },
                snapshot);
    }

    private static Delivery delivery(int number, long arrivalMs, String event) {
        return new Delivery(
                event.getBytes(StandardCharsets.UTF_8), "p", Integer.toString(number), arrivalMs, "shardId-0");
    }

    private static String event(String device, long timeMs, String measures) {
        return "{\"DeviceID\": \"" + device + "\", \"Time\": " + timeMs + ", " + measures + "}";
    }

    private static List<Delivery> events(int count) {
        List<Delivery> events = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            events.add(delivery(number, NOW_MS, event("d", NOW_MS - number, "\"temperature_measure\": " + number)));
        }
        return events;
    }

    /** Sequence numbers in quarantine, once for each message. */
    private List<String> quarantined() {
        return services.messages().stream()
                .map(message -> message.path("sequenceNumber").asText())
                .sorted()
                .toList();
    }

    private Set<String> codes() {
        Set<String> codes = new TreeSet<>();
        for (JsonNode message : services.messages()) {
            message.path("reasons")
                    .forEach(reason -> codes.add(reason.path("code").asText()));
        }
        return codes;
    }

    @Test
    void aValueOfAnotherTypeLeavesTheOthersOfItsRecord() throws Exception {
        services.column("humidity", "VARCHAR");
        List<Delivery> events = new ArrayList<>(events(20));
        String both = "\"temperature_measure\": 1, \"humidity_measure\": 2";
        events.set(7, delivery(7, NOW_MS, event("d", NOW_MS - 7, both)));
        try (Cluster.Running running = job(Kind.TIMESTREAM, events)) {
            eventually(() -> assertEquals(20, services.rows().size()));
            eventually(() -> assertEquals(List.of("7"), quarantined()));
        }
        assertEquals(Set.of("store_rejected"), codes());
        String said = services.messages()
                .get(0)
                .path("reasons")
                .path(0)
                .path("message")
                .asText();
        assertTrue(said.contains("\"humidity\" has the data type DOUBLE"), said);
        Set<Set<String>> measures = services.rows().values().stream()
                .map(row -> row.measures().keySet())
                .collect(Collectors.toSet());
        assertEquals(Set.of(Set.of("temperature")), measures);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void aRecordThatIsRefusedCostsNoOther(Kind kind) throws Exception {
        List<Delivery> events = new ArrayList<>(events(20));
        events.set(7, delivery(7, NOW_MS, event(Scripted.UNWANTED, NOW_MS, "\"temperature_measure\": 1")));
        try (Cluster.Running running = job(kind, events)) {
            eventually(() -> assertEquals(19, services.rows().size()));
            eventually(() -> assertEquals(List.of("7"), quarantined()));
        }
        assertEquals(Set.of("store_rejected"), codes());
    }

    /** What is there in a later version is neither written nor in quarantine. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void aLaterVersionStays(Kind kind) throws Exception {
        List<Delivery> events = List.of(
                delivery(0, NOW_MS + 1, event("d", NOW_MS, "\"temperature_measure\": 1")),
                delivery(1, NOW_MS, event("d", NOW_MS, "\"temperature_measure\": 2")),
                delivery(2, NOW_MS, event("d", NOW_MS - 1, "\"temperature_measure\": 3")));
        // Slower than requests are: each event has one of its own.
        try (Cluster.Running running = job(kind, events, 0.5, Optional.empty())) {
            eventually(() -> assertEquals(2, services.rows().size()));
        }
        assertEquals(List.of(), services.messages());
        Set<String> temperatures = services.rows().values().stream()
                .map(row -> row.measures().get("temperature"))
                .collect(Collectors.toSet());
        assertEquals(Set.of("1.0", "3.0"), temperatures);
    }

    /** A pause, a failover, a server that is gone: nothing of it is a matter of the records. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void aStoreThatIsAwayIsWaitedFor(Kind kind) throws Exception {
        services.isAway(true);
        try (Cluster.Running running = job(kind, events(1_500))) {
            Thread.sleep(3_000);
            services.isAway(false);
            eventually(() -> assertEquals(1_500, services.rows().size()));
        }
        assertEquals(List.of(), services.messages());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void aStoreThatCallsEverythingInvalidIsWaitedFor(Kind kind) throws Exception {
        services.callsAllInvalid(true);
        try (Cluster.Running running = job(kind, events(150))) {
            Thread.sleep(4_000);
            assertEquals(List.of(), services.messages());
            services.callsAllInvalid(false);
            eventually(() -> assertEquals(150, services.rows().size()));
        }
        assertEquals(List.of(), services.messages());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void poisonInEveryRecordEndsInQuarantine(Kind kind) throws Exception {
        List<Delivery> poison = new ArrayList<>();
        for (int number = 0; number < 5; number++) {
            String event = event(Scripted.POISON, NOW_MS - number, "\"temperature_measure\": 1");
            poison.add(delivery(number, NOW_MS, event));
        }
        try (Cluster.Running running = job(kind, poison)) {
            eventually(() -> assertEquals(List.of("0", "1", "2", "3", "4"), quarantined()));
        }
        assertEquals(Set.of("store_invalid"), codes());
        assertEquals(Map.of(), services.rows(), "a probe leaves nothing behind");
    }

    /** Written again, the event that contradicts would be older than the row, and dropped. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void aConflictKeepsItsReasonUntilTheQueueTakesIt(Kind kind) throws Exception {
        services.refusesMessages(3);
        List<Delivery> events = List.of(
                delivery(0, NOW_MS, event("d", NOW_MS, "\"temperature_measure\": 1")),
                delivery(1, NOW_MS + 1, event("d", NOW_MS, "\"humidity_measure\": 2")),
                delivery(2, NOW_MS, event("d", NOW_MS, "\"temperature_measure\": 9")));
        try (Cluster.Running running = job(kind, events)) {
            eventually(() -> assertEquals(List.of("2"), quarantined()));
        }
        assertEquals(Set.of("conflicting_record"), codes());
        assertEquals(
                List.of(Map.of("temperature", "1.0", "humidity", "2.0")),
                services.rows().values().stream()
                        .map(ScriptedTable.Row::measures)
                        .toList());
    }

    /** Many small rows are as many as a request takes; of large ones fewer are too much for it. */
    @Test
    void aRequestToPostgresHasNoMoreThanItTakes() throws Exception {
        List<Delivery> events = new ArrayList<>(events(3_000));
        String large = "\\\"".repeat(1_000);
        for (int number = 3_000; number < 6_000; number++) {
            events.add(delivery(number, NOW_MS, event(large, NOW_MS - number, "\"temperature_measure\": 1")));
        }
        try (Cluster.Running running = job(Kind.POSTGRES, events)) {
            eventually(() -> assertEquals(6_000, services.rows().size()));
        }
        assertEquals(500, services.postgres().mostRows());
        int most = services.postgres().mostBytes();
        assertTrue(most > 1_000_000 && most <= 1 << 20, most + " bytes");
    }

    /** Late events before fresh ones, and more of them than the requests at once can carry. */
    private static List<Delivery> lateAndFresh(int late, int fresh) {
        List<Delivery> events = new ArrayList<>();
        for (int number = 0; number < late + fresh; number++) {
            long time = number < late ? MEMORY_BEGINS_MS - 1 - number : NOW_MS - number;
            events.add(delivery(number, NOW_MS, event("d", time, "\"temperature_measure\": 1")));
        }
        return events;
    }

    @Test
    void freshRecordsDoNotWaitForLateOnes() throws Exception {
        services.throttlesBefore(TimeUnit.MILLISECONDS.toNanos(MEMORY_BEGINS_MS));
        try (Cluster.Running running = job(Kind.TIMESTREAM, lateAndFresh(3_000, 2_000))) {
            // The late ones would stay before them in one queue for as long as they are throttled.
            eventually(() -> assertEquals(2_000, services.rows().size()));
            services.throttlesBefore(Long.MIN_VALUE);
            eventually(() -> assertEquals(5_000, services.rows().size()));
        }
        assertEquals(List.of(), services.messages());
    }

    @Test
    void lateRecordsThatWaitAreInTheCheckpoint() throws Exception {
        services.throttlesBefore(TimeUnit.MILLISECONDS.toNanos(MEMORY_BEGINS_MS));
        List<Delivery> events = lateAndFresh(1_000, 5_000);
        Optional<String> checkpoint;
        try (Cluster.Running running = job(Kind.TIMESTREAM, events, 1_000, Optional.empty())) {
            // The source is behind the late ones by then.
            eventually(() -> assertTrue(services.rows().size() > 1_000));
            Thread.sleep(1_500);
            checkpoint = running.crash();
        }
        assertTrue(checkpoint.isPresent(), "checkpoints go on while late records are throttled");
        services.throttlesBefore(Long.MIN_VALUE);
        try (Cluster.Running running = job(Kind.TIMESTREAM, events, 1_000_000, checkpoint)) {
            eventually(() -> assertEquals(6_000, services.rows().size()));
        }
    }
}
