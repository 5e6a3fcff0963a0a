package dev.sluice.flink.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import dev.sluice.flink.source.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class OutgoingTest {
    private record Measure(String name, double value) {}

    private static Measure m(String name, double value) {
        return new Measure(name, value);
    }

    private static Record record(long time, long version, Measure... measures) {
        List<MeasureValue> values = Stream.of(measures)
                .map(one -> new MeasureValue(one.name(), new Value.Double(one.value())))
                .toList();
        return new Record(List.of(new DimensionValue("device", "a")), "m", new Measured.Multi(values), time, version);
    }

    private record Written(Record record, List<Integer> origins) {}

    /** Records of the events 0, 1, …; what is written, and from which; conflicting events; superseded values. */
    private record Case(
            String name, List<Record> records, List<Written> written, List<Integer> conflicting, int superseded) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Case> cases() {
        String large = "n".repeat(1500);
        String other = "o".repeat(1500);
        return List.of(
                new Case(
                        "different times stay apart",
                        List.of(record(1, 5, m("t", 1)), record(2, 5, m("t", 2))),
                        List.of(
                                new Written(record(1, 5, m("t", 1)), List.of(0)),
                                new Written(record(2, 5, m("t", 2)), List.of(1))),
                        List.of(),
                        0),
                new Case(
                        "the same event twice",
                        List.of(record(1, 5, m("t", 1)), record(1, 5, m("t", 1))),
                        List.of(new Written(record(1, 5, m("t", 1)), List.of(0, 1))),
                        List.of(),
                        0),
                new Case(
                        "the later version wins",
                        List.of(record(1, 5, m("t", 1)), record(1, 6, m("t", 2))),
                        List.of(new Written(record(1, 6, m("t", 2)), List.of(0, 1))),
                        List.of(),
                        1),
                new Case(
                        "in whatever order",
                        List.of(record(1, 6, m("t", 2)), record(1, 5, m("t", 1))),
                        List.of(new Written(record(1, 6, m("t", 2)), List.of(0, 1))),
                        List.of(),
                        1),
                new Case(
                        "of the same version the first stays",
                        List.of(record(1, 5, m("t", 1)), record(1, 5, m("t", 2))),
                        List.of(new Written(record(1, 5, m("t", 1)), List.of(0, 1))),
                        List.of(1),
                        0),
                new Case(
                        "different measures are joined",
                        List.of(record(1, 5, m("t", 1)), record(1, 6, m("h", 2))),
                        List.of(new Written(record(1, 6, m("h", 2), m("t", 1)), List.of(0, 1))),
                        List.of(),
                        0),
                new Case(
                        "what does not fit together is a conflict",
                        List.of(record(1, 5, m(large, 1)), record(1, 6, m(other, 2))),
                        List.of(new Written(record(1, 6, m(other, 2)), List.of(0, 1))),
                        List.of(0),
                        0));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void oneRecordForEachPlace(Case given) {
        List<Entry> entries = new ArrayList<>();
        for (Record record : given.records()) {
            Delivery origin = new Delivery(new byte[0], "p", Integer.toString(entries.size()), 5, "shard");
            entries.add(new Entry(record, origin));
        }
        Outgoing outgoing = Outgoing.of(entries);
        List<Written> written = outgoing.items().stream()
                .map(item -> new Written(item.record(), numbers(item.origins())))
                .toList();
        assertEquals(given.written(), written);
        assertEquals(given.conflicting(), numbers(outgoing.conflicting()));
        assertEquals(given.superseded(), outgoing.superseded());
    }

    private static List<Integer> numbers(List<Entry> entries) {
        return entries.stream()
                .map(entry -> Integer.valueOf(entry.origin().sequenceNumber()))
                .toList();
    }
}
