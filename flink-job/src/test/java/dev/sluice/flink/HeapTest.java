package dev.sluice.flink;

import static dev.sluice.flink.Cluster.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The memory that the job takes has a bound in bytes, however large the events are and however long the store is away. */
final class HeapTest {
    private static final int EVENTS = 2_000;
    private static final int BUFFER_MB = 8;
    private static final String HEAP = "-Xmx80m";
    private static final long OUTAGE_MS = 10_000;

    /** How long a request takes to fail: meanwhile others go out beside it. */
    private static final long AWAY_MS = 2_500;

    private static final long SLOW_MS = 100;

    @TempDir
    private Path folder;

    private Process run(Scripted services, int bufferMegabytes) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens"))
                .forEach(command::add);
        command.addAll(List.of(
                HEAP,
                "-XX:+ExitOnOutOfMemoryError",
                "-Daws.accessKeyId=test",
                "-Daws.secretAccessKey=test",
                "-Daws.endpointUrl=" + services.url(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                SmallHeap.class.getName(),
                Integer.toString(EVENTS),
                Integer.toString(bufferMegabytes),
                folder.toString(),
                services.url()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.log").toFile())
                .start();
    }

    /** Bytes of the largest file of a checkpoint that is there. */
    private long largest() {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().contains("chk-"))
                    .mapToLong(file -> file.toFile().length())
                    .max()
                    .orElse(0);
        } catch (IOException | UncheckedIOException moved) {
            // A checkpoint goes while it is looked at.
            return 0;
        }
    }

    @Test
    void anOutageWithLargeEventsNeedsTheMemoryOfTheBuffer() throws Exception {
        try (Scripted services = new Scripted()) {
            services.isAway(true);
            services.takes(AWAY_MS);
            Process job = run(services, BUFFER_MB);
            try {
                Thread.sleep(OUTAGE_MS);
                assertTrue(job.isAlive(), this::output);
                services.isAway(false);
                services.takes(SLOW_MS);
                long most = 0;
                while (job.isAlive()) {
                    most = Math.max(most, largest());
                    TimeUnit.MILLISECONDS.sleep(20);
                }
                assertEquals(0, job.exitValue(), this::output);
                assertEquals(EVENTS, services.rows().size());
                long bound = BUFFER_MB << 20;
                assertTrue(most > bound / 8 && most < bound, "the largest checkpoint has " + most + " bytes");
            } finally {
                job.destroyForcibly();
            }
        }
    }

    /** What the test above would not notice with a heap that is large enough for anything. */
    @Test
    void withoutABoundTheSameMemoryIsNotEnough() throws Exception {
        try (Scripted services = new Scripted()) {
            services.isAway(true);
            services.takes(AWAY_MS);
            Process job = run(services, 100_000);
            try {
                eventually(() -> assertTrue(!job.isAlive(), "it ends by itself"));
                assertNotEquals(0, job.exitValue());
                assertTrue(output().contains("OutOfMemoryError"), this::output);
            } finally {
                job.destroyForcibly();
            }
        }
    }

    private String output() {
        try {
            return Files.readString(folder.resolve("output.log"));
        } catch (IOException none) {
            return none.toString();
        }
    }
}
