package dev.sluice.flink.sink;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.Limits;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.quarantine.Reason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one request writes: no two of its records have the same place in the store.
 *
 * <p>The store decides between records of one place (series, measure name, time) by their versions, but
 * not within one request. So that is decided here, value by value and the same way for every replay: of a
 * measure that several records have, the highest version wins; of the same version, the first of the stream
 * is written and a different one is left to quarantine. The record has the highest version of its values.
 */
public final class Outgoing {
    /**
     * A record to be written.
     *
     * @param record what is written
     * @param origins for each value of the record, in its order, the entries that have it: at least one
     */
    public record Item(Record record, List<List<Entry>> origins) {
        /** The entries that the record comes from, some of them more than once. */
        public List<Entry> entries() {
            return origins.stream().flatMap(List::stream).toList();
        }

        /** The entries that a value comes from. */
        public List<Entry> originsOf(String measure) {
            return origins.get(indexOf(measure));
        }

        /** The record without one of its values; {@code null} where nothing is left of it. */
        public Item without(String measure) {
            if (!(record.measured() instanceof Measured.Multi multi)
                    || multi.values().size() == 1) {
                return null;
            }
            int at = indexOf(measure);
            List<MeasureValue> values = new ArrayList<>(multi.values());
            List<List<Entry>> rest = new ArrayList<>(origins);
            values.remove(at);
            rest.remove(at);
            return new Item(with(record, values), rest);
        }

        private int indexOf(String measure) {
            List<MeasureValue> values = values(record);
            int at = 0;
            while (!values.get(at).name().equals(measure)) {
                at++;
            }
            return at;
        }
    }

    /**
     * A value that is neither written nor replaced by a later arrival.
     *
     * @param entry the entry that has it
     * @param reason why it is left out
     */
    public record LeftOut(Entry entry, Reason reason) {}

    private record Place(List<DimensionValue> dimensions, String measureName, long time) {}

    /** A value that wins its measure. */
    private record Winner(MeasureValue value, long version, List<Entry> entries) {}

    private final List<Item> items = new ArrayList<>();
    private final List<LeftOut> leftOut = new ArrayList<>();
    private int superseded;
    private int joined;

    private Outgoing() {}

    /** Gathers entries, which are in the order of the stream and have records, for a store. */
    public static Outgoing of(List<Entry> entries, Limits limits) {
        Map<Place, List<Entry>> places = new LinkedHashMap<>(2 * entries.size());
        for (Entry entry : entries) {
            Record record = entry.record();
            Place place = new Place(record.dimensions(), record.measureName(), record.time());
            List<Entry> alone = List.of(entry);
            List<Entry> there = places.putIfAbsent(place, alone);
            if (there != null) {
                List<Entry> more = there.size() == 1 ? new ArrayList<>(there) : there;
                more.add(entry);
                places.put(place, more);
            }
        }
        Outgoing outgoing = new Outgoing();
        places.values().forEach(place -> outgoing.add(place, limits));
        return outgoing;
    }

    /** What is written, in the order of the stream. */
    public List<Item> items() {
        return items;
    }

    /** Values that are left out of it. */
    public List<LeftOut> leftOut() {
        return leftOut;
    }

    /** Values that a later arrival of the same request replaces. */
    public int superseded() {
        return superseded;
    }

    /** Records that get measures of an earlier event. */
    public int joined() {
        return joined;
    }

    /** Joins the entries of one place. */
    private void add(List<Entry> entries, Limits limits) {
        Record latest = entries.get(0).record();
        if (entries.size() == 1) {
            items.add(new Item(latest, Collections.nCopies(values(latest).size(), entries)));
            return;
        }
        // Stable: what arrived together stays in the order of the stream.
        entries.sort(Comparator.comparingLong(entry -> -entry.record().version()));
        latest = entries.get(0).record();
        List<Winner> winners = new ArrayList<>();
        for (Entry entry : entries) {
            Record record = entry.record();
            for (MeasureValue value : values(record)) {
                Winner winner = named(winners, value.name());
                if (winner == null) {
                    winners.add(new Winner(value, record.version(), new ArrayList<>(List.of(entry))));
                } else if (winner.value().value().equals(value.value())) {
                    winner.entries().add(entry);
                } else if (winner.version() == record.version()) {
                    leftOut.add(new LeftOut(entry, contradicted(value.name())));
                } else {
                    superseded++;
                }
            }
        }
        boolean single = latest.measured() instanceof Measured.Single;
        List<MeasureValue> written = new ArrayList<>();
        List<List<Entry>> origins = new ArrayList<>();
        for (Winner winner : winners) {
            written.add(winner.value());
            if (single || limits.tooLarge().applyAsInt(with(latest, written)) == 0) {
                origins.add(winner.entries());
            } else {
                written.remove(written.size() - 1);
                Reason reason = noRoom(winner.value().name());
                winner.entries().forEach(entry -> leftOut.add(new LeftOut(entry, reason)));
            }
        }
        joined += written.size() > values(latest).size() ? 1 : 0;
        items.add(new Item(single ? latest : with(latest, written), origins));
    }

    private static Winner named(List<Winner> winners, String name) {
        for (Winner winner : winners) {
            if (winner.value().name().equals(name)) {
                return winner;
            }
        }
        return null;
    }

    private static Reason contradicted(String measure) {
        String message = "another event of the same arrival has another \"" + measure + "\" of the same instant";
        return new Reason("conflicting_record", null, message);
    }

    private static Reason noRoom(String measure) {
        String message =
                "\"" + measure + "\" does not fit into one record with what other events have of the same instant";
        return new Reason("record_too_large", null, message);
    }

    private static Record with(Record record, List<MeasureValue> values) {
        return new Record(
                record.dimensions(),
                record.measureName(),
                new Measured.Multi(List.copyOf(values)),
                record.time(),
                record.version());
    }

    private static List<MeasureValue> values(Record record) {
        if (record.measured() instanceof Measured.Multi multi) {
            return multi.values();
        }
        Measured.Single single = (Measured.Single) record.measured();
        return List.of(new MeasureValue(record.measureName(), single.value()));
    }
}
