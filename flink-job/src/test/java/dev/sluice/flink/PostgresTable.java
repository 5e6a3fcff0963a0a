package dev.sluice.flink;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.postgres.DataApi;
import dev.sluice.flink.postgres.Database;
import dev.sluice.flink.postgres.Direct;
import dev.sluice.flink.sink.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/** The table of a database of its own, in a real PostgreSQL, as the set-up makes it. */
final class PostgresTable implements WorldTable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TABLE = "telemetry";
    private static final String FROM = "sluice." + TABLE;

    /** How long to wait before a statement is tried again. */
    private static final long AGAIN_NANOS = 20_000_000;

    /**
     * Shares of requests are a tenth of those of the Data API: a session has five requests until it has written, and the
     * pool waits longer from one that does not begin to the next.
     */
    private static final int SESSION_REQUESTS = 10;

    private final PostgresCluster cluster = PostgresCluster.running();
    private final Kind kind;
    private final String database;
    private final List<String> schema;
    private Connection session;

    /**
     * The table of a model, in a database called {@code name}.
     *
     * @param kind how the job reaches it
     * @param model the file of the model
     * @param keptDays for how many days it keeps rows
     */
    PostgresTable(Kind kind, String name, Path model, int keptDays) {
        this.kind = kind;
        this.database = name;
        this.schema = schema(model, keptDays);
        cluster.make(database, schema);
    }

    @Override
    public Store store() {
        return store(kind);
    }

    /** As the job has it that reaches it in such a way. */
    Store store(Kind kind) {
        return new Database(kind == Kind.DIRECT ? cluster.direct() : cluster.dataApi(), database, TABLE);
    }

    @Override
    public Map<String, String> properties() {
        Map<String, String> properties =
                new TreeMap<>(Map.of("Store", "postgres", "Database", database, "Table", TABLE));
        if (kind == Kind.DIRECT) {
            Direct direct = cluster.direct();
            properties.putAll(Map.of(
                    "Connection",
                    "direct",
                    "Host",
                    direct.host(),
                    "Port",
                    Integer.toString(direct.port()),
                    "RootCertificate",
                    direct.rootCertificate()));
        } else {
            DataApi dataApi = cluster.dataApi();
            properties.putAll(Map.of("ClusterArn", dataApi.clusterArn(), "SecretArn", dataApi.secretArn()));
        }
        return properties;
    }

    @Override
    public void drop() {
        cluster.change(database, List.of("DROP SCHEMA sluice CASCADE"));
    }

    @Override
    public void restore() {
        cluster.change(database, schema);
    }

    /** The statements that make its schema, by the program that tells them to tests. */
    private static List<String> schema(Path model, int keptDays) {
        try {
            Process program = new ProcessBuilder(
                            Services.needed("SLUICE_SCHEMA", "the example schema of the crate postgres"),
                            model.toString(),
                            TABLE,
                            Integer.toString(keptDays))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return JSON.readValue(program.getInputStream(), new TypeReference<List<String>>() {});
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public long rows() {
        return (Long) ask("SELECT count(*) FROM " + FROM).get(0).get(0);
    }

    @Override
    public Map<Double, Integer> temperatures() {
        Map<Double, Integer> temperatures = new TreeMap<>();
        ask("SELECT \"measure_value::double\", count(*)::int FROM " + FROM
                        + " WHERE measure_name = 'temperature' GROUP BY 1")
                .forEach(row -> temperatures.put((Double) row.get(0), (Integer) row.get(1)));
        return temperatures;
    }

    @Override
    public Set<String> columns() {
        return columns("true");
    }

    private Set<String> columns(String which) {
        Set<String> columns = new TreeSet<>();
        ask("SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'sluice'"
                        + " AND table_name = '" + TABLE + "' AND " + which)
                .forEach(row -> columns.add((String) row.get(0)));
        return columns;
    }

    /** The names of the columns that have numbers with a fraction. */
    Set<String> doubles() {
        return columns("data_type = 'double precision'");
    }

    /** Takes out every row: what its columns have, but for those that have nothing, and its time in nanoseconds. */
    Set<Map<String, Object>> take(Set<String> doubles) {
        Set<Map<String, Object>> rows = new HashSet<>();
        ask("WITH taken AS (DELETE FROM " + FROM + " RETURNING *)"
                        + " SELECT (to_jsonb(taken) - 'nanosecond' || jsonb_build_object('time',"
                        + " sluice.nanoseconds(taken.time, taken.nanosecond)))::text FROM taken")
                .forEach(row -> rows.add(values((String) row.get(0), doubles)));
        return rows;
    }

    private static Map<String, Object> values(String row, Set<String> doubles) {
        Map<String, Object> columns = new TreeMap<>();
        try {
            for (Map.Entry<String, JsonNode> column : JSON.readTree(row).properties()) {
                String name = column.getKey();
                JsonNode value = column.getValue();
                if (doubles.contains(name) && value.isNumber()) {
                    columns.put(name, value.doubleValue());
                } else if (value.isNumber()) {
                    columns.put(name, value.longValue());
                } else if (value.isBoolean()) {
                    columns.put(name, value.booleanValue());
                } else if (!value.isNull()) {
                    columns.put(name, value.textValue());
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return columns;
    }

    /** The rows that a query of who owns everything gives. What goes wrong on the way is what the test wants. */
    private List<List<Object>> ask(String sql) {
        while (true) {
            try {
                if (session == null) {
                    session = cluster.session(database);
                }
                try (Statement statement = session.createStatement();
                        ResultSet answer = statement.executeQuery(sql)) {
                    List<List<Object>> rows = new ArrayList<>();
                    int columns = answer.getMetaData().getColumnCount();
                    while (answer.next()) {
                        List<Object> row = new ArrayList<>();
                        for (int column = 1; column <= columns; column++) {
                            row.add(answer.getObject(column));
                        }
                        rows.add(row);
                    }
                    return rows;
                }
            } catch (SQLException failed) {
                close();
                String state = String.valueOf(failed.getSQLState());
                if (!state.startsWith("08") && !state.startsWith("57P")) {
                    throw new IllegalStateException(sql, failed);
                }
                LockSupport.parkNanos(AGAIN_NANOS);
            }
        }
    }

    @Override
    public void faults(String writes) {
        try {
            JsonNode rates = JSON.readTree(writes);
            if (kind != Kind.DIRECT) {
                cluster.faults(rates);
                return;
            }
            // A session that the server ends, and the next that it refuses, are how it asks for fewer.
            double throttle = rates.path("throttle").asDouble();
            cluster.faults(
                    database,
                    JSON.createObjectNode()
                            .put("refused", throttle / SESSION_REQUESTS)
                            .put("killed", throttle / SESSION_REQUESTS)
                            .put("dropped", rates.path("internal").asDouble() / SESSION_REQUESTS)
                            .put("lost_answer", rates.path("lost_answer").asDouble() / SESSION_REQUESTS)
                            .put("delay_ms", rates.path("delay_ms").asInt()));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        try {
            if (session != null) {
                session.close();
            }
        } catch (SQLException gone) {
            // With its server.
        }
        session = null;
    }
}
