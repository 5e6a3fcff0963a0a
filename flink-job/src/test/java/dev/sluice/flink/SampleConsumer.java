package dev.sluice.flink;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.timestream.Client;
import dev.sluice.flink.timestream.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteAsyncClient;
import software.amazon.awssdk.services.timestreamwrite.model.Dimension;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValueType;
import software.amazon.awssdk.services.timestreamwrite.model.Record;
import software.amazon.awssdk.services.timestreamwrite.model.TimeUnit;

/**
 * The behaviour of the public sample of this pipeline from the event on, written again, to compare with: flat
 * JSON, text by text, or the job fails; a time that is missing is 1970; batches of 75 and one
 * request at a time; whatever goes wrong is logged and the batch forgotten; nothing is flushed but a full
 * batch; no versions; no quarantine.
 */
final class SampleConsumer implements Sink<Delivery> {
    private static final long serialVersionUID = 1;

    /** Records of one request; fewer are never sent. */
    static final int BATCH = 75;

    private static final String SUFFIX = "_measure";

    /** Events that reached a sample sink, by table, for a test to know that it had its chance. */
    private static final Map<String, AtomicInteger> SEEN = new ConcurrentHashMap<>();

    private final Table table;

    SampleConsumer(Table table) {
        this.table = table;
    }

    /** How many events reached the sample's sink that writes to {@code table}. */
    static int seen(Table table) {
        return counter(table).get();
    }

    private static AtomicInteger counter(Table table) {
        return SEEN.computeIfAbsent(table.table(), name -> new AtomicInteger());
    }

    @Override
    public SinkWriter<Delivery> createWriter(WriterInitContext context) {
        return new Writer(table);
    }

    private static final class Writer implements SinkWriter<Delivery> {
        private static final ObjectMapper JSON = new ObjectMapper();
        private static final TypeReference<Map<String, String>> FLAT = new TypeReference<>() {};

        private final Table table;
        private final TimestreamWriteAsyncClient client;
        private final List<Record> batch = new ArrayList<>();

        private Writer(Table table) {
            this.table = table;
            this.client = Client.open(table.region(), 1);
        }

        @Override
        public void write(Delivery delivery, Context context) throws IOException {
            counter(table).incrementAndGet();
            Map<String, String> event = JSON.readValue(new String(delivery.data(), StandardCharsets.UTF_8), FLAT);
            long time = 0;
            List<Dimension> dimensions = new ArrayList<>();
            for (Map.Entry<String, String> field : event.entrySet()) {
                if (field.getKey().equals("Time")) {
                    time = Math.min(Long.parseLong(field.getValue()), System.currentTimeMillis());
                } else if (!field.getKey().endsWith(SUFFIX)) {
                    dimensions.add(Dimension.builder()
                            .name(field.getKey())
                            .value(field.getValue())
                            .build());
                }
            }
            for (Map.Entry<String, String> field : event.entrySet()) {
                if (field.getKey().endsWith(SUFFIX)) {
                    batch.add(Record.builder()
                            .dimensions(dimensions)
                            .measureName(field.getKey().replace(SUFFIX, ""))
                            .measureValue(field.getValue())
                            .measureValueType(MeasureValueType.DOUBLE)
                            .time(Long.toString(time))
                            .timeUnit(TimeUnit.MILLISECONDS)
                            .build());
                }
                if (batch.size() == BATCH) {
                    send();
                }
            }
        }

        private void send() {
            try {
                client.writeRecords(request -> request.databaseName(table.database())
                                .tableName(table.table())
                                .records(List.copyOf(batch)))
                        .join();
            } catch (CompletionException logged) {
                // The sample writes a line to its log.
            }
            batch.clear();
        }

        @Override
        public void flush(boolean endOfInput) {
            // The sample does not.
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
