package dev.sluice.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.postgres.DataApi;
import dev.sluice.flink.postgres.Database;
import dev.sluice.flink.postgres.Direct;
import dev.sluice.flink.postgres.Way;
import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

final class JobPropertiesTest {
    private static Properties pipeline() {
        Properties pipeline = new Properties();
        for (String name : new String[] {
            "StreamArn", "Region", "Database", "Table", "QuarantineUrl", "RejectedBucket", "Environment"
        }) {
            pipeline.setProperty(name, "the " + name);
        }
        pipeline.setProperty("MemoryHours", "48");
        pipeline.setProperty("BufferMegabytes", "32");
        return pipeline;
    }

    private static Properties chunks(String model, int size) {
        Properties chunks = new Properties();
        for (int at = 0; at * size < model.length(); at++) {
            String chunk = model.substring(at * size, Math.min(model.length(), (at + 1) * size));
            chunks.setProperty(String.format("json.%02d", at), chunk);
        }
        return chunks;
    }

    @Test
    void theModelIsPutTogetherInTheOrderOfItsChunks() throws IOException {
        String model = Files.readString(Path.of("../test-vectors/models/smart-home.json"));
        JobProperties read = JobProperties.of(Map.of("pipeline", pipeline(), "model", chunks(model, 20)));
        assertEquals(model, read.model());
        assertEquals(new Table("the Region", "the Database", "the Table", Timestream.retention(48)), read.store());
        assertEquals(32 << 20, read.bufferBytes());
    }

    @Test
    void thePropertiesNameTheStore() throws IOException {
        String model = Files.readString(Path.of("../test-vectors/models/smart-home.json"));
        Properties pipeline = pipeline();
        pipeline.setProperty("Store", "timestream");
        Map<String, Properties> groups = Map.of("pipeline", pipeline, "model", chunks(model, 20));
        assertEquals(
                new Table("the Region", "the Database", "the Table", Timestream.retention(48)),
                JobProperties.of(groups).store());

        pipeline.setProperty("Store", "mysql");
        assertRefused("pipeline.Store is \"mysql\", and must be timestream or postgres", groups);
    }

    @Test
    void thePropertiesNameTheWayToPostgres() throws IOException {
        String model = Files.readString(Path.of("../test-vectors/models/smart-home.json"));
        Properties pipeline = pipeline();
        pipeline.setProperty("Store", "postgres");
        pipeline.remove("MemoryHours");
        Map<String, Properties> groups = Map.of("pipeline", pipeline, "model", chunks(model, 20));
        assertRefused("lack pipeline.ClusterArn, pipeline.SecretArn;", groups);
        pipeline.setProperty("ClusterArn", "the cluster");
        pipeline.setProperty("SecretArn", "the secret");
        Way dataApi = new DataApi("the Region", "the cluster", "the secret");
        assertEquals(
                new Database(dataApi, "the Database", "the Table"),
                JobProperties.of(groups).store());
        pipeline.setProperty("Connection", "data-api");
        assertEquals(
                new Database(dataApi, "the Database", "the Table"),
                JobProperties.of(groups).store());

        pipeline.setProperty("Connection", "direct");
        assertRefused("lack pipeline.Host, pipeline.Port;", groups);
        pipeline.setProperty("Host", "the host");
        pipeline.setProperty("Port", "65536");
        assertRefused("pipeline.Port is \"65536\", and must be at most 65535", groups);
        pipeline.setProperty("Port", "5432");
        assertEquals(
                new Database(new Direct("the Region", "the host", 5432, null), "the Database", "the Table"),
                JobProperties.of(groups).store());
        pipeline.setProperty("RootCertificate", "ca.pem");
        assertEquals(
                new Database(new Direct("the Region", "the host", 5432, "ca.pem"), "the Database", "the Table"),
                JobProperties.of(groups).store());

        pipeline.setProperty("Connection", "proxy");
        assertRefused("pipeline.Connection is \"proxy\", and must be data-api or direct", groups);
    }

    private static void assertRefused(String why, Map<String, Properties> groups) {
        String said = assertThrows(JobProperties.InvalidException.class, () -> JobProperties.of(groups))
                .getMessage();
        assertTrue(said.contains(why), said);
    }

    @Test
    void everythingThatIsMissingIsNamedAtOnce() {
        Properties pipeline = pipeline();
        pipeline.remove("Table");
        pipeline.setProperty("Region", "");
        Map<String, Properties> groups = Map.of("pipeline", pipeline);
        assertRefused("lack model.json.00, pipeline.Region, pipeline.Table;", groups);
    }

    @Test
    void aNumberThatIsNoneIsRefused() {
        for (String value : new String[] {"-1", "two days", "4.5", "99999999999"}) {
            Properties pipeline = pipeline();
            pipeline.setProperty("MemoryHours", value);
            Map<String, Properties> groups = Map.of("pipeline", pipeline, "model", chunks("{}", 20));
            String said = assertThrows(JobProperties.InvalidException.class, () -> JobProperties.of(groups))
                    .getMessage();
            assertTrue(said.contains("pipeline.MemoryHours is \"" + value + "\""), said);
        }
    }

    @Test
    void aModelThatIsNoneIsRefused() {
        Map<String, Properties> groups = Map.of("pipeline", pipeline(), "model", chunks("{\"topic\": 5}", 20));
        assertThrows(JobProperties.InvalidException.class, () -> JobProperties.of(groups));
    }
}
