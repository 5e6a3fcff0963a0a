package dev.sluice.flink.timestream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class BlameTest {
    /** Measures of a record; a reason; the measure that it blames. */
    private record Case(List<String> measures, String reason, String blamed) {}

    static List<Case> cases() {
        return List.of(
                new Case(List.of("t", "h"), "The measure \"h\" has the data type BIGINT.", "h"),
                new Case(List.of("t", "h"), "Type of 'h' differs", "h"),
                new Case(List.of("t", "h"), "Type of [h] differs", "h"),
                new Case(List.of("data", "h"), "The measure \"h\" has the data type BIGINT.", "h"),
                new Case(List.of("t", "h"), "measure h is of type BIGINT", "h"),
                new Case(List.of("temp", "temp_max"), "measure temp_max is of type BIGINT", "temp_max"),
                new Case(List.of("temp", "x-temp"), "measure x-temp: other type", "x-temp"),
                new Case(List.of("t", "h"), "\"t\" and \"h\" differ", null),
                new Case(List.of("t", "h"), "t and h differ", null),
                new Case(List.of("t", "h"), "too many records", null),
                new Case(List.of("value", "h"), "A higher version is required to update the measure value.", null),
                new Case(List.of("ü", "h"), "measure \"ü\" is of type BIGINT", "ü"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aReasonBlamesTheMeasureThatItNames(Case given) {
        List<MeasureValue> values = given.measures().stream()
                .map(name -> new MeasureValue(name, new Value.Double(1)))
                .toList();
        Record record = new Record(List.of(), "m", new Measured.Multi(values), 5, 5);
        assertEquals(given.blamed(), Blame.of(given.reason(), record));
    }
}
