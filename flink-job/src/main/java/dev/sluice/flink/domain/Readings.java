package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** The values of a message that can be stored, before they are put into records. */
final class Readings {
    /** Where a value is not in an array. */
    static final int NO_ARRAY = -1;

    private final PreparedKind kind;
    private final Arrival arrival;
    private final Rejection.Builder rejection;

    /** The numbers of the series, in the order in which they came; {@code null} while there is one. */
    private Map<List<DimensionValue>, Integer> numbers;

    private List<DimensionValue> first;

    /** The last long series, and its bytes. */
    private List<DimensionValue> measured;

    private int measuredBytes;
    private List<Reading> all;

    /** Whether they came in their order, and each has a place of its own. */
    private boolean sorted = true;

    /** To where a message whose clock is ahead is moved; {@code null} while it has no event. */
    private LongSupplier moment;

    /**
     * The event of a reading.
     *
     * @param series its dimensions
     * @param number the place of the series in the message
     * @param prefix what stands before the event's fields in reasons
     */
    record Origin(List<DimensionValue> series, int number, String prefix) {}

    /**
     * One value.
     *
     * @param measure index into the model
     * @param element index into the array, or {@link #NO_ARRAY}
     */
    private record Reading(Origin origin, long time, int measure, int element, Value value) {
        /** By series, time and measure. */
        int compare(Reading other) {
            if (origin.number != other.origin.number) {
                return Integer.compare(origin.number, other.origin.number);
            }
            return time != other.time ? Long.compare(time, other.time) : Integer.compare(measure, other.measure);
        }

        boolean isOfRecordOf(Reading other) {
            return time == other.time && origin.number == other.origin.number;
        }
    }

    Readings(PreparedKind kind, Arrival arrival, Rejection.Builder rejection) {
        this.kind = kind;
        this.arrival = arrival;
        this.rejection = rejection;
    }

    /** Where the message goes if its clock is ahead, by one of its events: the first of them says it. */
    void movesTo(LongSupplier nanoseconds) {
        this.moment = moment == null ? nanoseconds : moment;
    }

    /** How many there are. */
    int count() {
        return all == null ? 0 : all.size();
    }

    /** The bytes of dimensions that are more than the store takes, else 0. */
    int tooLarge(List<DimensionValue> series) {
        int max = kind.limits().seriesBytes();
        int bound = 0;
        for (DimensionValue dimension : series) {
            bound += dimension.bytesAtMost();
        }
        if (bound <= max) {
            return 0;
        }
        // Many events may have one long device.
        if (!series.equals(measured)) {
            measured = series;
            measuredBytes = series.stream().mapToInt(DimensionValue::bytes).sum();
        }
        return measuredBytes > max ? measuredBytes : 0;
    }

    /** The origin of the readings of another event. */
    Origin origin(List<DimensionValue> series, String prefix) {
        if (first == null) {
            first = series;
            all = new ArrayList<>(kind.measures().length);
        }
        if (first.equals(series)) {
            return new Origin(first, 0, prefix);
        }
        numbers = numbers == null ? new HashMap<>() : numbers;
        int number = numbers.computeIfAbsent(series, one -> numbers.size() + 1);
        return new Origin(series, number, prefix);
    }

    void add(Origin origin, long time, int measure, int element, Value value) {
        Reading next = new Reading(origin, time, measure, element, value);
        sorted &= all.isEmpty() || all.get(all.size() - 1).compare(next) < 0;
        all.add(next);
    }

    /** Makes records of all readings. */
    Decoded stored() {
        if (all == null) {
            return new Decoded(List.of(), null, null, 0, 0);
        }
        List<Reading> kept = oneValueAnInstant();
        Correction correction = correctClock(kept);
        int outOfRange = 0;
        for (Reading reading : kept) {
            outOfRange += kind.measures()[reading.measure].isNormal(reading.value) ? 0 : 1;
        }
        return new Decoded(records(kept, correction), null, correction, 0, outOfRange);
    }

