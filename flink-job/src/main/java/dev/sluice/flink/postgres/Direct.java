package dev.sluice.flink.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.util.Credentials;
import dev.sluice.flink.sink.Effect;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.SslMode;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/**
 * By PostgreSQL's protocol, from inside the network of the cluster: TLS whose certificate is checked, an IAM token as
 * the password, and a pool of connections that are made when there is work for them.
 *
 * @param region its Region
 * @param host name of the cluster's endpoint
 * @param port its port
 * @param rootCertificate a file with the roots that its certificate may have; {@code null} for Amazon RDS's
 */
public record Direct(String region, String host, int port, String rootCertificate) implements Way {
    /**
     * How long a request waits for a connection, and a connection for its server. A paused cluster takes longer to
     * resume: that is what trying again is for.
     */
    private static final Duration CONNECT = Duration.ofSeconds(10);

    /** How long a connection is kept without a request. While there is one, a cluster does not pause. */
    private static final Duration IDLE = Duration.ofMinutes(1);

    @Override
    public Session open(String database, int requests) {
        DefaultCredentialsProvider credentials =
                DefaultCredentialsProvider.builder().build();
        HikariConfig settings = new HikariConfig();
        settings.setPoolName(database);
        settings.setDataSource(server(database));
        settings.setCredentialsProvider(() -> Credentials.of(
                Postgres.CONSUMER,
                Token.of(credentials.resolveCredentials(), region, host, port, Postgres.CONSUMER, Clock.systemUTC())));
        settings.setMaximumPoolSize(requests);
        settings.setMinimumIdle(0);
        settings.setIdleTimeout(IDLE.toMillis());
        settings.setConnectionTimeout(CONNECT.toMillis());
        // A store that is away is waited for, like any other time.
        settings.setInitializationFailTimeout(-1);
        return new Pool(new HikariDataSource(settings), Executors.newFixedThreadPool(requests), credentials);
    }

    private PGSimpleDataSource server(String database) {
        PGSimpleDataSource server = new PGSimpleDataSource();
        server.setServerNames(new String[] {host});
        server.setPortNumbers(new int[] {port});
        server.setDatabaseName(database);
        server.setApplicationName("sluice-consumer");
        server.setSslMode(SslMode.VERIFY_FULL.value);
        server.setSslfactory(Roots.class.getName());
        server.setSslRootCert(rootCertificate);
        server.setTcpKeepAlive(true);
        server.setSocketTimeout((int) ATTEMPT.toSeconds());
        // Of a cluster that fails over, a name that is known for too long is that of the reader.
        server.setTargetServerType("primary");
        server.setOptions("-c statement_timeout=" + STATEMENT.toMillis());
        return server;
    }

    /** Each request has a thread, which waits for its answer. */
    private record Pool(HikariDataSource connections, ExecutorService threads, DefaultCredentialsProvider credentials)
            implements Session {
        @Override
        public CompletableFuture<Effect> write(String rows, int count) {
            return CompletableFuture.supplyAsync(() -> attempt(rows, count), threads);
        }

        private Effect attempt(String rows, int count) {
            try (Connection connection = connections.getConnection()) {
                Effect effect = write(connection, rows, count);
                if (!(effect instanceof Effect.Written || effect instanceof Effect.Invalid)) {
                    // Its server may be the one of before a failover.
                    connections.evictConnection(connection);
                }
                return effect;
            } catch (SQLException failed) {
                return effect(failed);
            }
        }

        private static Effect write(Connection connection, String rows, int count) {
            try (PreparedStatement statement = connection.prepareStatement(Postgres.WRITE_DIRECT)) {
                statement.setString(1, rows);
                try (ResultSet answer = statement.executeQuery()) {
                    return Answer.written(answer.next() ? answer.getString(1) : null, count);
                }
            } catch (SQLException failed) {
                return effect(failed);
            }
        }

        @Override
        public void close() {
            connections.close();
            threads.shutdownNow();
            credentials.close();
        }
    }

    /** What {@code failed}, of the server or on the way to it, means. */
    static Effect effect(SQLException failed) {
        // The pool has the state of what kept it from a connection, but words of its own.
        Throwable cause = failed instanceof SQLTransientConnectionException && failed.getCause() != null
                ? failed.getCause()
                : failed;
        return Answer.failed(failed.getSQLState(), cause.toString());
    }
}
