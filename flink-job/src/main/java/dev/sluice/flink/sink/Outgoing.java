package dev.sluice.flink.sink;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one request writes: no two of its records have the same place in the store.
 *
 * <p>The store decides between records of one place (series, measure name, time) by their versions, but
 * not within one request. So that is decided here, and the same way for every replay: measures of both
 * are joined; of a measure that both have, the higher version wins; of the same version, the first of the
 * stream stays and the event of the other one is left to quarantine.
 */
final class Outgoing {
    /**
     * A record to be written.
     *
     * @param record what is written
     * @param origins the entries that it comes from, at least one
     */
    record Item(Record record, List<Entry> origins) {}

    private record Place(List<DimensionValue> dimensions, String measureName, long time) {}

    private enum Side {
        FIRST,
        SECOND
    }

    /**
     * Two records of one place, as one.
     *
     * @param leftOut the one of which something is neither written nor replaced by a later arrival, or
     *     {@code null}
     */
    private record Joined(Record record, int superseded, Side leftOut) {}

    private final List<Item> items = new ArrayList<>();
    private final List<Entry> conflicting = new ArrayList<>();
    private int superseded;

    private Outgoing() {}

    /** Gathers entries, which are in the order of the stream. */
    static Outgoing of(List<Entry> entries) {
        Outgoing outgoing = new Outgoing();
        Map<Place, Integer> places = new HashMap<>(2 * entries.size());
        for (Entry entry : entries) {
            outgoing.add(entry, places);
        }
        return outgoing;
    }

    /** What is written, in the order of the stream. */
    List<Item> items() {
        return items;
    }

    /** Entries whose event contradicts another one of the same arrival. */
    List<Entry> conflicting() {
        return conflicting;
    }

    /** Values that a later arrival of the same request replaced. */
    int superseded() {
        return superseded;
    }

    private void add(Entry entry, Map<Place, Integer> places) {
        Record record = entry.record();
        Place place = new Place(record.dimensions(), record.measureName(), record.time());
        Integer at = places.putIfAbsent(place, items.size());
        if (at == null) {
            items.add(new Item(record, List.of(entry)));
            return;
        }
        Item there = items.get(at);
        Joined joined = join(there.record(), record);
        superseded += joined.superseded();
        if (joined.leftOut() == Side.FIRST) {
            conflicting.addAll(there.origins());
        } else if (joined.leftOut() == Side.SECOND) {
            conflicting.add(entry);
        }
        List<Entry> origins = new ArrayList<>(there.origins());
        origins.add(entry);
        items.set(at, new Item(joined.record(), origins));
    }

    private static Joined join(Record first, Record second) {
        boolean secondWins = second.version() > first.version();
        Record winner = secondWins ? second : first;
        Record loser = secondWins ? first : second;
        Side losingSide = secondWins ? Side.FIRST : Side.SECOND;
        List<MeasureValue> values = new ArrayList<>(values(winner));
        int superseded = 0;
        Side leftOut = null;
        for (MeasureValue lost : values(loser)) {
            MeasureValue kept = named(values, lost.name());
            if (kept == null) {
                values.add(lost);
            } else if (!kept.value().equals(lost.value())) {
                if (first.version() == second.version()) {
                    leftOut = losingSide;
                } else {
                    superseded++;
                }
            }
        }
        if (winner.measured() instanceof Measured.Single) {
            return new Joined(winner, superseded, leftOut);
        }
        Record joined = new Record(
                winner.dimensions(),
                winner.measureName(),
                new Measured.Multi(List.copyOf(values)),
                winner.time(),
                winner.version());
        return joined.bytes() <= Record.MAX_RECORD_BYTES
                ? new Joined(joined, superseded, leftOut)
                // Both do not fit into one record: the winner is written as it is.
                : new Joined(winner, superseded, losingSide);
    }

    private static MeasureValue named(List<MeasureValue> values, String name) {
        for (MeasureValue value : values) {
            if (value.name().equals(name)) {
                return value;
            }
        }
        return null;
    }

    private static List<MeasureValue> values(Record record) {
        if (record.measured() instanceof Measured.Multi multi) {
            return multi.values();
        }
        Measured.Single single = (Measured.Single) record.measured();
        return List.of(new MeasureValue(record.measureName(), single.value()));
    }
}
