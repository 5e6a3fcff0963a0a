package dev.sluice.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import dev.sluice.flink.domain.Vectors;
import dev.sluice.flink.postgres.Postgres;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Entry;
import dev.sluice.flink.sink.Outgoing;
import dev.sluice.flink.sink.Store;
import dev.sluice.flink.source.Delivery;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every record of the test vectors, in PostgreSQL: each value is in the column of its name, to the last digit. */
final class StoredVectorsTest {
    /** Centuries: vectors are of any time. */
    private static final int KEPT_DAYS = 150_000;

    /** What a request takes. */
    private static final int TOGETHER = 500;

    private static final Delivery ORIGIN = new Delivery(new byte[0], "p", "1", 5, "shard");

    @TempDir
    private Path folder;

    @Test
    void theDatabaseHasWhatTheVectorsSay() throws Exception {
        Services.running();
        Map<String, Map<String, List<Record>>> vectors = Vectors.recordsByModel();
        int stored = 0;
        for (Map.Entry<String, String> model : Vectors.modelTexts().entrySet()) {
            Map<String, List<Record>> ofModel = vectors.getOrDefault(model.getKey(), Map.of());
            if (ofModel.isEmpty()) {
                continue;
            }
            Path file = folder.resolve("model.json");
            Files.writeString(file, model.getValue());
            PostgresTable table = new PostgresTable(Kind.POSTGRES, "vectors-" + model.getKey(), file, KEPT_DAYS);
            try (table;
                    Store.Connection dataApi = table.store(Kind.POSTGRES).open(1);
                    Store.Connection direct = table.store(Kind.DIRECT).open(1)) {
                Writing written = new Writing(table, table.doubles(), List.of(dataApi, direct));
                for (Map.Entry<String, List<Record>> vector : ofModel.entrySet()) {
                    stored += written.hold(vector.getKey(), vector.getValue());
                }
            }
        }
        assertTrue(stored > 300, stored + " records");
    }

    /** Vectors of one model, in its table. */
    private record Writing(PostgresTable table, Set<String> doubles, List<Store.Connection> ways) {
        private int hold(String name, List<Record> records) {
            List<Entry> entries =
                    records.stream().map(record -> new Entry(record, ORIGIN)).toList();
            List<Record> written = Outgoing.of(entries, Postgres.LIMITS).items().stream()
                    .map(Outgoing.Item::record)
                    .toList();
            for (int from = 0; from < written.size(); from += TOGETHER) {
                List<Record> some = written.subList(from, Math.min(written.size(), from + TOGETHER));
                // By either way it is the same, and no other version of it.
                ways.forEach(way -> assertEquals(Effect.STORED, way.write(some).join(), name));
                Set<Map<String, Object>> wanted =
                        some.stream().map(StoredVectorsTest::columns).collect(Collectors.toSet());
                assertEquals(wanted, table.take(doubles), name);
            }
            return written.size();
        }
    }

    /** What the row of a record holds; its time in nanoseconds. */
    private static Map<String, Object> columns(Record record) {
        Map<String, Object> columns = new TreeMap<>();
        for (DimensionValue dimension : record.dimensions()) {
            columns.put(dimension.name(), dimension.value());
        }
        columns.put("measure_name", record.measureName());
        columns.put("time", record.time());
        columns.put("version", record.version());
        if (record.measured() instanceof Measured.Single single) {
            columns.put("measure_value::" + single.value().type().label(), plain(single.value()));
        } else if (record.measured() instanceof Measured.Multi multi) {
            for (MeasureValue measure : multi.values()) {
                columns.put(measure.name(), plain(measure.value()));
            }
        }
        return columns;
    }

    private static Object plain(Value value) {
        if (value instanceof Value.Double number) {
            return number.value();
        } else if (value instanceof Value.Bigint number) {
            return number.value();
        } else if (value instanceof Value.Boolean truth) {
            return truth.value();
        } else if (value instanceof Value.Timestamp instant) {
            return instant.nanoseconds();
        }
        return value.text();
    }
}
