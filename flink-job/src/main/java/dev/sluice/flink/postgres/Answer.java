package dev.sluice.flink.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.rdsdata.model.BadRequestException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseErrorException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseResumingException;
import software.amazon.awssdk.services.rdsdata.model.DatabaseUnavailableException;
import software.amazon.awssdk.services.rdsdata.model.ExecuteStatementResponse;
import software.amazon.awssdk.services.rdsdata.model.Field;
import software.amazon.awssdk.services.rdsdata.model.InvalidResourceStateException;
import software.amazon.awssdk.services.rdsdata.model.StatementTimeoutException;

/**
 * What an answer of the Data API means for the rows of a request.
 *
 * <p>The only place that knows its errors, and the database's in their messages. A refused row is refused whole: the
 * database names no column, and a column of another type than the model's is refused when the schema is made.
 */
final class Answer {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** How a message of the database ends: {@code ERROR: deadlock detected; SQLState: 40P01}. */
    private static final Pattern STATE = Pattern.compile("SQLState: ([0-9A-Z]{5})\\s*$");

    /** The writer of before a failover, which only reads. */
    private static final String READ_ONLY = "25006";

    private Answer() {}

    /** What {@code answer}, or else {@code failure}, of a request of so many rows means. */
    static Effect of(ExecuteStatementResponse answer, Throwable failure, int sent) {
        Throwable cause = Effect.cause(failure);
        if (cause == null) {
            return written(answer, sent);
        } else if (cause instanceof DatabaseErrorException database) {
            return of(database);
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

    /** By the <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">state</a> of the error. */
    private static Effect of(DatabaseErrorException error) {
        Matcher found = STATE.matcher(Effect.words(error));
        String state = found.find() ? found.group(1) : "";
        if (state.isEmpty() || state.equals(READ_ONLY)) {
            // Without a state it is the way to the database that speaks.
            return new Effect.Unavailable(error.toString());
        }
        return switch (state.substring(0, 2)) {
            // Connections; rolled back for another; out of memory, disk or connections; an object that is in use; shut
            // down, failed over or cancelled; the system; the engine.
            case "08", "40", "53", "55", "57", "58", "XX" -> new Effect.Unavailable(error.toString());
            // The role or its password; the database; the schema, or what it permits.
            case "28", "3D", "3F", "42" -> new Effect.Unusable(error.toString());
            default -> new Effect.Invalid(Effect.words(error));
        };
    }

    /** Rows that the function does not name are in the table. */
    private static Effect written(ExecuteStatementResponse answer, int sent) {
        String text = onlyText(answer);
        try {
            JsonNode said = JSON.readTree(text);
            JsonNode superseded = said.path("superseded");
            JsonNode refused = said.path("refused");
            if (!superseded.isArray() || !refused.isArray()) {
                return unknown(text);
            }
            List<Refusal> refusals = new ArrayList<>();
            for (JsonNode one : refused) {
                int index = one.path("index").asInt(-1);
                if (index < 0 || index >= sent) {
                    return unknown(text);
                }
                refusals.add(new Refusal(index, one.path("reason").asText(), null));
            }
            return new Effect.Written(superseded.size(), refusals);
        } catch (JsonProcessingException none) {
            return unknown(text);
        }
    }

    private static String onlyText(ExecuteStatementResponse answer) {
        List<List<Field>> records = answer.records();
        String text = records.size() == 1 && records.get(0).size() == 1
                ? records.get(0).get(0).stringValue()
                : null;
        return text == null ? "" : text;
    }

    /** It may say that some rows are not stored, but not which: so none may count as stored. */
    private static Effect unknown(String text) {
        return new Effect.Unusable("the database answers what this job does not know: " + text);
    }
}
