package dev.sluice.flink.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** To the byte the rows of the Rust crate {@code lambdas/postgres}, whose tests have the same. */
final class RowsTest {
    private static final String LARGEST = "-2.2250738585072014e-308";

    private static Record record(Measured measured, long time) {
        return new Record(List.of(new DimensionValue("device", "a\"b")), "m", measured, time, 7);
    }

    private record Case(Record record, String text) {}

    static List<Case> cases() {
        Measured several = new Measured.Multi(List.of(
                new MeasureValue("v", new Value.Double(1e300)),
                new MeasureValue("n", new Value.Bigint(Long.MIN_VALUE)),
                new MeasureValue("at", new Value.Timestamp(5)),
                new MeasureValue("ok", new Value.Boolean(true)),
                new MeasureValue("text", new Value.Varchar("ä\n"))));
        return List.of(
                new Case(record(new Measured.Single(new Value.Double(10)), 1_661_385_600_000_000_001L), """
                        {"device":"a\\"b","measure_name":"m","time":"2022-08-25T00:00:00.000000Z","nanosecond":1,\
                        "version":7,"measure_value::double":10.0}"""),
                new Case(record(several, -1), """
                        {"device":"a\\"b","measure_name":"m","time":"1969-12-31T23:59:59.999999Z","nanosecond":999,\
                        "version":7,"v":1e300,"n":-9223372036854775808,"at":5,"ok":true,"text":"ä\\n"}"""),
                new Case(record(new Measured.Single(new Value.Bigint(-3)), Long.MAX_VALUE), """
                        {"device":"a\\"b","measure_name":"m","time":"2262-04-11T23:47:16.854775Z","nanosecond":807,\
                        "version":7,"measure_value::bigint":-3}"""),
                new Case(record(new Measured.Single(new Value.Boolean(false)), Long.MIN_VALUE), """
                        {"device":"a\\"b","measure_name":"m","time":"1677-09-21T00:12:43.145224Z","nanosecond":192,\
                        "version":7,"measure_value::boolean":false}"""),
                new Case(record(new Measured.Single(new Value.Varchar("x")), 0), """
                        {"device":"a\\"b","measure_name":"m","time":"1970-01-01T00:00:00.000000Z","nanosecond":0,\
                        "version":7,"measure_value::varchar":"x"}"""));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aRecordIsAnObjectOfItsColumns(Case given) {
        assertEquals("[" + given.text() + "]", Rows.text(List.of(given.record())));
        assertEquals("[" + given.text() + "," + given.text() + "]", Rows.text(List.of(given.record(), given.record())));
    }

    /** What is gathered for a request fits into one, whatever the texts are. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "\"", "\\", "\u0000", "\n", "\u007f", "ä", "ø\u0800", "\uffff", "\ud83d\ude00"})
    void aRowTakesNoMoreBytesThanIsCounted(String text) {
        String texts = text.repeat(1_000);
        for (Value value : List.of(
                new Value.Varchar(texts),
                new Value.Double(Double.parseDouble(LARGEST)),
                new Value.Bigint(Long.MIN_VALUE),
                new Value.Timestamp(Long.MAX_VALUE),
                new Value.Boolean(false))) {
            Measured multi = new Measured.Multi(List.of(new MeasureValue(texts, value), new MeasureValue("b", value)));
            for (Measured measured : List.of(new Measured.Single(value), multi)) {
                List<DimensionValue> dimensions = List.of(new DimensionValue("device", texts));
                Record record = new Record(dimensions, texts, measured, Long.MAX_VALUE, Long.MAX_VALUE);
                int bytes = Rows.text(List.of(record)).getBytes(StandardCharsets.UTF_8).length - "[]".length();
                long counted = Rows.bytesAtMost(record);
                assertTrue(bytes < counted, bytes + " bytes, " + counted + " counted");
                assertTrue(counted <= 3 * bytes, counted + " counted, " + bytes + " bytes");
            }
        }
    }
}
