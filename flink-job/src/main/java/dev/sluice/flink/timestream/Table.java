package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.Limits;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Retention;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Store;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteAsyncClient;

/**
 * A table of Timestream for LiveAnalytics.
 *
 * @param region its Region
 * @param database name of the database
 * @param table name of the table
 * @param retention how long it keeps records: it has those that are late on disk, and <a
 *     href="https://docs.aws.amazon.com/timestream/latest/developerguide/troubleshoot-writethrottles.html">throttles</a>
 *     them apart
 */
public record Table(String region, String database, String table, Retention retention) implements Store {
    @Override
    public String name() {
        return database + "." + table;
    }

    @Override
    public Limits limits() {
        return Timestream.LIMITS;
    }

    @Override
    public int requestRecords() {
        return Timestream.REQUEST_RECORDS;
    }

    @Override
    public long requestBytes() {
        return Timestream.REQUEST_BYTES;
    }

    @Override
    public long bytesAtMost(Record record) {
        return Timestream.LIMITS.recordBytes();
    }

    @Override
    public Connection open(int requests) {
        return new Writes(this, Client.open(region, requests));
    }

    private record Writes(Table table, TimestreamWriteAsyncClient client) implements Connection {
        @Override
        public CompletableFuture<Effect> write(List<Record> records) {
            return client.writeRecords(Request.of(table.database, table.table, records))
                    .handle((response, failure) -> Answer.of(failure, records));
        }

        @Override
        public CompletableFuture<Effect> probe() {
            return write(List.of(Timestream.PROBE));
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
