package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The process of {@code --local}, from outside: its command line, its files, its signals. */
@Execution(ExecutionMode.CONCURRENT) // They wait most of the time, each in a world of its own.
final class LocalRunTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int EVENTS = 9_000;
    private static final int KILLS = 10;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Services.running();
    }

    private Process run(World world) throws IOException {
        JobProperties named = world.properties();
        int half = named.model().length() / 2;
        Map<String, String> pipeline = new TreeMap<>(world.storeProperties());
        pipeline.putAll(Map.of(
                "StreamArn", named.streamArn(),
                "Region", named.region(),
                "QuarantineUrl", named.quarantineUrl(),
                "RejectedBucket", named.rejectedBucket(),
                "BufferMegabytes", Integer.toString(named.bufferMegabytes()),
                "Environment", named.environment()));
        Map<String, String> model = Map.of(
                "json.00",
                named.model().substring(0, half),
                "json.01",
                named.model().substring(half));
        Path properties = folder.resolve("properties.json");
        JSON.writeValue(
                properties.toFile(),
                List.of(
                        Map.of("PropertyGroupId", "pipeline", "PropertyMap", pipeline),
                        Map.of("PropertyGroupId", "model", "PropertyMap", model)));
        ProcessBuilder java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                // It lives for seconds: what it takes to start is what counts.
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--local",
                "--properties",
                properties.toString(),
                "--state",
                folder.resolve("state").toString(),
                "--web-port",
                "0");
        Map<String, String> variables = java.environment();
        variables.put("AWS_ENDPOINT_URL", System.getProperty("aws.endpointUrl"));
        variables.put("AWS_ENDPOINT_URL_TIMESTREAM_WRITE", System.getProperty("aws.endpointUrlTimestreamWrite"));
        variables.put("AWS_ENDPOINT_URL_RDS_DATA", System.getProperty("aws.endpointUrlRdsData", ""));
        variables.put("AWS_ACCESS_KEY_ID", "test");
        variables.put("AWS_SECRET_ACCESS_KEY", "test");
        Files.deleteIfExists(folder.resolve("state/status"));
        return java.redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
                .start();
    }

    private JsonNode status() throws IOException {
        Path file = folder.resolve("state/status");
        return Files.exists(file) ? JSON.readTree(file.toFile()) : JSON.createObjectNode();
    }

    /** Whether the process that runs has completed a checkpoint; what it was restored from is not its own. */
    private boolean hasCheckpoint() throws IOException {
        String restored = status().path("restoredFrom").asText("none");
        try (Stream<Path> files = Files.walk(folder.resolve("state/checkpoints"))) {
            return files.anyMatch(file -> file.endsWith("_metadata") && !file.startsWith(restored));
        } catch (UncheckedIOException gone) {
            return false;
        }
    }

    private void runs() throws Exception {
        eventually(() -> assertEquals("RUNNING", status().path("status").asText()));
    }

    @ParameterizedTest
    @EnumSource(names = {"TIMESTREAM", "DIRECT"})
    void killedTenTimesUnderLoadItWritesWhatItWouldHaveWritten(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            world.faults("{\"throttle\": 0.1, \"lost_answer\": 0.1, \"delay_ms\": 20}");
            List<String> events = World.events(EVENTS);
            CompletableFuture<Void> producer = CompletableFuture.runAsync(() -> trickle(world, events));
            Random moments = new Random(11);
            int restored = 0;
            for (int kill = 0; kill < KILLS; kill++) {
                Process process = run(world);
                try {
                    runs();
                    restored += status().has("restoredFrom") ? 1 : 0;
                    // Every second time there is something new to go on from.
                    if (kill % 2 == 0) {
                        eventually(() -> assertTrue(hasCheckpoint(), "a checkpoint of this run"));
                    }
                    Thread.sleep(moments.nextInt(2_500));
                } finally {
                    process.destroyForcibly().waitFor();
                }
            }
            assertTrue(restored >= KILLS / 2, restored + " starts went on from a checkpoint");
            producer.join();
            Process process = run(world);
            try {
                eventually(() -> assertEquals(EVENTS, world.rows()));
            } finally {
                process.destroyForcibly().waitFor();
            }
            Map<Double, Integer> once = new TreeMap<>();
            for (int number = 0; number < EVENTS; number++) {
                once.put((double) number, 1);
            }
            assertEquals(once, world.temperatures());
            assertEquals(List.of(), world.quarantined());
        }
    }

    private static void trickle(World world, List<String> events) {
        for (int from = 0; from < events.size(); from += 75) {
            world.put(events.subList(from, Math.min(events.size(), from + 75)));
            try {
                Thread.sleep(400);
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        }
    }

    @Test
    void toldToStopItTakesASavepointAndGoesOnFromIt() throws Exception {
        try (World world = new World()) {
            List<String> events = World.events(200);
            Process first = run(world);
            try {
                runs();
                int port = Integer.parseInt(Files.readString(folder.resolve("state/web-port")));
                assertTrue(status().path("web").asText().endsWith(":" + port));
                takesNoPrograms(port);
                world.put(events.subList(0, 100));
                eventually(() -> assertEquals(100, world.rows()));
                first.destroy();
                assertTrue(first.waitFor(40, TimeUnit.SECONDS), "it does not stop");
                assertEquals(0, first.exitValue());
                assertEquals("STOPPED", status().path("status").asText());
            } finally {
                first.destroyForcibly();
            }
            world.put(events.subList(100, 200));
            Process second = run(world);
            try {
                eventually(() -> assertEquals(200, world.rows()));
                assertTrue(status().path("restoredFrom").asText().contains("savepoint-"));
            } finally {
                second.destroyForcibly();
            }
            String log = Files.readString(folder.resolve("log"));
            assertFalse(log.contains("temperature_measure"), "events are nobody's business in the log");
        }
    }

    /** The web UI refuses an upload that any page could send, and lets no other page read what it shows. */
    private static void takesNoPrograms(int port) throws Exception {
        String upload = "--part\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"any.jar\"\r\n"
                + "Content-Type: application/x-java-archive\r\n\r\nany\r\n--part--\r\n";
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/jars/upload"))
                .header("Content-Type", "multipart/form-data; boundary=part")
                .POST(HttpRequest.BodyPublishers.ofString(upload))
                .build();
        HttpResponse<String> refused = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(400, refused.statusCode(), refused.body());
        HttpRequest look = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/overview"))
                .build();
        HttpResponse<String> shown = HttpClient.newHttpClient().send(look, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, shown.statusCode());
        assertEquals(Optional.of("http://127.0.0.1"), shown.headers().firstValue("access-control-allow-origin"));
    }

    @Test
    void whatAPersonHasToChangeIsSaid() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "--local",
                        "--state",
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(2, process.waitFor());
        assertEquals(
                "flink-job: --local, --properties and --state are needed;"
                        + " usage: --local --properties FILE --state DIR [--web-port N]",
                said.strip());
    }
}
