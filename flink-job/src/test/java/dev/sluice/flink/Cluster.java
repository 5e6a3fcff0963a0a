package dev.sluice.flink;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;

/** A cluster of the tests, with frequent checkpoints that outlive their job. */
@SuppressWarnings("try") // Whoever interrupts a test may interrupt its end.
public final class Cluster implements AutoCloseable {
    private static final Duration CHECKPOINTS = Duration.ofMillis(500);
    /** For a machine that does much else meanwhile: only a test that fails takes so long. */
    private static final long PATIENCE_SECONDS = 240;

    private static final long LOOK_MS = 100;

    /** For the jobs of tests that run at the same time, of which each has two, and beside it a sample. */
    private static final int SLOTS = 16;

    private static SdkAsyncHttpClient kept;

    private final Path folder;
    private final Configuration settings = new Configuration();
    private final MiniCluster cluster;

    public Cluster() throws Exception {
        keepThreads();
        folder = Files.createTempDirectory("flink-job-cluster");
        settings.set(RestOptions.BIND_PORT, "0");
        settings.set(CoreOptions.DEFAULT_PARALLELISM, 2);
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(16));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(16));
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(16));
        settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINTS);
        settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.toUri().toString());
        settings.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
        settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(200));
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(settings)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(SLOTS)
                .build());
        cluster.start();
    }

    /**
     * Keeps the threads that all clients of this JVM share while one is open: the last to close waits for two seconds
     * until they have ended, which would be the end of every job and of every world.
     */
    static synchronized void keepThreads() {
        if (kept == null) {
            kept = NettyNioAsyncHttpClient.create();
        }
    }

    /** A job that runs. Closing it is a crash: it takes no savepoint and flushes nothing. */
    public final class Running implements AutoCloseable {
        private final JobID id;

        private Running(JobID id) {
            this.id = id;
        }

        /** Stops it as a redeployment does. Gives the savepoint. */
        public String stop() throws Exception {
            return cluster.stopWithSavepoint(
                            id, folder.resolve("savepoints").toUri().toString(), false, SavepointFormatType.CANONICAL)
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        /** Ends it at once. Gives its last checkpoint, if there is one. */
        public Optional<String> crash() throws Exception {
            close();
            return checkpoint();
        }

        /** Its last checkpoint, if there is one. */
        public Optional<String> checkpoint() throws Exception {
            Path checkpoints = folder.resolve(id.toHexString());
            if (!Files.exists(checkpoints)) {
                return Optional.empty();
            }
            try (Stream<Path> files = Files.walk(checkpoints)) {
                return files.filter(file -> file.endsWith("_metadata"))
                        .map(Path::getParent)
                        .max(Comparator.comparingInt(chk ->
                                Integer.parseInt(chk.getFileName().toString().replace("chk-", ""))))
                        .map(chk -> chk.toUri().toString());
            } catch (UncheckedIOException | NoSuchFileException moved) {
                // An older one was removed meanwhile.
                return checkpoint();
            }
        }

        /** Whether it has failed and started again. */
        public boolean restarted() throws Exception {
            return cluster.getExecutionGraph(id).get().getStatusTimestamp(JobStatus.RESTARTING) > 0;
        }

        public JobStatus status() throws Exception {
            return cluster.getJobStatus(id).get();
        }

        @Override
        public void close() throws Exception {
            if (!status().isGloballyTerminalState()) {
                cluster.cancelJob(id).get();
            }
            cluster.requestJobResult(id).get();
        }
    }

    /** Starts a job, from a snapshot if one is given. */
    public Running start(Consumer<StreamExecutionEnvironment> job, Optional<String> snapshot) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        job.accept(environment);
        JobGraph graph = environment.getStreamGraph().getJobGraph();
        snapshot.ifPresent(path -> graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(path, false)));
        cluster.submitJob(graph).get();
        return new Running(graph.getJobID());
    }

    /** Something that a test waits for. */
    public interface Condition {
        void check() throws Exception;
    }

    /** Waits until {@code condition} does not fail any more. */
    public static void eventually(Condition condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            try {
                condition.check();
                return;
            } catch (AssertionError notYet) {
                if (System.nanoTime() > deadline) {
                    throw notYet;
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_MS);
            }
        }
    }

    /** Fails if {@code condition} holds, now or within a time that is long enough for any flush. */
    public static void never(Condition condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
        while (System.nanoTime() < deadline) {
            try {
                condition.check();
            } catch (AssertionError asExpected) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MS);
                continue;
            }
            fail("the loss is not there: a test that cannot fail");
        }
    }

    @Override
    public void close() throws Exception {
        cluster.closeAsync().get();
    }
}
