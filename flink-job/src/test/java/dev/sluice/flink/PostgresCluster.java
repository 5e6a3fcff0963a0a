package dev.sluice.flink;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A real PostgreSQL with the Data API of its cluster before it. It lives as long as the JVM of the tests. */
final class PostgresCluster {
    /** Password of the role that writes. */
    static final String PASSWORD = "written by a test";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WRITER = "sluice_writer";
    private static PostgresCluster running;

    private final URI faults;
    private final JsonNode described;
    private final String writerSecretArn;

    private PostgresCluster() throws IOException, InterruptedException {
        Path state = Files.createTempDirectory("flink-job-postgres");
        URI endpoint = Services.listening(new ProcessBuilder(
                        Services.needed("SLUICE_LOCAL_RDS_DATA", "the program local-rds-data"),
                        "--port",
                        "0",
                        "--postgres",
                        Services.needed("SLUICE_POSTGRES", "a folder with initdb and postgres"),
                        "--state",
                        state.toString())
                .redirectError(state.resolve("log").toFile()));
        Map<String, String> wanted =
                Map.of("identifier", "flink-job-tests", "database", "sluice", "username", "sluice");
        described = JSON.readTree(
                Services.send("POST", endpoint.resolve("/_local/clusters"), JSON.writeValueAsString(wanted)));
        // Without a Secrets Manager the secrets are a file.
        Path secrets = state.resolve("secrets.json");
        ObjectNode known = (ObjectNode) JSON.readTree(secrets.toFile());
        writerSecretArn = "arn:aws:secretsmanager:" + World.REGION + ":000000000000:secret:" + WRITER;
        known.putObject(writerSecretArn).put("username", WRITER).put("password", PASSWORD);
        JSON.writeValue(secrets.toFile(), known);
        faults = endpoint.resolve("/_local/faults");
        System.setProperty("aws.endpointUrlRdsData", endpoint.toString());
    }

    /** The cluster, started by whoever asks first. */
    static synchronized PostgresCluster running() {
        if (running == null) {
            try {
                running = new PostgresCluster();
            } catch (IOException | InterruptedException failed) {
                throw new IllegalStateException("the cluster does not start", failed);
            }
        }
        return running;
    }

    /** What it does wrong from now on. */
    static void faults(String plan) {
        Services.send("POST", running().faults, plan);
    }

    /** It does nothing wrong any more, if it runs at all. */
    static synchronized void noFaults() {
        if (running != null) {
            Services.send("DELETE", running.faults, "");
        }
    }

    String arn() {
        return described.path("arn").asText();
    }

    /** Its first database. */
    String database() {
        return described.path("database").asText();
    }

    String masterSecretArn() {
        return described.path("secretArn").asText();
    }

    String writerSecretArn() {
        return writerSecretArn;
    }
}
