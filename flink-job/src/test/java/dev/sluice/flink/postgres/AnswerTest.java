package dev.sluice.flink.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Refusal;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.rdsdata.model.AccessDeniedException;
import software.amazon.awssdk.services.rdsdata.model.BadRequestException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseErrorException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseNotFoundException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseResumingException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseUnavailableException;
import software.amazon.awssdk.services.rdsdata.model.ExecuteStatementResponse;
import software.amazon.awssdk.services.rdsdata.model.Field;
import software.amazon.awssdk.services.rdsdata.model.ForbiddenException;
import software.amazon.awssdk.services.rdsdata.model.HttpEndpointNotEnabledException;
import software.amazon.awssdk.services.rdsdata.model.InternalServerErrorException;
import software.amazon.awssdk.services.rdsdata.model.InvalidResourceStateException;
import software.amazon.awssdk.services.rdsdata.model.InvalidSecretException;
import software.amazon.awssdk.services.rdsdata.model.RdsDataException;
import software.amazon.awssdk.services.rdsdata.model.SecretsErrorException;
import software.amazon.awssdk.services.rdsdata.model.ServiceUnavailableErrorException;
import software.amazon.awssdk.services.rdsdata.model.StatementTimeoutException;

final class AnswerTest {
    private static final int SENT = 3;

