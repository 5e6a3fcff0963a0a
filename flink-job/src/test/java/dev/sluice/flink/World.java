package dev.sluice.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.quarantine.Quarantine;
import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.timestreamquery.TimestreamQueryAsyncClient;
import software.amazon.awssdk.services.timestreamquery.model.Row;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteAsyncClient;
import software.amazon.awssdk.services.timestreamwrite.model.Dimension;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValue;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValueType;
import software.amazon.awssdk.services.timestreamwrite.model.Record;

/** A stream, a table, a queue and a bucket of one test, and what a test asks of them. */
final class World implements AutoCloseable {
    static final String REGION = "us-east-1";

    private static final int MEMORY_HOURS = 24;

    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Events that arrive in one millisecond. */
    private static final int TOGETHER = 75;

    final String name = "world-" + NUMBER.incrementAndGet();
    final String table = name;
    private final KinesisAsyncClient kinesis;
    private final SqsAsyncClient sqs;
    private final TimestreamWriteAsyncClient writes;
    private final TimestreamQueryAsyncClient queries;
    private final String streamArn;
    private final String queueUrl;

    /** What came into quarantine: the whole messages, each once for each time that it was sent. */
    private final List<JsonNode> quarantined = new ArrayList<>();

    World() {
        Services.running().noFaults();
        Region region = Region.of(REGION);
        kinesis = KinesisAsyncClient.builder().region(region).build();
        sqs = Clients.sqs(REGION);
        writes = TimestreamWriteAsyncClient.builder().region(region).build();
        queries = TimestreamQueryAsyncClient.builder().region(region).build();
        kinesis.createStream(stream -> stream.streamName(name).shardCount(2)).join();
        streamArn = kinesis.describeStreamSummary(stream -> stream.streamName(name))
                .join()
                .streamDescriptionSummary()
                .streamARN();
        queueUrl = sqs.createQueue(queue -> queue.queueName(name)).join().queueUrl();
        try {
            writes.createDatabase(database -> database.databaseName("tests")).join();
        } catch (CompletionException exists) {
            // Another test made it.
        }
        makeTable();
        try (var s3 = Clients.s3(REGION)) {
            s3.createBucket(bucket -> bucket.bucket(name)).join();
        }
    }

    private void makeTable() {
        writes.createTable(request -> request.databaseName("tests")
                        .tableName(table)
                        .retentionProperties(keep -> keep.memoryStoreRetentionPeriodInHours((long) MEMORY_HOURS)
                                .magneticStoreRetentionPeriodInDays(365L))
                        .magneticStoreWriteProperties(late -> late.enableMagneticStoreWrites(true)))
                .join();
    }

    JobProperties properties() {
        return properties("smart-home-single");
    }

