package dev.sluice.flink.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What an answer of the database means for the rows of a request, on whatever way it came.
 *
 * <p>The only place that knows the database's errors. A refused row is refused whole: the database names no column, and
 * a column of another type than the model's is refused when the schema is made.
 */
final class Answer {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The writer of before a failover, which only reads; what another one made at the same time. */
    private static final Set<String> PASSING = Set.of("25006", "42P07", "42710");

    private Answer() {}

    /**
     * What an error means.
     *
     * @param state its <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">state</a>; {@code null}
     *     where it is not the database that speaks but the way to it
     * @param words what it says
     */
    static Effect failed(String state, String words) {
        if (state == null || PASSING.contains(state)) {
            return new Effect.Unavailable(words);
        }
        return switch (state.substring(0, 2)) {
            // Connections; rolled back for another; out of memory, disk or connections; an object that is in use; shut
            // down, failed over or cancelled; the system; the engine; the driver, which no row is to blame for.
            case "08", "40", "53", "55", "57", "58", "99", "XX" -> new Effect.Unavailable(words);
            // The role or its password; the database; the schema, or what it permits.
            case "28", "3D", "3F", "42" -> new Effect.Unusable(words);
            default -> new Effect.Invalid(words);
        };
    }

    /**
     * What the function that writes says: rows that it does not name are in the table.
     *
     * @param text what it returned
     * @param count how many rows it was given
     */
    static Effect written(String text, int count) {
        if (text == null) {
            return unknown("nothing");
        }
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
                if (index < 0 || index >= count) {
                    return unknown(text);
                }
                refusals.add(new Refusal(index, one.path("reason").asText(), null));
            }
            return new Effect.Written(superseded.size(), refusals);
        } catch (JsonProcessingException none) {
            return unknown(text);
        }
    }

    /** It may say that some rows are not stored, but not which: so none may count as stored. */
    private static Effect unknown(String text) {
        return new Effect.Unusable("the database answers what this job does not know: " + text);
    }
}