    private static AwsServiceException error(AwsServiceException.Builder error, int status, String message) {
        return error.statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode("code")
                        .errorMessage(message)
                        .build())
                .build();
    }

    private static Effect effect(Throwable failure) {
        return DataApi.effect(null, failure, SENT);
    }

    private static String named(Effect effect) {
        return effect.getClass().getSimpleName();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    Unavailable | ERROR: canceling statement due to statement timeout | 57014
                    Unavailable | FATAL: terminating connection due to administrator command | 57P01
                    Unavailable | FATAL: the database system is starting up | 57P03
                    Unavailable | An I/O error occurred while sending to the backend. | 08006
                    Unavailable | ERROR: deadlock detected | 40P01
                    Unavailable | ERROR: could not serialize access due to concurrent update | 40001
                    Unavailable | FATAL: sorry, too many clients already | 53300
                    Unavailable | ERROR: canceling statement due to lock timeout | 55P03
                    Unavailable | ERROR: cannot execute INSERT in a read-only transaction | 25006
                    Unavailable | ERROR: relation "telemetry_20261130" already exists | 42P07
                    Unavailable | ERROR: role "sluice_writer" already exists | 42710
                    Unavailable | Unexpected error | 99999
                    Unavailable | Transaction is still running a query |
                    Unusable    | FATAL: password authentication failed for user "sluice_writer" | 28P01
                    Unusable    | FATAL: PAM authentication failed for user "sluice_consumer" | 28000
                    Unusable    | FATAL: database "sluice_dev" does not exist | 3D000
                    Unusable    | ERROR: schema "sluice" does not exist; Position: 8 | 3F000
                    Unusable    | ERROR: function sluice.write(json) does not exist; Position: 8 | 42883
                    Unusable    | ERROR: permission denied for function write | 42501
                    Invalid     | ERROR: invalid input syntax for type json | 22P02
                    Invalid     | ERROR: index row size 2800 exceeds btree version 4 maximum 2704 | 54000""")
    void theStateOfTheDatabasesErrorSaysWhoIsToBlameOnEveryWay(String expected, String message, String state) {
        String told = state == null ? message : message + "; SQLState: " + state;
        SQLException ofDriver = new SQLException(message, state);
        for (Effect effect : List.of(
                effect(error(DatabaseErrorException.builder(), 400, told)),
                Direct.effect(ofDriver),
                Direct.effect(notConnected(ofDriver)))) {
            assertEquals(expected, named(effect), message);
            assertTrue(effect.toString().contains(message), effect.toString());
        }
    }

    /** As the pool tells it: with the state of what kept it from a connection, if that has one. */
    private static SQLException notConnected(Throwable cause) {
        String state = cause instanceof SQLException known ? known.getSQLState() : null;
        return new SQLTransientConnectionException("Connection is not available", state, 0, cause);
    }

    @Test
    void noConnectionIsNoVerdict() {
        for (Throwable cause : List.of(new IllegalStateException("no credentials"), new IOException("closed"))) {
            Effect effect = Direct.effect(notConnected(cause));
            assertEquals("Unavailable", named(effect));
            assertTrue(effect.toString().contains(cause.getMessage()), effect.toString());
        }
        assertEquals("Unavailable", named(Direct.effect(notConnected(null))));
    }

    private record Case(AwsServiceException failure, String expected) {}

    static List<Case> cases() {
        return List.of(
                new Case(
                        error(DatabaseResumingException.builder(), 400, "resuming after being auto-paused"),
                        "Unavailable"),
                new Case(error(DatabaseUnavailableException.builder(), 504, "m"), "Unavailable"),
                new Case(error(InvalidResourceStateException.builder(), 400, "m"), "Unavailable"),
                new Case(error(StatementTimeoutException.builder(), 400, "m"), "Unavailable"),
                new Case(error(InternalServerErrorException.builder(), 500, "m"), "Unavailable"),
                new Case(error(ServiceUnavailableErrorException.builder(), 503, "m"), "Unavailable"),
                new Case(error(AccessDeniedException.builder(), 403, "m"), "Unusable"),
                new Case(error(ForbiddenException.builder(), 403, "m"), "Unusable"),
                new Case(error(DatabaseNotFoundException.builder(), 404, "m"), "Unusable"),
                new Case(error(HttpEndpointNotEnabledException.builder(), 400, "m"), "Unusable"),
                new Case(error(InvalidSecretException.builder(), 400, "m"), "Unusable"),
                new Case(error(SecretsErrorException.builder(), 400, "m"), "Unusable"),
                new Case(error(BadRequestException.builder(), 400, "m"), "Invalid"),
                new Case(error(RdsDataException.builder(), 413, "m"), "Invalid"),
                new Case(error(RdsDataException.builder(), 429, "m"), "Throttled"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anErrorOfTheServiceMeansTheSameForEveryRow(Case given) {
        assertEquals(given.expected(), named(effect(given.failure())));
        assertEquals(given.expected(), named(effect(new CompletionException(given.failure()))));
    }

    @Test
    void noAnswerIsNoVerdict() {
        assertEquals("Unavailable", named(effect(new CompletionException(new IOException("closed")))));
    }

    private static ExecuteStatementResponse answer(String text) {
        return ExecuteStatementResponse.builder()
                .records(List.of(List.of(Field.fromStringValue(text))))
                .build();
    }

    @Test
    void rowsThatTheFunctionDoesNotNameAreStored() {
        assertEquals(
                new Effect.Written(0, List.of()),
                DataApi.effect(answer("{\"superseded\" : [], \"refused\" : []}"), null, SENT));
        String some = "{\"superseded\": [0], \"refused\": [{\"index\": 2, \"reason\": \"of \\\"t\\\"\"}]}";
        assertEquals(
                new Effect.Written(1, List.of(new Refusal(2, "of \"t\"", null))),
                DataApi.effect(answer(some), null, SENT));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "5",
                "{",
                "{}",
                "{\"superseded\": [], \"refused\": [{\"index\": 3, \"reason\": \"r\"}]}",
                "{\"superseded\": [], \"refused\": [{\"reason\": \"r\"}]}"
            })
    void anAnswerThatIsNotUnderstoodStoresNothing(String text) {
        assertEquals("Unusable", named(DataApi.effect(answer(text), null, SENT)));
    }

    @Test
    void anAnswerWithoutOneTextStoresNothing() {
        List<Consumer<ExecuteStatementResponse.Builder>> answers = List.of(
                none -> {},
                many -> many.records(List.of(List.of(), List.of())),
                nothing -> nothing.records(List.of(List.of(Field.fromIsNull(true)))));
        for (Consumer<ExecuteStatementResponse.Builder> fill : answers) {
            ExecuteStatementResponse.Builder answer = ExecuteStatementResponse.builder();
            fill.accept(answer);
            assertEquals("Unusable", named(DataApi.effect(answer.build(), null, SENT)));
        }
    }
}
