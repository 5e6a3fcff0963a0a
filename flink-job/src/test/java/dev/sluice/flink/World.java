package dev.sluice.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.quarantine.Quarantine;
import dev.sluice.flink.sink.Store;
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
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** A stream, a table, a queue and a bucket of one test, and what a test asks of them. */
final class World implements AutoCloseable {
    static final String REGION = "us-east-1";

    /** The model of the vectors whose events a world takes. */
    static final String MODEL = "smart-home-single";

    /** For how many days a table keeps what it has. */
    static final int KEPT_DAYS = 365;

    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Events that arrive in one millisecond. */
    private static final int TOGETHER = 75;

    final String name = "world-" + NUMBER.incrementAndGet();
    private final KinesisAsyncClient kinesis;
    private final SqsAsyncClient sqs;
    private final WorldTable table;
    private final String streamArn;
    private final String queueUrl;
    private boolean faulty;

    /** What came into quarantine: the whole messages, each once for each time that it was sent. */
    private final List<JsonNode> quarantined = new ArrayList<>();

    World() {
        this(Kind.TIMESTREAM);
    }

    World(Kind kind) {
        Services.running();
        Region region = Region.of(REGION);
        kinesis = KinesisAsyncClient.builder().region(region).build();
        sqs = Clients.sqs(REGION);
        kinesis.createStream(stream -> stream.streamName(name).shardCount(2)).join();
        streamArn = kinesis.describeStreamSummary(stream -> stream.streamName(name))
                .join()
                .streamDescriptionSummary()
                .streamARN();
        queueUrl = sqs.createQueue(queue -> queue.queueName(name)).join().queueUrl();
        table = WorldTable.of(kind, name);
        try (var s3 = Clients.s3(REGION)) {
            s3.createBucket(bucket -> bucket.bucket(name)).join();
        }
    }

    JobProperties properties() {
        return properties(MODEL);
    }

    /** The same with another model of the vectors. */
    JobProperties properties(String name) {
        try {
            String model = Files.readString(model(name));
            return new JobProperties(streamArn, REGION, store(), queueUrl, this.name, 32, "test", model);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    Store store() {
        return table.store();
    }

    /** The properties that name the store. */
    Map<String, String> storeProperties() {
        return table.properties();
    }

    /** The file of a model of the vectors. */
    static Path model(String name) {
        return Path.of("../test-vectors/models/" + name + ".json");
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
        return table.rows();
    }

    /** All temperatures of the store, each with how many rows have it. */
    Map<Double, Integer> temperatures() {
        return table.temperatures();
    }

    /** The names of the columns of the store. */
    Set<String> columns() {
        return table.columns();
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

    /** Makes a column with texts in it, in Timestream. */
    void writeText(String measure) {
        ((TimestreamTable) table).writeText(measure);
    }

    /** What the store does wrong with writes from now on; it is one for all worlds of its kind. */
    void faults(String writes) {
        faulty = true;
        table.faults(writes);
    }

    /** The store does nothing wrong any more. */
    void noFaults() {
        if (faulty) {
            table.faults("{}");
        }
        faulty = false;
    }

    void dropTable() {
        table.drop();
    }

    void restoreTable() {
        table.restore();
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
        noFaults();
        kinesis.close();
        sqs.close();
        table.close();
    }
}
