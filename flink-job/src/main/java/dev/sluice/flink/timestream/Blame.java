package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which measure of a refused record is to blame, by the service's words.
 *
 * <p>The service <a
 * href="https://docs.aws.amazon.com/timestream/latest/developerguide/API_RejectedRecord.html">publishes</a>
 * no sentence for a measure of another type than the table's column, so none is expected: a measure is
 * named where its name stands in quotes, or, without any such, where it is a word of a reason that speaks
 * of a type. Where several are named, none is to blame alone.
 */
final class Blame {
    /** A name in quotes, and as a word of its own. */
    private static final String QUOTED = "([\"'`])%1$s\\1|\\[%1$s\\]";

    private static final String WORD = "(?<![\\p{L}\\p{N}_-])%s(?![\\p{L}\\p{N}_-])";

    private Blame() {}

    /** The measure of {@code record} that {@code reason} names, else {@code null}. */
    static String of(String reason, Record record) {
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
