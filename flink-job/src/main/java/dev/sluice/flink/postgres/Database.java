package dev.sluice.flink.postgres;

import dev.sluice.flink.domain.Limits;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Retention;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Store;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.services.rdsdata.RdsDataAsyncClient;
import software.amazon.awssdk.services.rdsdata.model.ExecuteStatementRequest;
import software.amazon.awssdk.services.rdsdata.model.Field;
import software.amazon.awssdk.services.rdsdata.model.SqlParameter;

/**
 * A database of an Aurora cluster, with the schema of this pipeline.
 *
 * @param region its Region
 * @param clusterArn ARN of the cluster
 * @param secretArn ARN of the secret with the name and the password of the role that writes
 * @param database name of the database
 * @param table name of the table
 */
public record Database(String region, String clusterArn, String secretArn, String database, String table)
        implements Store {
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
        return new Statements(this, Client.open(region, requests));
    }

    private record Statements(Database database, RdsDataAsyncClient client) implements Connection {
        @Override
        public CompletableFuture<Effect> write(List<Record> records) {
            SqlParameter rows = SqlParameter.builder()
                    .name(Postgres.ROWS)
                    .value(Field.fromStringValue(Rows.text(records)))
                    .build();
            ExecuteStatementRequest statement = ExecuteStatementRequest.builder()
                    .resourceArn(database.clusterArn)
                    .secretArn(database.secretArn)
                    .database(database.database)
                    .sql(Postgres.WRITE)
                    .parameters(rows)
                    .build();
            return client.executeStatement(statement)
                    .handle((answer, failure) -> Answer.of(answer, failure, records.size()));
        }

        /** No rows are written by every schema. */
        @Override
        public CompletableFuture<Effect> probe() {
            return write(List.of());
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
