package dev.sluice.flink.timestream;

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
 * @param existingVersion the version that is there, where that is the reason, else {@code null}
 */
record Refusal(int index, String reason, Long existingVersion) {
    /** A name in quotes, and as a word of its own. */
    private static final String QUOTED = "([\"'`])%1$s\\1|\\[%1$s\\]";

    private static final String WORD = "(?<![\\p{L}\\p{N}_-])%s(?![\\p{L}\\p{N}_-])";

    /** Whether what is stored is a later version of a record of {@code version}. */
    boolean superseded(long version) {
        return existingVersion != null && existingVersion > version;
    }

    /**
     * The measure of {@code record} that is to blame, where the service's words name one, else {@code null}.
     *
     * <p>The service <a
     * href="https://docs.aws.amazon.com/timestream/latest/developerguide/API_RejectedRecord.html">publishes</a>
     * no sentence for a measure of another type than the table's column, so none is expected: a measure is
     * named where its name stands in quotes, or, without any such, where it is a word of a reason that speaks
     * of a type. Where several are named, none is to blame alone.
     */
    String blamed(Record record) {
        if (existingVersion != null || !(record.measured() instanceof Measured.Multi multi)) {
            return null;
        }
        List<String> names = multi.values().stream().map(MeasureValue::name).toList();
        List<String> blamed = named(names, QUOTED);
        if (blamed.isEmpty() && reason.contains("type")) {
            blamed = named(names, WORD);
        }
        return blamed.size() == 1 ? blamed.get(0) : null;
    }

    private List<String> named(List<String> names, String form) {
        return names.stream()
                .filter(name -> Pattern.compile(form.formatted(Pattern.quote(name)))
                        .matcher(reason)
                        .find())
                .toList();
    }
}
