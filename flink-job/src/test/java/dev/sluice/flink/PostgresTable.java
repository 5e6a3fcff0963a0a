package dev.sluice.flink;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.postgres.DataApi;
import dev.sluice.flink.postgres.Database;
import dev.sluice.flink.sink.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.rdsdata.RdsDataAsyncClient;
import software.amazon.awssdk.services.rdsdata.model.DatabaseErrorException;
import software.amazon.awssdk.services.rdsdata.model.Field;
import software.amazon.awssdk.services.rdsdata.model.RdsDataException;

/** The table of a database of its own, in a real PostgreSQL behind the local Data API, as the set-up makes it. */
final class PostgresTable implements WorldTable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TABLE = "telemetry";
    private static final String FROM = "sluice." + TABLE;

    /** How long to wait before a statement is tried again. */
    private static final long AGAIN_NANOS = 20_000_000;

    private final PostgresCluster cluster = PostgresCluster.running();
    private final RdsDataAsyncClient client =
            RdsDataAsyncClient.builder().region(Region.of(World.REGION)).build();
    private final String database;
    private final Path model;
    private final int keptDays;

    /**
     * The table of a model, in a database called {@code name}.
     *
     * @param model the file of the model
     * @param keptDays for how many days it keeps rows
     */
    PostgresTable(String name, Path model, int keptDays) {
        this.database = name;
        this.model = model;
        this.keptDays = keptDays;
        execute(cluster.database(), "CREATE DATABASE \"" + database + "\"");
        restore();
        execute("ALTER ROLE sluice_writer PASSWORD '" + PostgresCluster.PASSWORD + "'");
    }

    @Override
    public Store store() {
        return new Database(new DataApi(World.REGION, cluster.arn(), cluster.writerSecretArn()), database, TABLE);
    }

    @Override
    public Map<String, String> properties() {
        return Map.of(
                "Store",
                "postgres",
                "ClusterArn",
                cluster.arn(),
                "SecretArn",
                cluster.writerSecretArn(),
                "Database",
                database,
                "Table",
                TABLE);
    }

    @Override
    public void drop() {
        execute("DROP SCHEMA sluice CASCADE");
    }

    @Override
    public void restore() {
        schema().forEach(this::execute);
    }

    /** The statements that make its schema, by the program that tells them to tests. */
    private List<String> schema() {
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
        return execute("SELECT count(*) FROM " + FROM).get(0).get(0).longValue();
    }

    @Override
    public Map<Double, Integer> temperatures() {
        Map<Double, Integer> temperatures = new TreeMap<>();
        execute("SELECT \"measure_value::double\", count(*) FROM " + FROM
                        + " WHERE measure_name = 'temperature' GROUP BY 1")
                .forEach(row -> temperatures.put(
                        row.get(0).doubleValue(), row.get(1).longValue().intValue()));
        return temperatures;
    }

    @Override
    public Set<String> columns() {
        Set<String> columns = new TreeSet<>();
        execute("SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'sluice'")
                .forEach(row -> columns.add(row.get(0).stringValue()));
        return columns;
    }

    /** Takes out every row: what its columns have, but for those that have nothing, and its time in nanoseconds. */
    Set<Map<String, Object>> take() {
        Set<String> doubles = new TreeSet<>();
        execute("SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'sluice'"
                        + " AND data_type = 'double precision'")
                .forEach(row -> doubles.add(row.get(0).stringValue()));
        Set<Map<String, Object>> rows = new HashSet<>();
        execute("WITH taken AS (DELETE FROM " + FROM + " RETURNING *)"
                        + " SELECT (to_jsonb(taken) - 'nanosecond' || jsonb_build_object('time',"
                        + " sluice.nanoseconds(taken.time, taken.nanosecond)))::text FROM taken")
                .forEach(row -> rows.add(columns(row.get(0).stringValue(), doubles)));
        return rows;
    }

    private static Map<String, Object> columns(String row, Set<String> doubles) {
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

    private List<List<Field>> execute(String sql) {
        return execute(database, sql);
    }

    /** Executes a statement as who owns everything. What goes wrong on the way is what the test wants. */
    private List<List<Field>> execute(String database, String sql) {
        while (true) {
            try {
                return client.executeStatement(statement -> statement
                                .resourceArn(cluster.arn())
                                .secretArn(cluster.masterSecretArn())
                                .database(database)
                                .sql(sql))
                        .join()
                        .records();
            } catch (CompletionException failed) {
                boolean wanted = failed.getCause() instanceof RdsDataException
                        && !(failed.getCause() instanceof DatabaseErrorException);
                if (!wanted) {
                    throw failed;
                }
                LockSupport.parkNanos(AGAIN_NANOS);
            }
        }
    }

    @Override
    public void faults(String writes) {
        PostgresCluster.faults("{\"seed\": 7, \"operations\": {\"ExecuteStatement\": " + writes + "}}");
    }

    @Override
    public void close() {
        client.close();
    }
}
