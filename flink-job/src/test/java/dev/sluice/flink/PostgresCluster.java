package dev.sluice.flink;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.flink.postgres.DataApi;
import dev.sluice.flink.postgres.Direct;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.SslMode;

/**
 * A real PostgreSQL, with the Data API of its cluster and what lets in who has a token before it. It lives as long as
 * the JVM of the tests.
 */
final class PostgresCluster {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WRITER = "sluice_writer";
    private static final String PASSWORD = "written by a test";
    private static PostgresCluster running;

    private final URI faults;
    private final ObjectNode plan = JSON.createObjectNode().put("seed", 7);
    private final JsonNode described;
    private final JsonNode owner;
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
        owner = known.path(described.path("secretArn").asText());
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

    /** What it does wrong from now on with requests to the Data API. */
    synchronized void faults(JsonNode ofStatements) {
        plan.putObject("operations").set("ExecuteStatement", ofStatements);
        Services.send("POST", faults, plan.toString());
    }

    /** What it does wrong from now on with sessions of a database. */
    synchronized void faults(String database, JsonNode ofSessions) {
        plan.withObject("/sessions").set(database, ofSessions);
        Services.send("POST", faults, plan.toString());
    }

    /** It was paused, and answers after so many milliseconds. */
    synchronized void resumes(long milliseconds) {
        Services.send(
                "POST", faults, plan.deepCopy().put("resuming_ms", milliseconds).toString());
    }

    /** The way to it by the Data API. */
    DataApi dataApi() {
        return new DataApi(World.REGION, described.path("arn").asText(), writerSecretArn);
    }

    /** The way to it by its own protocol. */
    Direct direct() {
        return new Direct(
                World.REGION,
                described.path("address").asText(),
                described.path("port").asInt(),
                described.path("rootCertificate").asText());
    }

    /** A session of who owns everything. */
    Connection session(String database) throws SQLException {
        Direct direct = direct();
        PGSimpleDataSource server = new PGSimpleDataSource();
        server.setServerNames(new String[] {direct.host()});
        server.setPortNumbers(new int[] {direct.port()});
        server.setDatabaseName(database);
        server.setSslMode(SslMode.VERIFY_FULL.value);
        server.setSslRootCert(direct.rootCertificate());
        return server.getConnection(
                owner.path("username").asText(), owner.path("password").asText());
    }

    /** Makes a database by statements, the roles of which are the cluster's: so one after the other. */
    synchronized void make(String database, Iterable<String> statements) {
        try (Connection session = session(described.path("database").asText())) {
            session.createStatement().execute("CREATE DATABASE \"" + database + "\"");
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        change(database, statements);
    }

    /** Executes statements in a database. */
    synchronized void change(String database, Iterable<String> statements) {
        try (Connection session = session(database)) {
            session.createStatement().execute(String.join(";\n", statements));
            session.createStatement().execute("ALTER ROLE " + WRITER + " PASSWORD '" + PASSWORD + "'");
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
