package dev.sluice.flink.postgres;

import dev.sluice.flink.domain.Limits;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Retention;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Store;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A database of an Aurora cluster, with the schema of this pipeline.
 *
 * @param way how the cluster is reached
 * @param database name of the database
 * @param table name of the table
 */
public record Database(Way way, String database, String table) implements Store {
    @Override
    public String name() {
        return database + ".sluice." + table;
    }

    @Override
    public Limits limits() {
        return Postgres.LIMITS;
    }

    @Override
    public int requestRecords() {
        return Postgres.REQUEST_ROWS;
    }

    @Override
    public long requestBytes() {
        return Postgres.REQUEST_BYTES;
    }

    @Override
    public long bytesAtMost(Record record) {
        return Rows.bytesAtMost(record);
    }

    @Override
    public Retention retention() {
        return null;
    }

    @Override
    public Connection open(int requests) {
        return new Statements(way.open(database, requests));
    }

    private record Statements(Way.Session session) implements Connection {
        @Override
        public CompletableFuture<Effect> write(List<Record> records) {
            return session.write(Rows.text(records), records.size());
        }

        /** No rows are written by every schema. */
        @Override
        public CompletableFuture<Effect> probe() {
            return write(List.of());
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
