package dev.sluice.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.postgres.Database;
import dev.sluice.flink.postgres.Direct;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Store;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Connections to a real PostgreSQL by its own protocol: how many, and who gets in. */
@Execution(ExecutionMode.CONCURRENT) // Who does not get in is waited for.
final class DirectTest {
    private static final Path MODEL = World.model(World.MODEL);
    private static PostgresCluster cluster;

    @BeforeAll
    static void start() {
        Services.running();
        cluster = PostgresCluster.running();
    }

    private static Store.Connection open(Direct way, String database) {
        return new Database(way, database, "telemetry").open(4);
    }

    @Test
    void requestsShareAFewConnections() throws Exception {
        try (PostgresTable table = new PostgresTable(Kind.DIRECT, "direct-few", MODEL, 1);
                Store.Connection connection = table.store().open(4);
                Connection owner = cluster.session("direct-few")) {
            List<CompletableFuture<Effect>> probes =
                    IntStream.range(0, 32).mapToObj(probe -> connection.probe()).toList();
            probes.forEach(probe -> assertEquals(Effect.STORED, probe.join()));
            String all = "SELECT count(*), min(application_name) FROM pg_stat_activity"
                    + " WHERE datname = 'direct-few' AND usename = 'sluice_consumer'";
            try (ResultSet open = owner.createStatement().executeQuery(all)) {
                open.next();
                assertTrue(open.getInt(1) >= 1 && open.getInt(1) <= 4, open.getInt(1) + " connections");
                assertEquals("sluice-consumer", open.getString(2));
            }
        }
    }

    @Test
    void aServerWithAnotherRootIsNotWrittenTo() {
        Direct way = cluster.direct();
        // Those of Amazon, which did not sign the certificate of this machine.
        Direct amazons = new Direct(way.region(), way.host(), way.port(), null);
        try (Store.Connection connection = open(amazons, "sluice")) {
            Effect effect = connection.probe().join();
            String said = assertInstanceOf(Effect.Unavailable.class, effect).cause();
            assertTrue(said.contains("unable to find valid certification path"), said);
        }
    }

    @Test
    void whoHasATokenForAnotherRegionIsNotLetIn() {
        Direct way = cluster.direct();
        Direct other = new Direct("eu-central-1", way.host(), way.port(), way.rootCertificate());
        try (PostgresTable table = new PostgresTable(Kind.DIRECT, "direct-token", MODEL, 1);
                Store.Connection right = table.store().open(1);
                Store.Connection wrong = open(other, "direct-token")) {
            assertEquals(Effect.STORED, right.probe().join());
            Effect effect = wrong.probe().join();
            String said = assertInstanceOf(Effect.Unusable.class, effect).cause();
            assertTrue(said.contains("PAM authentication failed for user \"sluice_consumer\""), said);
        }
    }

    @Test
    void aSchemaThatIsGoneIsWaitedForOnTheSameConnections() {
        try (PostgresTable table = new PostgresTable(Kind.DIRECT, "direct-schema", MODEL, 1);
                Store.Connection connection = table.store().open(1)) {
            assertEquals(Effect.STORED, connection.probe().join());
            table.drop();
            assertInstanceOf(Effect.Unusable.class, connection.probe().join());
            table.restore();
            assertEquals(Effect.STORED, connection.probe().join());
        }
    }
}