    /** The readings sorted, with one value for each series, instant and measure. */
    private List<Reading> oneValueAnInstant() {
        if (sorted) {
            return all;
        }
        // Stable: of two readings with the same time, the one that the device sent first stays.
        all.sort(Reading::compare);
        List<Reading> kept = new ArrayList<>(all.size());
        Reading last = null;
        for (Reading next : all) {
            if (last == null || next.compare(last) != 0) {
                kept.add(next);
                last = next;
            } else if (!next.value.equals(last.value)) {
                rejection.add(kind.path(next.measure, next.origin.prefix, NO_ARRAY), Fault.CONFLICTING_POINT);
            }
        }
        return kept;
    }

    /**
     * How the readings are to be moved, {@code null} unless the clock of their device is ahead. Where one or
     * another of them is, it is left out.
     */
    private Correction correctClock(List<Reading> kept) {
        long earliest = Long.MAX_VALUE;
        long latest = Long.MIN_VALUE;
        for (Reading reading : kept) {
            earliest = Math.min(earliest, reading.time);
            latest = Math.max(latest, reading.time);
        }
        Window window = kind.limits().window();
        if (kept.isEmpty() || arrival.allows(latest, window)) {
            return null;
        }
        Correction correction = arrival.correction(earliest, latest, moment.getAsLong(), window);
        if (correction == null) {
            kept.removeIf(reading -> {
                boolean ahead = !arrival.allows(reading.time, window);
                if (ahead) {
                    rejection.add(
                            kind.path(reading.measure, reading.origin.prefix, reading.element),
                            Fault.timeAhead(reading.time, window.ahead()));
                }
                return ahead;
            });
        }
        return correction;
    }

    private List<Record> records(List<Reading> kept, Correction correction) {
        List<Record> records = new ArrayList<>(1);
        for (int at = 0; at < kept.size(); ) {
            Reading begin = kept.get(at);
            long original = begin.time;
            List<MeasureValue> values = new ArrayList<>(kind.measures().length + 2);
            for (; at < kept.size() && kept.get(at).isOfRecordOf(begin); at++) {
                Reading reading = kept.get(at);
                values.add(new MeasureValue(kind.measures()[reading.measure].name(), reading.value));
            }
            if (correction == null) {
                put(values, original, begin.origin.series, records);
            } else {
                mark(values, original);
                put(values, correction.apply(original), begin.origin.series, records);
            }
        }
        return Collections.unmodifiableList(records);
    }

    /** Adds what a corrected record says of itself. A time before 1970 cannot be said. */
    private static void mark(List<MeasureValue> values, long original) {
        if (original >= 0) {
            values.add(new MeasureValue(Record.ORIGINAL_TIME, new Value.Timestamp(original)));
        }
        values.add(new MeasureValue(Record.TIME_CORRECTED, new Value.Boolean(true)));
    }

    private void put(List<MeasureValue> values, long when, List<DimensionValue> series, List<Record> records) {
        if (kind.layout() instanceof Model.Multi multi) {
            Measured measured = new Measured.Multi(Collections.unmodifiableList(values));
            put(new Record(series, multi.name(), measured, when, arrival.version()), records);
            return;
        }
        for (MeasureValue value : values) {
            put(new Record(series, value.name(), onItsOwn(value), when, arrival.version()), records);
        }
    }

    private void put(Record record, List<Record> records) {
        int bytes = kind.limits().tooLarge().applyAsInt(record);
        if (bytes == 0) {
            records.add(record);
        } else {
            rejection.add(
                    null,
                    Fault.recordTooLarge(
                            record.measureName(), bytes, kind.limits().recordBytes()));
        }
    }

    /** The content of a record of one measure. */
    private static Measured onItsOwn(MeasureValue measure) {
        return measure.value() instanceof Value.Timestamp
                ? new Measured.Multi(List.of(measure))
                : new Measured.Single(measure.value());
    }
}
