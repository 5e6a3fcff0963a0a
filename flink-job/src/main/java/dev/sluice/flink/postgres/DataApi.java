package dev.sluice.flink.postgres;

import dev.sluice.flink.Clients;
import dev.sluice.flink.sink.Effect;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.rdsdata.RdsDataAsyncClient;
import software.amazon.awssdk.services.rdsdata.model.BadRequestException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseErrorException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseResumingException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseUnavailableException;
import software.amazon.awssdk.services.rdsdata.model.ExecuteStatementRequest;
import software.amazon.awssdk.services.rdsdata.model.ExecuteStatementResponse;
import software.amazon.awssdk.services.rdsdata.model.Field;
import software.amazon.awssdk.services.rdsdata.model.InvalidResourceStateException;
import software.amazon.awssdk.services.rdsdata.model.SqlParameter;
import software.amazon.awssdk.services.rdsdata.model.StatementTimeoutException;

/**
 * By the <a href="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html">Data API</a> of the
 * cluster: HTTPS from anywhere, with IAM.
 *
 * @param region its Region
 * @param clusterArn ARN of the cluster
 * @param secretArn ARN of the secret with the name and the password of the role that writes
 */
public record DataApi(String region, String clusterArn, String secretArn) implements Way {
    /** How a message of the database ends: {@code ERROR: deadlock detected; SQLState: 40P01}. */
    private static final Pattern STATE = Pattern.compile("SQLState: ([0-9A-Z]{5})\\s*$");

    @Override
    public Session open(String database, int requests) {
        return new Requests(this, database, client(requests));
    }

    /** A client that makes one attempt. */
    private RdsDataAsyncClient client(int requests) {
        return RdsDataAsyncClient.builder()
                .region(Region.of(region))
                .httpClientBuilder(Clients.http().maxConcurrency(requests).readTimeout(ATTEMPT))
                .overrideConfiguration(Clients.attempts()
                        .apiCallAttemptTimeout(ATTEMPT)
                        .retryStrategy(DefaultRetryStrategy.doNotRetry())
                        .build())
                .build();
    }

    private record Requests(DataApi way, String database, RdsDataAsyncClient client) implements Session {
        @Override
        public CompletableFuture<Effect> write(String rows, int count) {
            SqlParameter parameter = SqlParameter.builder()
                    .name(Postgres.ROWS)
                    .value(Field.fromStringValue(rows))
                    .build();
            ExecuteStatementRequest statement = ExecuteStatementRequest.builder()
                    .resourceArn(way.clusterArn)
                    .secretArn(way.secretArn)
                    .database(database)
                    .sql(Postgres.WRITE)
                    .parameters(parameter)
                    .build();
            return client.executeStatement(statement).handle((answer, failure) -> effect(answer, failure, count));
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /** What {@code answer}, or else {@code failure}, of a request of so many rows means. */
    static Effect effect(ExecuteStatementResponse answer, Throwable failure, int count) {
        Throwable cause = Effect.cause(failure);
        if (cause == null) {
            return Answer.written(onlyText(answer), count);
        } else if (cause instanceof DatabaseErrorException database) {
            String words = Effect.words(database);
            Matcher found = STATE.matcher(words);
            return Answer.failed(found.find() ? found.group(1) : null, words);
        } else if (cause instanceof DatabaseResumingException
                || cause instanceof DatabaseUnavailableException
                || cause instanceof InvalidResourceStateException
                || cause instanceof StatementTimeoutException) {
            // A pause, a start and a failover can be told as each of these.
            return new Effect.Unavailable(cause.toString());
        } else if (cause instanceof BadRequestException bad) {
            return new Effect.Invalid(Effect.words(bad));
        }
        return Effect.of(cause);
    }

    private static String onlyText(ExecuteStatementResponse answer) {
        List<List<Field>> records = answer.records();
        return records.size() == 1 && records.get(0).size() == 1
                ? records.get(0).get(0).stringValue()
                : null;
    }
}
