package dev.sluice.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

/** The job sets in code what Managed Service for Apache Flink permits there, and nothing else. */
final class JobSettingsTest {
    /**
     * What a program of the DataStream API may set from Flink 2.2 on: the properties of
     * <a href="https://docs.aws.amazon.com/managed-flink/latest/java/programmatic-configuration.html">Programmatic
     * Flink configuration properties</a>, as read in November 2026, without those of Python and of tables. The
     * service answers any other with an exception, and the job does not start.
     */
    private static final Set<String> PERMITTED = Set.of(
            "execution.runtime-mode",
            "pipeline.auto-generate-uids",
            "pipeline.auto-watermark-interval",
            "pipeline.cached-files",
            "pipeline.classpaths",
            "pipeline.closure-cleaner-level",
            "pipeline.force-avro",
            "pipeline.force-kryo",
            "pipeline.generic-types",
            "pipeline.global-job-parameters",
            "pipeline.jars",
            "pipeline.jobvertex-parallelism-overrides",
            "pipeline.max-parallelism",
            "pipeline.name",
            "pipeline.object-reuse",
            "pipeline.operator-chaining.chain-operators-with-different-max-parallelism",
            "pipeline.operator-chaining.enabled",
            "pipeline.serialization-config",
            "pipeline.vertex-description-mode",
            "pipeline.vertex-name-include-index-prefix",
            "pipeline.watermark-alignment.allow-unaligned-source-splits",
            "taskmanager.network.adaptive-partitioner.enabled",
            "taskmanager.network.adaptive-partitioner.max-traverse-size");

    private static Map<String, String> settings(StreamExecutionEnvironment environment) {
        return ((Configuration) environment.getConfiguration()).toMap();
    }

    @Test
    void theServicePermitsWhatTheJobSets() throws Exception {
        StreamExecutionEnvironment environment = new StreamExecutionEnvironment(new Configuration());
        Map<String, String> before = settings(environment);
        String model = Files.readString(Path.of("../test-vectors/models/smart-home-single.json"));
        Table table = new Table("us-east-1", "d", "t", Timestream.retention(24));
        Job.describe(environment, new JobProperties("arn", "us-east-1", table, "q", "b", 32, "e", model));

        Set<String> changed = new TreeSet<>();
        settings(environment).forEach((key, value) -> {
            if (!value.equals(before.get(key))) {
                changed.add(key);
            }
        });
        assertFalse(changed.isEmpty());
        changed.removeAll(PERMITTED);
        assertEquals(Set.of(), changed);
    }
}
