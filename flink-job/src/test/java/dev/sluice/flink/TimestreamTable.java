package dev.sluice.flink;

import dev.sluice.flink.sink.Store;
import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.timestreamquery.TimestreamQueryAsyncClient;
import software.amazon.awssdk.services.timestreamquery.model.Row;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteAsyncClient;
import software.amazon.awssdk.services.timestreamwrite.model.Dimension;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValue;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValueType;
import software.amazon.awssdk.services.timestreamwrite.model.Record;

/** A table of the local Timestream. */
final class TimestreamTable implements WorldTable {
    private static final String DATABASE = "tests";
    private static final int MEMORY_HOURS = 24;
    private static final Region REGION = Region.of(World.REGION);

    private final TimestreamWriteAsyncClient writes =
            TimestreamWriteAsyncClient.builder().region(REGION).build();
    private final TimestreamQueryAsyncClient queries =
            TimestreamQueryAsyncClient.builder().region(REGION).build();
    private final String name;

    TimestreamTable(String name) {
        this.name = name;
        try {
            writes.createDatabase(database -> database.databaseName(DATABASE)).join();
        } catch (CompletionException exists) {
            // Another test made it.
        }
        restore();
    }

    @Override
    public Store store() {
        return new Table(World.REGION, DATABASE, name, Timestream.retention(MEMORY_HOURS));
    }

    @Override
    public Map<String, String> properties() {
        return Map.of("Database", DATABASE, "Table", name, "MemoryHours", Integer.toString(MEMORY_HOURS));
    }

    @Override
    public void drop() {
        writes.deleteTable(request -> request.databaseName(DATABASE).tableName(name))
                .join();
    }

    @Override
    public void restore() {
        writes.createTable(request -> request.databaseName(DATABASE)
                        .tableName(name)
                        .retentionProperties(keep -> keep.memoryStoreRetentionPeriodInHours((long) MEMORY_HOURS)
                                .magneticStoreRetentionPeriodInDays((long) World.KEPT_DAYS))
                        .magneticStoreWriteProperties(late -> late.enableMagneticStoreWrites(true)))
                .join();
    }

    @Override
    public long rows() {
        return Long.parseLong(
                query("SELECT count(*) FROM " + from()).get(0).data().get(0).scalarValue());
    }

    @Override
    public Map<Double, Integer> temperatures() {
        Map<Double, Integer> temperatures = new TreeMap<>();
        if (rows() > 0) {
            query("SELECT measure_value::double FROM " + from() + " WHERE measure_name = 'temperature'")
                    .forEach(row ->
                            temperatures.merge(Double.valueOf(row.data().get(0).scalarValue()), 1, Integer::sum));
        }
        return temperatures;
    }

    @Override
    public Set<String> columns() {
        Set<String> columns = new TreeSet<>();
        queries.query(query -> query.queryString("SELECT * FROM " + from() + " LIMIT 1"))
                .join()
                .columnInfo()
                .forEach(column -> columns.add(column.name()));
        return columns;
    }

    private String from() {
        return "\"" + DATABASE + "\".\"" + name + "\"";
    }

    private List<Row> query(String sql) {
        List<Row> rows = new ArrayList<>();
        String token = null;
        do {
            String page = token;
            var response = queries.query(query -> query.queryString(sql).nextToken(page))
                    .join();
            rows.addAll(response.rows());
            token = response.nextToken();
        } while (token != null);
        return rows;
    }

    /** Makes a column with texts in it, by a row of its own. */
    void writeText(String measure) {
        Record row = Record.builder()
                .dimensions(Dimension.builder().name("DeviceID").value("other").build())
                .measureName("m")
                .measureValueType(MeasureValueType.MULTI)
                .measureValues(MeasureValue.builder()
                        .name(measure)
                        .value("text")
                        .type(MeasureValueType.VARCHAR)
                        .build())
                .time(Long.toString(System.currentTimeMillis()))
                .build();
        writes.writeRecords(request ->
                        request.databaseName(DATABASE).tableName(name).records(row))
                .join();
    }

    @Override
    public void faults(String writes) {
        Services.running().faults("{\"seed\": 7, \"operations\": {\"WriteRecords\": " + writes + "}}");
    }

    @Override
    public void close() {
        writes.close();
        queries.close();
    }
}