    /** The same with another model of the vectors. */
    JobProperties properties(String name) {
        try {
            String model = Files.readString(Path.of("../test-vectors/models/" + name + ".json"));
            return new JobProperties(streamArn, REGION, store(), queueUrl, this.name, 32, "test", model);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    Table store() {
        return new Table(REGION, "tests", table, Timestream.retention(MEMORY_HOURS));
    }

    Quarantine.Place quarantine() {
        return properties().quarantine();
    }

    /** Puts events into the stream, in this order; those of one device into one shard. */
    void put(List<String> events) {
        for (int from = 0; from < events.size(); from += TOGETHER) {
            List<PutRecordsRequestEntry> entries =
                    events.subList(from, Math.min(events.size(), from + TOGETHER)).stream()
                            .map(event -> PutRecordsRequestEntry.builder()
                                    .data(SdkBytes.fromUtf8String(event))
                                    .partitionKey(device(event))
                                    .build())
                            .toList();
            kinesis.putRecords(put -> put.streamName(name).records(entries)).join();
            later();
        }
    }

    /** What is put now arrives after what was put before. */
    private static void later() {
        long before = System.currentTimeMillis();
        while (System.currentTimeMillis() <= before) {
            Thread.onSpinWait();
        }
    }

    void put(String... events) {
        put(Arrays.asList(events));
    }

    /** Puts the bytes of one record. */
    void put(byte[] record) {
        kinesis.putRecord(put -> put.streamName(name)
                        .data(SdkBytes.fromByteArray(record))
                        .partitionKey("none"))
                .join();
        later();
    }

    private static String device(String event) {
        int at = event.indexOf("\"DeviceID\"");
        return at < 0 ? "none" : event.substring(at, Math.min(event.length(), at + 24));
    }

    /** An event of the shape that the model describes. */
    static String event(String device, long timeMs, double temperature) {
        return "{\"DeviceID\": \"" + device + "\", \"Time\": " + timeMs + ", \"temperature_measure\": " + temperature
                + "}";
    }

    /** Events of several devices, each with a temperature of its own, a millisecond apart, up to now. */
    static List<String> events(int count) {
        long now = System.currentTimeMillis();
        List<String> events = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            events.add(event("d" + number % 7, now - count + number, number));
        }
        return events;
    }

    /** How many rows the store has. */
    long rows() {
        return Long.parseLong(query("SELECT count(*) FROM \"tests\".\"" + table + "\"")
                .get(0)
                .data()
                .get(0)
                .scalarValue());
    }

    /** All temperatures of the store, each with how many rows have it. */
    Map<Double, Integer> temperatures() {
        Map<Double, Integer> temperatures = new TreeMap<>();
        if (rows() > 0) {
            query("SELECT measure_value::double FROM \"tests\".\"" + table + "\" WHERE measure_name = 'temperature'")
                    .forEach(row ->
                            temperatures.merge(Double.valueOf(row.data().get(0).scalarValue()), 1, Integer::sum));
        }
        return temperatures;
    }

    /** The devices of the store. */
    Set<String> devices() {
        Set<String> devices = new TreeSet<>();
        if (rows() > 0) {
            query("SELECT DISTINCT DeviceID FROM \"tests\".\"" + table + "\"")
                    .forEach(row -> devices.add(row.data().get(0).scalarValue()));
        }
        return devices;
    }

    /** The names of the columns of the store. */
    Set<String> columns() {
        Set<String> columns = new TreeSet<>();
        queries.query(query -> query.queryString("SELECT * FROM \"tests\".\"" + table + "\" LIMIT 1"))
                .join()
                .columnInfo()
                .forEach(column -> columns.add(column.name()));
        return columns;
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

    /** The messages in quarantine so far. */
    List<JsonNode> quarantined() {
        List<Message> messages;
        do {
            messages = sqs.receiveMessage(receive -> receive.queueUrl(queueUrl).maxNumberOfMessages(10))
                    .join()
                    .messages();
            for (Message message : messages) {
                try {
                    quarantined.add(JSON.readTree(message.body()));
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
                sqs.deleteMessage(delete -> delete.queueUrl(queueUrl).receiptHandle(message.receiptHandle()))
                        .join();
            }
        } while (!messages.isEmpty());
        return quarantined;
    }

    /** The events in quarantine, each once, with the code of its first reason. */
    Map<String, String> quarantinedEvents() {
        Map<String, String> events = new TreeMap<>();
        for (JsonNode message : quarantined()) {
            String event =
                    new String(Base64.getDecoder().decode(message.path("data").asText()), UTF_8);
            events.put(event, message.path("reasons").path(0).path("code").asText());
        }
        return events;
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
                        request.databaseName("tests").tableName(table).records(row))
                .join();
    }

    void dropTable() {
        writes.deleteTable(request -> request.databaseName("tests").tableName(table))
                .join();
    }

    void restoreTable() {
        makeTable();
    }

    /** The queue takes no larger messages. */
    void limitQueue(int bytes) {
        Map<QueueAttributeName, String> limit =
                Map.of(QueueAttributeName.MAXIMUM_MESSAGE_SIZE, Integer.toString(bytes));
        sqs.setQueueAttributes(queue -> queue.queueUrl(queueUrl).attributes(limit))
                .join();
    }

    void dropQueue() {
        sqs.deleteQueue(queue -> queue.queueUrl(queueUrl)).join();
    }

    void restoreQueue() {
        sqs.createQueue(queue -> queue.queueName(name)).join();
    }

    /** The object of the bucket, as text. */
    String object(String key) {
        try (var s3 = Clients.s3(REGION)) {
            return s3.getObject(
                            get -> get.bucket(name).key(key),
                            software.amazon.awssdk.core.async.AsyncResponseTransformer.toBytes())
                    .join()
                    .asUtf8String();
        }
    }

    @Override
    public void close() {
        Services.running().noFaults();
        kinesis.close();
        sqs.close();
        writes.close();
        queries.close();
    }
}
