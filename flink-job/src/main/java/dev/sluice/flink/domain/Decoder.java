package dev.sluice.flink.domain;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * From the bytes of one event to its records.
 *
 * <p>The order matters: the document, then who and when (without which nothing can be stored), then every
 * measure by itself, then the clock, and last the limits of the store. A fault of one measure never costs
 * another its place.
 *
 * <p>A decoder keeps nothing of an event, so that threads may share it.
 */
public final class Decoder {
    private static final Comparator<Reading> BY_TIME_AND_MEASURE =
            Comparator.comparingLong(Reading::time).thenComparingInt(Reading::measure);

    /** Where a value is not in an array. */
    private static final int NO_ARRAY = -1;

    private final FieldNames names = new FieldNames();
    private final Limits limits;

    /** {@code null} when the arrival time is the time. */
    private final Source time;

    private final TimeUnit unit;

    /** {@code null} where each copy of an event is an event. */
    private final Copies copies;

    /** The device first. */
    private final Source[] dimensions;

    private final Naming device;

    private final PreparedMeasure[] measures;
    private final Model.RecordLayout layout;

    /** How many names of undeclared fields are reasons. */
    private final int keepNames;

    /** Where a value comes from and what it is called in the store. */
    private record Source(int slot, String field, String name) {}

    /** What makes copies of an event one: its id, {@code null} for its bytes, and a window in nanoseconds. */
    private record Copies(Source id, long window) {}

    /** Who names the device. */
    private enum Naming {
        /** A field of the event. */
        EVENT,
        /** A level of the topic, which the rule made the partition key. */
        TOPIC
    }

    private record PreparedMeasure(Source source, MeasureType type, Model.Range normal) {
        /** Whether {@code value} is in the normal range; what is no number, or has no range, is. */
        boolean isNormal(Value value) {
            if (normal == null) {
                return true;
            }
            if (value instanceof Value.Double number) {
                return normal.contains(number.value());
            }
            // A range is made of doubles; beyond 2^53 the comparison is as coarse as they are.
            return !(value instanceof Value.Bigint number) || normal.contains((double) number.value());
        }
    }

    /**
     * A value that can be stored, before it is put into a record.
     *
     * @param measure index into the model
     * @param element index into the array, or {@link #NO_ARRAY}
     */
    private record Reading(long time, int measure, int element, Value value) {
        boolean isAtPlaceOf(Reading other) {
            return time == other.time && measure == other.measure;
        }
    }

    /** Prepares {@code model}, which is taken as valid, for a store. */
    public Decoder(Model model, Limits limits) {
        this.limits = limits;
        // In the order in which devices usually write them.
        this.time = model.time() == null ? null : source(model.time().field(), "");
        this.unit = model.time() == null ? TimeUnit.MILLISECONDS : model.time().unit();
        this.copies = model.event() == null ? null : copies(model.event());
        List<Source> series = new ArrayList<>();
        series.add(source(model.device().field(), model.device().dimension()));
        for (Model.Dimension dimension : model.dimensions()) {
            series.add(source(dimension.field(), dimension.name()));
        }
        this.dimensions = series.toArray(Source[]::new);
        this.device = model.device().topicSegment() == null ? Naming.EVENT : Naming.TOPIC;
        this.measures = model.measures().stream()
                .map(measure ->
                        new PreparedMeasure(source(measure.field(), measure.name()), measure.type(), measure.normal()))
                .toArray(PreparedMeasure[]::new);
        this.layout = model.layout();
        this.keepNames = switch (model.undeclared()) {
            case IGNORE -> 0;
            case QUARANTINE -> Rejection.MAX_REASONS;
        };
    }

    private Copies copies(Model.EventIdentity event) {
        return new Copies(event.id() == null ? null : source(event.id(), ""), EventTime.window(event));
    }

    private Source source(String field, String name) {
        return new Source(names.declare(field), field, name);
    }

    /** Decodes one event. Answers for any bytes: with records, a rejection, or both. */
    public Decoded decode(byte[] payload, Arrival arrival) {
        Outcome.OfDocument read = Fields.read(payload, names, keepNames);
        if (read instanceof Fields fields) {
            return new Event(payload, fields, arrival).decode();
        }
        Rejection.Builder rejection = new Rejection.Builder();
        rejection.add(null, (Fault) read);
        return new Decoded(List.of(), rejection.build(), null, 0, 0);
    }

    /** One event on its way. */
    private final class Event {
        private final byte[] payload;
        private final Fields fields;
        private final Arrival arrival;
        private final Rejection.Builder rejection = new Rejection.Builder();

        /** What tells the event from the others of its device; {@code null} where each copy is an event. */
        private byte[] identity;

        Event(byte[] payload, Fields fields, Arrival arrival) {
            this.payload = payload;
            this.fields = fields;
            this.arrival = arrival;
        }

