package dev.sluice.flink.sink;

import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A record that the store refused alone.
 *
 * @param index in the request
 * @param reason the service's words
 * @param measure the measure that alone is to blame, else {@code null}
 */
public record Refusal(int index, String reason, String measure) {
    /** A name in quotes, and as a word of its own. */
    private static final String QUOTED = "([\"'`])%1$s\\1|\\[%1$s\\]";

    private static final String WORD = "(?<![\\p{L}\\p{N}_-])%s(?![\\p{L}\\p{N}_-])";

    /**
     * The refusal of {@code record} for a reason that may be one of its measures.
     *
     * <p>No sentence is expected of a store: a measure is named where its name stands in quotes, or, without any
     * such, where it is a word of a reason that speaks of a type. Where several are named, none is to blame alone.
     */
    public static Refusal of(int index, String reason, Record record) {
        return new Refusal(index, reason, blamed(reason, record));
    }

    private static String blamed(String reason, Record record) {
        if (!(record.measured() instanceof Measured.Multi multi)) {
            return null;
        }
        List<String> names = multi.values().stream().map(MeasureValue::name).toList();
        List<String> blamed = named(names, QUOTED, reason);
        if (blamed.isEmpty() && reason.contains("type")) {
            blamed = named(names, WORD, reason);
        }
        return blamed.size() == 1 ? blamed.get(0) : null;
    }

    private static List<String> named(List<String> names, String form, String reason) {
        return names.stream()
                .filter(name -> Pattern.compile(form.formatted(Pattern.quote(name)))
                        .matcher(reason)
                        .find())
                .toList();
    }
}
