package dev.sluice.flink.local;

import com.amazonaws.services.kinesisanalytics.runtime.KinesisAnalyticsRuntime;
import dev.sluice.flink.Job;
import dev.sluice.flink.JobProperties;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the job in this process until it is told to stop.
 *
 * <p>It starts from the newest savepoint or checkpoint in its folder; without one, from the oldest records
 * of the stream. SIGTERM and Ctrl-C stop it with a savepoint. Killed at any moment, it goes on from its last
 * checkpoint at the next start.
 */
public final class LocalRun {
    private static final Logger LOG = LoggerFactory.getLogger(LocalRun.class);

    private static final Duration CHECKPOINTS = Duration.ofSeconds(2);
    private static final Duration RESTART_DELAY = Duration.ofSeconds(1);
    private static final int RETAINED = 2;

    /** How long a stop may take. What is not in the savepoint then is in the last checkpoint. */
    private static final long STOP_SECONDS = 30;

    private static final long WATCH_MS = 500;
    private static final int EXIT_FAILED = 1;

    private final LocalArguments arguments;
    private final StatusFile status;
    private final Snapshots snapshots;
    private final Path temporary;
    private MiniCluster cluster;
    private JobID job;
    private volatile boolean stopping;

    private LocalRun(LocalArguments arguments) throws IOException {
        Files.createDirectories(arguments.state());
        this.arguments = arguments;
        this.status = new StatusFile(arguments.state());
        this.snapshots = new Snapshots(arguments.state());
        this.temporary = arguments.state().resolve("tmp");
        // A killed run leaves what it had there.
        Snapshots.remove(temporary);
    }

    /**
     * Runs the job; returns when it has ended by itself, which it does only when it cannot go on.
     *
     * @throws Exception when it cannot be started
     */
    public static void run(LocalArguments arguments) throws Exception {
        // The emulator speaks JSON; the SDK would rather speak CBOR.
        System.setProperty("aws.cborEnabled", "false");
        LocalRun run = new LocalRun(arguments);
        try {
            run.start();
            run.watch();
        } catch (Exception failed) {
            run.status.tell("cause", failed.toString());
            run.status.become("FAILED");
            throw failed;
        }
    }

    private void start() throws Exception {
        JobProperties properties = properties(arguments.properties());
        Configuration settings = settings();
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(settings)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(1)
                .build());
        cluster.start();
        URI web = cluster.getRestAddress().get();
        StatusFile.replace(
                arguments.state().resolve("web-port"),
                Integer.toString(web.getPort()).getBytes(StandardCharsets.UTF_8));
        status.tell("web", web.toString());

        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        Job.describe(environment, properties);
        JobGraph graph = environment.getStreamGraph().getJobGraph();
        Optional<Path> newest = snapshots.newest();
        snapshots.removeAllBut(newest);
        if (newest.isPresent()) {
            graph.setSavepointRestoreSettings(
                    SavepointRestoreSettings.forPath(newest.get().toUri().toString(), false));
            status.tell("restoredFrom", newest.get().toString());
            LOG.info("going on from {}", newest.get());
        } else {
            LOG.info("starting with the oldest records of {}", properties.streamArn());
        }
        job = graph.getJobID();
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop"));
        cluster.submitJob(graph).get();
        LOG.info("environment {}: web UI at {}", properties.environment(), web);
    }

    private static JobProperties properties(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("cannot read the properties of the application in " + file);
        }
        return JobProperties.of(KinesisAnalyticsRuntime.getApplicationProperties(file.toString()));
    }

    private Configuration settings() {
        Configuration settings = new Configuration();
        settings.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        settings.set(RestOptions.ADDRESS, "127.0.0.1");
        settings.set(RestOptions.BIND_PORT, Integer.toString(arguments.webPort()));
        settings.set(RestOptions.PORT, arguments.webPort());
        settings.set(JobManagerOptions.ADDRESS, "127.0.0.1");
        // Flink listens on all interfaces unless told otherwise, also for the blobs of jobs.
        settings.set(JobManagerOptions.BIND_HOST, "127.0.0.1");
        settings.set(TaskManagerOptions.BIND_HOST, "127.0.0.1");
        // The web UI is there to be looked at: any page that a browser shows could send it a program to run.
        settings.set(WebOptions.SUBMIT_ENABLE, false);
        settings.set(WebOptions.CANCEL_ENABLE, false);
        settings.set(WebOptions.ACCESS_CONTROL_ALLOW_ORIGIN, "http://127.0.0.1");
        settings.set(CoreOptions.DEFAULT_PARALLELISM, 1);
        settings.set(CoreOptions.TMP_DIRS, temporary.toString());
        // One chain of operators sends nothing: it needs hardly a buffer.
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(8));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(8));
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(8));
        settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINTS);
        settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, snapshots.checkpointsUri());
        settings.set(CheckpointingOptions.SAVEPOINT_DIRECTORY, snapshots.savepointsUri());
        settings.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, RETAINED);
        settings.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
        settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, RESTART_DELAY);
        return settings;
    }

    /** Says how the job is, until it has ended. */
    private void watch() throws IOException, InterruptedException, ExecutionException {
        while (!stopping) {
            JobStatus now = cluster.getJobStatus(job).get();
            if (!stopping) {
                status.become(now.name());
            }
            if (now.isTerminalState() && !stopping) {
                LOG.error("the job has ended: {}", now);
                Runtime.getRuntime().halt(EXIT_FAILED);
            }
            Thread.sleep(WATCH_MS);
        }
        // The thread that stops ends the process.
        Thread.currentThread().join();
    }

    /** Stops with a savepoint; runs while the process is ending, and ends it. */
    private void stop() {
        stopping = true;
        int exit = 0;
        try {
            status.become("STOPPING");
            String savepoint = cluster.stopWithSavepoint(
                            job, snapshots.savepointsUri(), false, SavepointFormatType.CANONICAL)
                    .get(STOP_SECONDS, TimeUnit.SECONDS);
            LOG.info("stopped with {}", savepoint);
            status.become("STOPPED");
        } catch (ExecutionException | TimeoutException | IOException failed) {
            LOG.warn("stopped without a savepoint; the last checkpoint stands: {}", failed.toString());
        } catch (InterruptedException interrupted) {
            exit = EXIT_FAILED;
        }
        Runtime.getRuntime().halt(exit);
    }
}
