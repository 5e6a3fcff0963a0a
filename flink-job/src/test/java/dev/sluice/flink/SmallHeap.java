package dev.sluice.flink;

import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job over large events, in one subtask, until all are written. {@link HeapTest} runs it in a process of
 * its own. Arguments: events, megabytes of the buffer, folder of checkpoints, address of the services.
 */
final class SmallHeap {
    /** What the rule of a topic takes at most: 128 KB. */
    private static final String FILLING = "x".repeat((128 << 10) - 100);

    private SmallHeap() {}

    /** Events with a small record each, and much that the model does not declare. */
    private record Large(long nowMs) implements GeneratorFunction<Long, Delivery> {
        private static final long serialVersionUID = 1;

        @Override
        public Delivery map(Long index) {
            String event = "{\"DeviceID\": \"d\", \"Time\": " + (nowMs - index)
                    + ", \"temperature_measure\": 1, \"x\": \"" + FILLING + "\"}";
            byte[] bytes = event.getBytes(StandardCharsets.UTF_8);
            return new Delivery(bytes, "p", Long.toString(index), nowMs, "shardId-0");
        }
    }

    public static void main(String[] arguments) throws Exception {
        long events = Long.parseLong(arguments[0]);
        Configuration settings = new Configuration();
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(8));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(8));
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(8));
        settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(500));
        settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        settings.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                Path.of(arguments[2]).toUri().toString());
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, settings);
        JobProperties properties = new JobProperties(
                "arn:aws:kinesis:us-east-1:000000000000:stream/events",
                "us-east-1",
                new Table("us-east-1", "database", "table", Timestream.retention(24)),
                arguments[3] + "/queue",
                "bucket",
                Integer.parseInt(arguments[1]),
                "test",
                Files.readString(Path.of("../test-vectors/models/smart-home.json")));
        Large large = new Large(System.currentTimeMillis());
        Job.describe(
                environment, properties, new DataGeneratorSource<>(large, events, TypeInformation.of(Delivery.class)));
        environment.execute();
        // Threads of the clients may outlive the job.
        System.exit(0);
    }
}