        Decoded decode() {
            List<Record> records = List.of();
            Correction corrected = null;
            int outOfRange = 0;
            List<DimensionValue> series = series();
            identity = copies == null ? null : identity();
            Instants.Moment moment = moment();
            if (series != null && moment != null) {
                List<Reading> readings = oneValueAnInstant(readings(moment.nanoseconds()));
                corrected = correctClock(readings);
                for (Reading reading : readings) {
                    outOfRange += measures[reading.measure].isNormal(reading.value) ? 0 : 1;
                }
                records = records(readings, series, corrected);
                if (records.isEmpty() && rejection.isEmpty()) {
                    rejection.add(null, Fault.NO_MEASURES);
                }
            }
            if (keepNames > 0) {
                for (String name : fields.undeclaredNames()) {
                    rejection.add(name, Fault.UNDECLARED_FIELD);
                }
                rejection.omit(fields.undeclared() - fields.undeclaredNames().size());
            }
            return new Decoded(records, rejection.build(), corrected, fields.undeclared(), outOfRange);
        }

        /**
         * The series; {@code null} where there is none. A dimension without a value is left out, but not the
         * device.
         */
        private List<DimensionValue> series() {
            List<DimensionValue> series = new ArrayList<>(dimensions.length);
            boolean complete = device == Naming.EVENT || nameByTopic(series);
            for (int index = device == Naming.EVENT ? 0 : 1; index < dimensions.length; index++) {
                Source source = dimensions[index];
                Utf8 json = fields.get(source.slot);
                Fault fault = index == 0 ? Fault.DEVICE_MISSING : null;
                if (fields.isRepeated(source.slot)) {
                    fault = Fault.DUPLICATE_FIELD;
                } else if (json != null) {
                    Outcome.OfScalar parsed = Scalar.parse(json);
                    if (parsed instanceof Scalar scalar) {
                        series.add(new DimensionValue(source.name, scalar.text().toString()));
                        continue;
                    }
                    fault = parsed instanceof Fault found ? found : fault;
                }
                if (fault != null) {
                    rejection.add(source.field, fault);
                    complete = false;
                }
            }
            int bytes = tooLarge(series);
            if (bytes > 0) {
                rejection.add(null, Fault.dimensionsTooLarge(bytes, limits.seriesBytes()));
                complete = false;
            }
            return complete ? Collections.unmodifiableList(series) : null;
        }

        /** The bytes of dimensions that are more than the store takes, else 0. */
        private int tooLarge(List<DimensionValue> series) {
            int bound = 0;
            for (DimensionValue dimension : series) {
                bound += dimension.bytesAtMost();
            }
            if (bound <= limits.seriesBytes()) {
                return 0;
            }
            int bytes = series.stream().mapToInt(DimensionValue::bytes).sum();
            return bytes > limits.seriesBytes() ? bytes : 0;
        }

        /** Takes the device from the topic. An empty level, which no stream takes as a key, is as good as none. */
        private boolean nameByTopic(List<DimensionValue> series) {
            Source source = dimensions[0];
            if (arrival.partitionKey().isEmpty()) {
                rejection.add(source.field, Fault.DEVICE_MISSING);
                return false;
            }
            series.add(new DimensionValue(source.name, arrival.partitionKey()));
            return true;
        }

        /** The event's id, or its bytes where it has none. An id with a fault is none. */
        private byte[] identity() {
            Source source = copies.id;
            Utf8 json = source == null ? null : fields.get(source.slot);
            Fault fault = null;
            if (source != null && fields.isRepeated(source.slot)) {
                fault = Fault.DUPLICATE_FIELD;
            } else if (json != null) {
                Outcome.OfScalar parsed = Scalar.parse(json);
                if (parsed instanceof Scalar scalar) {
                    return scalar.text().toString().getBytes(StandardCharsets.UTF_8);
                }
                fault = parsed instanceof Fault found ? found : null;
            }
            if (fault != null) {
                rejection.add(source.field, fault);
            }
            return payload;
        }

        /** The moment for an event without a usable time. */
        private long momentOfArrival() {
            return identity == null ? arrival.moment() : EventTime.instant(arrival.time(), copies.window, identity);
        }

        /** The time of the event, without one the moment of its arrival; {@code null} where it is unreadable. */
        private Instants.Moment moment() {
            if (time == null) {
                return new Instants.Moment(momentOfArrival());
            }
            Outcome.OfTime read;
            Utf8 json = fields.get(time.slot);
            if (fields.isRepeated(time.slot)) {
                read = Fault.DUPLICATE_FIELD;
            } else if (json == null) {
                read = new Instants.Moment(momentOfArrival());
            } else if (json.startsWith('{') || json.startsWith('[')) {
                // An object or array is as unreadable as any other text that is no time.
                read = Fault.timeUnreadable(json.quoted());
            } else {
                Outcome.OfScalar parsed = Scalar.parse(json);
                if (parsed instanceof Scalar scalar) {
                    read = Instants.read(scalar, unit);
                } else {
                    read = parsed instanceof Fault fault ? fault : new Instants.Moment(momentOfArrival());
                }
            }
            if (read instanceof Instants.Moment moment) {
                return moment;
            }
            rejection.add(time.field, (Fault) read);
            return null;
        }

