package dev.sluice.flink;

import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.sink.Entry;
import dev.sluice.flink.timestream.Client;
import dev.sluice.flink.timestream.Table;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteAsyncClient;
import software.amazon.awssdk.services.timestreamwrite.model.Dimension;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValueType;
import software.amazon.awssdk.services.timestreamwrite.model.TimeUnit;

/**
 * The logic of the public sample's sink, to be measured against: batches of 75, one write after the other,
 * every record with all that it has. It loses what the sample loses, and is here for nothing else.
 */
final class SampleSink implements Sink<Entry> {
    private static final long serialVersionUID = 1;
    private static final int BATCH = 75;

    private final Table table;

    SampleSink(Table table) {
        this.table = table;
    }

    @Override
    public SinkWriter<Entry> createWriter(WriterInitContext context) {
        return new Writer(table);
    }

    private static final class Writer implements SinkWriter<Entry> {
        private final Table table;
        private final TimestreamWriteAsyncClient client;
        private final List<software.amazon.awssdk.services.timestreamwrite.model.Record> batch = new ArrayList<>(BATCH);

        Writer(Table table) {
            this.table = table;
            this.client = Client.open(table.region(), 1);
        }

        @Override
        public void write(Entry entry, Context context) {
            batch.add(record(entry.record()));
            if (batch.size() == BATCH) {
                client.writeRecords(request -> request.databaseName(table.database())
                                .tableName(table.table())
                                .records(batch))
                        .join();
                batch.clear();
            }
        }

        private static software.amazon.awssdk.services.timestreamwrite.model.Record record(Record record) {
            Measured.Single measured = (Measured.Single) record.measured();
            return software.amazon.awssdk.services.timestreamwrite.model.Record.builder()
                    .dimensions(record.dimensions().stream()
                            .map(one -> Dimension.builder()
                                    .name(one.name())
                                    .value(one.value())
                                    .build())
                            .toList())
                    .measureName(record.measureName())
                    .measureValueType(MeasureValueType.DOUBLE)
                    .measureValue(measured.value().text())
                    .timeUnit(TimeUnit.MILLISECONDS)
                    .time(Long.toString(record.time() / 1_000_000))
                    .build();
        }

        @Override
        public void flush(boolean endOfInput) {
            // As the sample: what waits is forgotten.
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
