package dev.sluice.flink.timestream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.services.timestreamwrite.model.Dimension;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValueType;
import software.amazon.awssdk.services.timestreamwrite.model.TimeUnit;
import software.amazon.awssdk.services.timestreamwrite.model.WriteRecordsRequest;

final class RequestTest {
    private static final Measured SINGLE = new Measured.Single(new Value.Double(1));
    private static final Measured MULTI = new Measured.Multi(List.of(new MeasureValue("v", new Value.Timestamp(7))));

    /** A record of the device and, if it is not empty, the site. */
    private static Record record(String device, String site, long version, Measured measured) {
        List<DimensionValue> dimensions = Stream.of(
                        new DimensionValue("device", device), new DimensionValue("site", site))
                .filter(dimension -> !dimension.value().isEmpty())
                .toList();
        return new Record(dimensions, "m", measured, 5, version);
    }

    private record Case(
            List<Record> records, List<String> shared, List<List<String>> own, boolean version, boolean type) {}

    static List<Case> cases() {
        return List.of(
                new Case(
                        List.of(record("a", "x", 1, SINGLE)),
                        List.of("device", "site"),
                        List.of(List.of()),
                        true,
                        true),
                new Case(
                        List.of(record("a", "x", 1, SINGLE), record("b", "x", 1, MULTI)),
                        List.of("site"),
                        List.of(List.of("device"), List.of("device")),
                        true,
                        false),
                new Case(
                        List.of(record("a", "x", 1, SINGLE), record("a", "", 2, SINGLE)),
                        List.of("device"),
                        List.of(List.of("site"), List.of()),
                        false,
                        true),
                new Case(
                        List.of(record("a", "", 1, MULTI), record("b", "x", 1, MULTI)),
                        List.of(),
                        List.of(List.of("device"), List.of("device", "site")),
                        true,
                        true));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatAllRecordsShareIsSaidOnce(Case given) {
        WriteRecordsRequest request = Request.of("d", "t", given.records());
        var common = request.commonAttributes();
        assertEquals(given.shared(), names(common.dimensions()));
        assertEquals(
                given.own(),
                request.records().stream().map(one -> names(one.dimensions())).toList());
        assertEquals(given.version(), common.version() != null);
        assertEquals(given.type(), common.measureValueType() != null);
        assertEquals("m", common.measureName());
        assertEquals(TimeUnit.NANOSECONDS, common.timeUnit());
        for (int at = 0; at < given.records().size(); at++) {
            var own = request.records().get(at);
            Record record = given.records().get(at);
            assertEquals(record.version(), own.version() == null ? common.version() : own.version());
            MeasureValueType type = own.measureValueType() == null ? common.measureValueType() : own.measureValueType();
            assertEquals(record.measured() == SINGLE ? MeasureValueType.DOUBLE : MeasureValueType.MULTI, type);
            assertEquals("5", own.time());
        }
    }

    private static List<String> names(List<Dimension> dimensions) {
        return dimensions.stream().map(Dimension::name).toList();
    }
}