        /** Every value that is of its type, and a reason for every other. */
        private List<Reading> readings(long moment) {
            List<Reading> readings = new ArrayList<>(measures.length);
            for (int index = 0; index < measures.length; index++) {
                PreparedMeasure measure = measures[index];
                Source source = measure.source;
                if (fields.isRepeated(source.slot)) {
                    rejection.add(source.field, Fault.DUPLICATE_FIELD);
                    continue;
                }
                Utf8 json = fields.get(source.slot);
                if (json == null) {
                    continue;
                }
                if (json.startsWith('[')) {
                    points(json, index, readings);
                    continue;
                }
                Outcome.OfScalar parsed = Scalar.parse(json);
                if (parsed instanceof Fault fault) {
                    rejection.add(source.field, fault);
                } else if (parsed instanceof Scalar scalar) {
                    Outcome.OfValue coerced = scalar.coerce(measure.type, unit, limits);
                    if (coerced instanceof Value value) {
                        readings.add(new Reading(moment, index, NO_ARRAY, value));
                    } else {
                        rejection.add(source.field, (Fault) coerced);
                    }
                }
            }
            return readings;
        }

        private void points(Utf8 json, int measure, List<Reading> readings) {
            List<Points.Element> elements = Points.read(json, measures[measure].type, unit, limits);
            for (int index = 0; index < elements.size(); index++) {
                int at = index;
                Points.Element element = elements.get(at);
                if (element.point() instanceof Points.Point point) {
                    readings.add(new Reading(point.time(), measure, at, point.value()));
                } else if (element.point() instanceof Fault fault) {
                    rejection.add(path(measure, at), fault);
                }
                for (Utf8 name : element.others()) {
                    fields.undeclare(() -> path(measure, at) + "." + name.quoted());
                }
            }
        }

        /** Where a value stands in the event, as reasons say it. */
        private String path(int measure, int element) {
            String field = measures[measure].source.field;
            return element == NO_ARRAY ? field : field + "[" + element + "]";
        }

        /** The readings sorted, with one value for each measure and instant. */
        private List<Reading> oneValueAnInstant(List<Reading> readings) {
            // Stable: of two elements with the same time, the one that the device sent first stays.
            readings.sort(BY_TIME_AND_MEASURE);
            List<Reading> kept = new ArrayList<>(readings.size());
            Reading last = null;
            for (Reading next : readings) {
                if (last == null || !next.isAtPlaceOf(last)) {
                    kept.add(next);
                    last = next;
                } else if (!next.value.equals(last.value)) {
                    rejection.add(measures[next.measure].source.field, Fault.CONFLICTING_POINT);
                }
            }
            return kept;
        }

        /**
         * How sorted readings are to be moved, {@code null} unless the clock of their device is ahead. Where
         * one or another of them is, it is left out.
         */
        private Correction correctClock(List<Reading> readings) {
            int last = readings.size() - 1;
            if (last < 0 || arrival.allows(readings.get(last).time, limits.window())) {
                return null;
            }
            Correction correction = arrival.correction(
                    readings.get(0).time, readings.get(last).time, momentOfArrival(), limits.window());
            if (correction == null) {
                int allowed = last;
                while (allowed > 0 && !arrival.allows(readings.get(allowed - 1).time, limits.window())) {
                    allowed--;
                }
                List<Reading> ahead = readings.subList(allowed, readings.size());
                for (Reading reading : ahead) {
                    rejection.add(
                            path(reading.measure, reading.element),
                            Fault.timeAhead(reading.time, limits.window().ahead()));
                }
                ahead.clear();
            }
            return correction;
        }

        /** Makes records of sorted readings. */
        private List<Record> records(List<Reading> readings, List<DimensionValue> series, Correction correction) {
            List<Record> records = new ArrayList<>(1);
            for (int at = 0; at < readings.size(); ) {
                long original = readings.get(at).time;
                List<MeasureValue> values = new ArrayList<>(measures.length + 2);
                for (; at < readings.size() && readings.get(at).time == original; at++) {
                    Reading reading = readings.get(at);
                    values.add(new MeasureValue(measures[reading.measure].source.name, reading.value));
                }
                if (correction == null) {
                    put(values, original, series, records);
                } else {
                    mark(values, original);
                    put(values, correction.apply(original), series, records);
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
            if (layout instanceof Model.Multi multi) {
                Measured measured = new Measured.Multi(Collections.unmodifiableList(values));
                put(new Record(series, multi.name(), measured, when, arrival.version()), records);
                return;
            }
            for (MeasureValue value : values) {
                put(new Record(series, value.name(), onItsOwn(value), when, arrival.version()), records);
            }
        }

        private void put(Record record, List<Record> records) {
            int bytes = limits.tooLarge().applyAsInt(record);
            if (bytes == 0) {
                records.add(record);
            } else {
                rejection.add(null, Fault.recordTooLarge(record.measureName(), bytes, limits.recordBytes()));
            }
        }

        /** The content of a record of one measure. */
        private static Measured onItsOwn(MeasureValue measure) {
            return measure.value() instanceof Value.Timestamp
                    ? new Measured.Multi(List.of(measure))
                    : new Measured.Single(measure.value());
        }
    }
}
