package dev.sluice.flink.sink;

import static java.util.stream.Collectors.toMap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.timestream.RecordSize;
import dev.sluice.flink.timestream.Timestream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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

    /** An event of the one place. */
    private static Record e(long version, Measure... measures) {
        return record(1, version, measures);
    }

    private static Outgoing outgoing(List<Record> records) {
        List<Entry> entries = new ArrayList<>();
        for (Record record : records) {
            Delivery origin = new Delivery(new byte[0], "p", Integer.toString(entries.size()), 5, "shard");
            entries.add(new Entry(record, origin));
        }
        return Outgoing.of(entries, Timestream.LIMITS);
    }

    @Test
    void aRecordThatWouldHaveReplacedMeasuresIsCounted() {
        Measure t = m("t", 1);
        Measure h = m("h", 2);
        assertEquals(0, outgoing(List.of(e(1, t))).joined());
        assertEquals(0, outgoing(List.of(e(1, t), e(2, t))).joined());
        assertEquals(1, outgoing(List.of(e(1, t), e(2, h))).joined());
        assertEquals(1, outgoing(List.of(e(1, t, h), e(2, t))).joined());
        assertEquals(0, outgoing(List.of(e(1, t), e(2, t, h))).joined());
    }

    private static int number(Entry entry) {
        return Integer.parseInt(entry.origin().sequenceNumber());
    }

    private static List<Integer> numbers(List<Entry> entries) {
        return entries.stream().map(OutgoingTest::number).toList();
    }

    /** {@code v6 h=2.0[1] t=1.0[0]}: the version of a record, its values, and the events of each. */
    private static String written(Outgoing.Item item) {
        StringBuilder text = new StringBuilder("v" + item.record().version());
        List<MeasureValue> values = ((Measured.Multi) item.record().measured()).values();
        for (int at = 0; at < values.size(); at++) {
            MeasureValue value = values.get(at);
            text.append(' ')
                    .append(value.name())
                    .append('=')
                    .append(value.value().text());
            text.append(numbers(item.origins().get(at)));
        }
        return text.toString();
    }

    /** {@code t[2]}: the measure, which stands in quotes in the message, and the event. */
    private static List<String> leftOut(Outgoing outgoing, String code) {
        return outgoing.leftOut().stream()
                .filter(out -> out.reason().code().equals(code))
                .map(out -> out.reason().message().split("\"")[1] + "[" + number(out.entry()) + "]")
                .toList();
    }

    /** Records of the events 0, 1, …; what is written, with the events of each value; what contradicts it. */
    private record Case(String name, List<Record> events, String written, List<String> contradicted, int superseded) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Case> cases() {
        return List.of(
                new Case("one event", List.of(e(5, m("t", 1), m("h", 2))), "v5 t=1.0[0] h=2.0[0]", List.of(), 0),
                new Case(
                        "the same event twice",
                        List.of(e(5, m("t", 1)), e(5, m("t", 1))),
                        "v5 t=1.0[0, 1]",
                        List.of(),
                        0),
                new Case("a correction", List.of(e(5, m("t", 1)), e(6, m("t", 2))), "v6 t=2.0[1]", List.of(), 1),
                new Case(
                        "a correction that came first",
                        List.of(e(6, m("t", 2)), e(5, m("t", 1))),
                        "v6 t=2.0[0]",
                        List.of(),
                        1),
                new Case(
                        "a contradiction",
                        List.of(e(5, m("t", 1)), e(5, m("t", 2))),
                        "v5 t=1.0[0]",
                        List.of("t[1]"),
                        0),
                new Case(
                        "other measures",
                        List.of(e(5, m("t", 1)), e(6, m("h", 2))),
                        "v6 h=2.0[1] t=1.0[0]",
                        List.of(),
                        0),
                new Case(
                        "a correction after another measure of its arrival",
                        List.of(e(5, m("t", 1)), e(6, m("h", 2)), e(6, m("t", 3))),
                        "v6 h=2.0[1] t=3.0[2]",
                        List.of(),
                        1),
                new Case(
                        "a contradiction after another measure of a later arrival",
                        List.of(e(5, m("t", 1)), e(6, m("h", 2)), e(5, m("t", 9))),
                        "v6 h=2.0[1] t=1.0[0]",
                        List.of("t[2]"),
                        0),
                new Case(
                        "a correction after another measure of a later arrival",
                        List.of(e(4, m("t", 1)), e(6, m("h", 2)), e(5, m("t", 9))),
                        "v6 h=2.0[1] t=9.0[2]",
                        List.of(),
                        1),
                new Case(
                        "a correction settles a contradiction",
                        List.of(e(5, m("t", 1)), e(5, m("t", 9)), e(6, m("t", 3))),
                        "v6 t=3.0[2]",
                        List.of(),
                        2),
                new Case(
                        "only the value that contradicts is at fault",
                        List.of(e(5, m("t", 1)), e(5, m("t", 9), m("h", 2))),
                        "v5 t=1.0[0] h=2.0[1]",
                        List.of("t[1]"),
                        0),
                new Case(
                        "a value that is there again in a later arrival",
                        List.of(e(5, m("t", 1)), e(6, m("t", 2)), e(7, m("t", 1))),
                        "v7 t=1.0[2, 0]",
                        List.of(),
                        1),
                new Case(
                        "four events, two of each arrival",
                        List.of(e(6, m("t", 1)), e(5, m("h", 2), m("t", 7)), e(6, m("t", 8)), e(5, m("h", 3))),
                        "v6 t=1.0[0] h=2.0[1]",
                        List.of("t[2]", "h[3]"),
                        1));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theHighestVersionOfEachValueWins(Case given) {
        Outgoing outgoing = outgoing(given.events());
        assertEquals(1, outgoing.items().size());
        assertEquals(given.written(), written(outgoing.items().get(0)));
        assertEquals(given.contradicted(), leftOut(outgoing, "conflicting_record"));
        assertEquals(List.of(), leftOut(outgoing, "record_too_large"));
        assertEquals(given.superseded(), outgoing.superseded());
    }

    @Test
    void placesStayApartInTheOrderOfTheStream() {
        Outgoing outgoing =
                outgoing(List.of(record(2, 5, m("t", 1)), record(1, 5, m("t", 2)), record(2, 6, m("h", 3))));
        assertEquals(
                List.of("v6 h=3.0[2] t=1.0[0]", "v5 t=2.0[1]"),
                outgoing.items().stream().map(OutgoingTest::written).toList());
    }

    @Test
    void aValueWithoutRoomIsLeftOutAndNoneOlderTakesItsPlace() {
        String large = "n".repeat(1500);
        String other = "o".repeat(1500);
        Outgoing outgoing = outgoing(List.of(e(4, m(other, 1)), e(5, m(other, 2), m("t", 3)), e(6, m(large, 4))));
        assertEquals(
                "v6 " + large + "=4.0[2] t=3.0[1]", written(outgoing.items().get(0)));
        assertEquals(List.of(other + "[1]"), leftOut(outgoing, "record_too_large"));
        assertEquals(1, outgoing.superseded());
    }

    @Test
    void aRecordIsFilledToItsLastByte() {
        int room = Timestream.LIMITS.recordBytes() - RecordSize.EXACT.of(e(6, m("t", 1))) - "1.0".length();
        for (int more = 0; more < 2; more++) {
            Outgoing outgoing = outgoing(List.of(e(6, m("t", 1)), e(5, m("n".repeat(room + more), 1))));
            assertEquals(2 - more, outgoing.items().get(0).origins().size());
            assertEquals(more, leftOut(outgoing, "record_too_large").size());
        }
    }

    @Test
    void singleMeasuresAreJoinedByTheSameRule() {
        List<Record> events = new ArrayList<>();
        for (double[] event : new double[][] {{5, 1}, {6, 2}, {6, 3}}) {
            Measured single = new Measured.Single(new Value.Double(event[1]));
            events.add(new Record(List.of(new DimensionValue("device", "a")), "m", single, 1, (long) event[0]));
        }
        Outgoing outgoing = outgoing(events);
        Outgoing.Item item = outgoing.items().get(0);
        assertEquals(events.get(1), item.record());
        assertEquals(List.of(1), numbers(item.originsOf("m")));
        assertEquals(List.of("m[2]"), leftOut(outgoing, "conflicting_record"));
        assertEquals(1, outgoing.superseded());
        assertNull(item.without("m"), "nothing is left of it");
    }

    @Test
    void aValueIsTakenFromItsRecordWithItsEvents() {
        Outgoing.Item item = outgoing(List.of(e(5, m("t", 1)), e(6, m("h", 2), m("p", 3))))
                .items()
                .get(0);
        assertEquals("v6 h=2.0[1] t=1.0[0]", written(item.without("p")));
        assertEquals("v6 h=2.0[1] p=3.0[1]", written(item.without("t")));
        assertNull(item.without("t").without("p").without("h"));
    }

    /**
     * The rule, as plainly as it can be said: the highest version of each value wins, and of equal versions
     * one is kept and the other quarantined.
     */
    private record Plainly(Map<String, String> kept, Set<String> quarantined, int superseded) {
        static Plainly of(List<Record> events) {
            Map<String, String> kept = new TreeMap<>();
            Set<String> quarantined = new TreeSet<>();
            int superseded = 0;
            for (String name : List.of("t", "h", "p")) {
                long highest = events.stream()
                        .filter(event -> value(event, name) != null)
                        .mapToLong(Record::version)
                        .max()
                        .orElse(0);
                Value winner = events.stream()
                        .filter(event -> event.version() == highest && value(event, name) != null)
                        .map(event -> value(event, name))
                        .findFirst()
                        .orElse(null);
                Set<Integer> having = new TreeSet<>();
                for (int number = 0; number < events.size(); number++) {
                    Value value = value(events.get(number), name);
                    if (value != null && value.equals(winner)) {
                        having.add(number);
                    } else if (value != null && events.get(number).version() == highest) {
                        quarantined.add(name + "[" + number + "]");
                    } else if (value != null) {
                        superseded++;
                    }
                }
                if (winner != null) {
                    kept.put(name, winner.text() + having);
                }
            }
            return new Plainly(kept, quarantined, superseded);
        }

        private static Value value(Record event, String name) {
            return ((Measured.Multi) event.measured())
                    .values().stream()
                            .filter(value -> value.name().equals(name))
                            .map(MeasureValue::value)
                            .findFirst()
                            .orElse(null);
        }
    }

    @Test
    void joiningIsThePlainRule() {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            List<Record> events = new ArrayList<>();
            for (int left = 1 + random.nextInt(6); left > 0; left--) {
                List<Measure> measures = new ArrayList<>();
                for (String name : List.of("t", "h", "p")) {
                    if (random.nextBoolean()) {
                        measures.add(m(name, random.nextInt(3)));
                    }
                }
                measures.add(measures.isEmpty() ? m("t", 0) : measures.remove(0));
                events.add(e(1 + random.nextInt(3), measures.toArray(Measure[]::new)));
            }
            Outgoing outgoing = outgoing(events);
            Outgoing.Item item = outgoing.items().get(0);
            List<MeasureValue> values = ((Measured.Multi) item.record().measured()).values();
            Map<String, String> kept = values.stream()
                    .collect(toMap(
                            MeasureValue::name,
                            value -> value.value().text() + new TreeSet<>(numbers(item.originsOf(value.name()))),
                            (one, other) -> "twice",
                            TreeMap::new));
            Set<String> leftOut = new TreeSet<>(leftOut(outgoing, "conflicting_record"));
            assertEquals(Plainly.of(events), new Plainly(kept, leftOut, outgoing.superseded()), () -> "of " + events);
        }
    }
}
