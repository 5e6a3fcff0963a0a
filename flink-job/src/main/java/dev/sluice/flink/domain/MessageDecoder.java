package dev.sluice.flink.domain;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One message on its way from bytes to records.
 *
 * <p>The order matters: the document, then of each event who and when (without which nothing can be stored) and
 * every measure by itself, then the clock, and last the limits of the store. A fault of one measure never costs
 * another its place, nor one of an event another event.
 */
final class MessageDecoder {
    /** What is wrong with an aggregate that is a record of another. */
    private static final String NESTED = "it is not taken apart here";

    private final PreparedKind kind;
    private final byte[] payload;
    private final Arrival arrival;

    /** The parts of the partition key that hold what the topic says. */
    private final String[] parts;

    private final Rejection.Builder rejection = new Rejection.Builder();
    private final Undeclared undeclared;
    private final Readings readings;

    /** The fields of the message around its events. */
    private Fields around;

    /** Fields of the message around its events whose faults are reasons already; {@code null} while none are. */
    private Set<String> told;

    MessageDecoder(PreparedKind kind, byte[] payload, Arrival arrival, String[] parts) {
        this.kind = kind;
        this.payload = payload;
        this.arrival = arrival;
        this.parts = parts;
        this.undeclared = new Undeclared(kind.keepNames());
        this.readings = new Readings(kind, arrival, rejection);
    }

    Decoded decode() {
        Fault fault = document();
        if (fault != null) {
            rejection.add(null, fault);
            return new Decoded(List.of(), rejection.build(), null, 0, 0);
        }
        Decoded stored = readings.stored();
        if (stored.records().isEmpty() && rejection.isEmpty()) {
            rejection.add(null, Fault.NO_MEASURES);
        }
        if (kind.keepNames() > 0) {
            for (String name : undeclared.names()) {
                rejection.add(name, Fault.UNDECLARED_FIELD);
            }
            rejection.omit(undeclared.count() - undeclared.names().size());
        }
        return new Decoded(
                stored.records(), rejection.build(), stored.corrected(), undeclared.count(), stored.outOfRange());
    }

    /** Reads all of the message; the fault is that of the message as a whole, {@code null} where it is sound. */
    private Fault document() {
        int valid = Utf8.validUpTo(payload);
        if (valid < payload.length) {
            return Kpl.isAggregate(payload) ? Fault.kplAggregate(NESTED) : Fault.notUtf8(valid);
        }
        Utf8 json = new Utf8(payload, 0, payload.length);
        if (kind.message() instanceof Model.Each) {
            return kind.each() == null ? arrayOfEvents(json) : objectAroundEvents(json);
        }
        if (kind.named() != null && kind.named().value() == null) {
            return bareValue(json);
        }
        Outcome.OfDocument read = Fields.read(json, kind.tree(), "", undeclared);
        if (read instanceof Fields fields) {
            new Event("", json, fields, 0).read();
            return null;
        }
        return (Fault) read;
    }

    /** The message is one value: any in JSON, or text. */
    private Fault bareValue(Utf8 text) {
        JsonScanner scanner = new JsonScanner(text);
        Utf8 json = scanner.value();
        boolean wellFormed = json != null && scanner.next() < 0;
        if (wellFormed && scanner.deepest() > Fields.MAX_DEPTH) {
            return Fault.NESTED_TOO_DEEP;
        }
        new Event("", wellFormed ? json : null, Fields.none(kind.tree()), 0).read();
        return null;
    }

    /** The message is an array of events, or one. */
    private Fault arrayOfEvents(Utf8 text) {
        JsonScanner scanner = new JsonScanner(text);
        Utf8 json = scanner.value();
        if (json == null || scanner.next() >= 0) {
            return Fault.notJson(scanner.at(), payload.length);
        }
        if (scanner.deepest() > Fields.MAX_DEPTH) {
            return Fault.NESTED_TOO_DEEP;
        }
        around = Fields.none(kind.messageTree());
        if (json.startsWith('[')) {
            events(json, "");
            return null;
        }
        Outcome.OfDocument read = Fields.read(json, kind.tree(), "", undeclared);
        if (read instanceof Fields fields) {
            new Event("", json, fields, 0).read();
            return null;
        }
        return (Fault) read;
    }

    /** The message is an object with an array of events in it. */
    private Fault objectAroundEvents(Utf8 json) {
        Outcome.OfDocument read = Fields.read(json, kind.messageTree(), "", undeclared);
        if (!(read instanceof Fields fields)) {
            return (Fault) read;
        }
        around = fields;
        PreparedKind.Source each = kind.each();
        Fault fault = around.fault(each.slot());
        Utf8 array = around.get(each.slot());
        if (fault == null && array != null && !array.startsWith('[')) {
            fault = array.startsWith('n') ? null : Fault.notAnArray(array);
        } else if (array != null) {
            events(array, each.field());
        }
        if (fault != null) {
            rejection.add(each.field(), fault);
        }
        return null;
    }

    private void events(Utf8 array, String path) {
        List<Utf8> elements = JsonScanner.elements(array);
        for (int index = 0; index < elements.size(); index++) {
            String at = path + "[" + index + "]";
            Outcome.OfDocument read = Fields.read(elements.get(index), kind.tree(), at + ".", undeclared);
            if (read instanceof Fields fields) {
                new Event(at + ".", elements.get(index), fields, index).read();
            } else {
                rejection.add(at, (Fault) read);
            }
        }
    }

    /** One event of the message on its way. */
    private final class Event {
        /** What stands before its fields' paths in reasons. */
        private final String prefix;

        /** {@code null} where the message is text that is not JSON. */
        private final Utf8 json;

        private final Fields fields;
        private final int index;

        /** What tells the event from the others of its device; {@code null} where each copy is an event. */
        private byte[] identity;

        Event(String prefix, Utf8 json, Fields fields, int index) {
            this.prefix = prefix;
            this.json = json;
            this.fields = fields;
            this.index = index;
        }

        void read() {
            List<DimensionValue> series = series();
            identity = kind.copies() == null ? null : identity();
            if (index == 0) {
                readings.arrivesAt(momentOfArrival());
            }
            Times.Moment moment = moment();
            if (series == null || moment == null) {
                return;
            }
            Readings.Origin origin = readings.origin(series, prefix);
            if (kind.named() == null) {
                for (int measure = 0; measure < kind.measures().length; measure++) {
                    PreparedKind.Source source = kind.measured(measure);
                    Fault fault = fields(source).fault(source.slot());
                    if (fault != null) {
                        refuse(source, fault);
                        continue;
                    }
                    Utf8 value = fields(source).get(source.slot());
                    if (value != null) {
                        measured(measure, value, origin, moment);
                    }
                }
            } else {
                named(origin, moment);
            }
        }

        private Fields fields(PreparedKind.Source source) {
            return source.isFromMessage() ? around : fields;
        }

        /** Adds a reason; one of the message around the events once. */
        private void refuse(PreparedKind.Source source, Fault fault) {
            if (!source.isFromMessage()) {
                rejection.add(prefix + source.field(), fault);
                return;
            }
            told = told == null ? new HashSet<>() : told;
            if (told.add(source.field())) {
                rejection.add(source.field(), fault);
            }
        }

        /** What a field holds, as text; {@link Nothing} where there is no value. */
        private Outcome.OfScalar scalar(PreparedKind.Source source) {
            Fault fault = fields(source).fault(source.slot());
            if (fault != null) {
                return fault;
            }
            Utf8 there = fields(source).get(source.slot());
            return there == null ? Nothing.NOTHING : Scalar.parse(there);
        }

        /** The text of a field, or of levels of the topic; {@code null} where there is none, or a reason. */
        private String text(PreparedKind.Source source) {
            if (source.isOfTopic()) {
                String text = source.ofTopic(parts);
                return text.isEmpty() ? null : text;
            }
            Outcome.OfScalar there = scalar(source);
            if (there instanceof Fault fault) {
                refuse(source, fault);
            }
            return there instanceof Scalar scalar ? scalar.text().toString() : null;
        }

        /**
         * The series; {@code null} where there is none. A dimension without a value is left out, but not the
         * device.
         */
        private List<DimensionValue> series() {
            PreparedKind.Source[] dimensions = kind.dimensions();
            List<DimensionValue> series = new ArrayList<>(dimensions.length);
            int reasons = rejection.count();
            boolean complete = true;
            for (int at = 0; at < dimensions.length; at++) {
                PreparedKind.Source source = dimensions[at];
                int before = rejection.count();
                String text = text(source);
                if (text != null) {
                    series.add(new DimensionValue(source.name(), text));
                } else if (rejection.count() > before) {
                    complete = false;
                } else if (at == 0) {
                    refuse(source, Fault.DEVICE_MISSING);
                    complete = false;
                }
            }
            int bytes = tooLarge(series);
            if (bytes > 0) {
                rejection.add(
                        null, Fault.dimensionsTooLarge(bytes, kind.limits().seriesBytes()));
                complete = false;
            }
            return complete ? Collections.unmodifiableList(series) : null;
        }

        /** The bytes of dimensions that are more than the store takes, else 0. */
        private int tooLarge(List<DimensionValue> series) {
            int max = kind.limits().seriesBytes();
            int bound = 0;
            for (DimensionValue dimension : series) {
                bound += dimension.bytesAtMost();
            }
            if (bound <= max) {
                return 0;
            }
            int bytes = series.stream().mapToInt(DimensionValue::bytes).sum();
            return bytes > max ? bytes : 0;
        }

        /** The event's id, or its bytes where it has none. An id with a fault is none. */
        private byte[] identity() {
            String id = kind.copies().id() == null ? null : text(kind.copies().id());
            if (id != null) {
                return id.getBytes(StandardCharsets.UTF_8);
            }
            return index == 0 && prefix.isEmpty() ? payload : json.copied();
        }

        /** The moment for an event without a usable time. */
        private long momentOfArrival() {
            return identity == null
                    ? arrival.moment(index)
                    : EventTime.instant(arrival.time(), kind.copies().window(), identity);
        }

        /** The time of the event, without one the moment of its arrival; {@code null} where it is unreadable. */
        private Times.Moment moment() {
            PreparedKind.Source source = kind.time();
            if (source == null) {
                return new Times.Moment(momentOfArrival());
            }
            Utf8 there = fields(source).get(source.slot());
            Outcome.OfTime read;
            if (there != null && (there.startsWith('{') || there.startsWith('['))) {
                // An object or array is as unreadable as any other text that is no time.
                read = Fault.timeUnreadable(there.quoted());
            } else {
                Outcome.OfScalar scalar = scalar(source);
                read = scalar instanceof Scalar written
                        ? kind.times().read(written)
                        : scalar instanceof Fault fault ? fault : new Times.Moment(momentOfArrival());
            }
            if (read instanceof Times.Moment moment) {
                return moment;
            }
            refuse(source, (Fault) read);
            return null;
        }

        /** Reads the value of the measure that the event names. */
        private void named(Readings.Origin origin, Times.Moment moment) {
            PreparedKind.Named named = kind.named();
            String name = text(named.name());
            if (name == null) {
                return;
            }
            List<Integer> selected = named.measures().get(name);
            if (selected == null) {
                undeclared.add(() -> prefix + Utf8.of(name).quoted());
                return;
            }
            for (int measure : selected) {
                if (named.value() == null) {
                    bare(measure, origin, moment);
                    continue;
                }
                Fault fault = fields(named.value()).fault(named.value().slot());
                Utf8 value = fields(named.value()).get(named.value().slot());
                if (fault != null) {
                    rejection.add(prefix + kind.measures()[measure].field(), fault);
                } else if (value != null) {
                    measured(measure, value, origin, moment);
                }
            }
        }

        /** The event itself is the value, which is no array of readings. */
        private void bare(int measure, Readings.Origin origin, Times.Moment moment) {
            PreparedMeasure prepared = kind.measures()[measure];
            if (json != null) {
                single(measure, prepared.read(json), origin, moment);
                return;
            }
            Utf8 text = new Utf8(payload, 0, payload.length).trimmed();
            if (text.length() > 0) {
                single(measure, prepared.read(new Scalar(Scalar.Kind.TEXT, text)), origin, moment);
            }
        }

        /** A value, or an array of readings. */
        private void measured(int measure, Utf8 value, Readings.Origin origin, Times.Moment moment) {
            PreparedMeasure prepared = kind.measures()[measure];
            if (value.startsWith('[') && prepared.takesPoints()) {
                points(measure, value, origin);
            } else {
                single(measure, prepared.read(value), origin, moment);
            }
        }

        private void single(int measure, Outcome.OfReading read, Readings.Origin origin, Times.Moment moment) {
            if (read instanceof Value value) {
                readings.add(origin, moment.nanoseconds(), measure, Readings.NO_ARRAY, value);
            } else if (read instanceof Fault fault) {
                rejection.add(origin.path(kind.measures()[measure], Readings.NO_ARRAY), fault);
            }
        }

        private void points(int measure, Utf8 array, Readings.Origin origin) {
            PreparedMeasure prepared = kind.measures()[measure];
            List<Points.Element> elements = Points.read(array, prepared);
            for (int element = 0; element < elements.size(); element++) {
                int at = element;
                Points.Element read = elements.get(at);
                if (read.point() instanceof Points.Point point) {
                    readings.add(origin, point.time(), measure, at, point.value());
                } else if (read.point() instanceof Fault fault) {
                    rejection.add(origin.path(prepared, at), fault);
                }
                for (Utf8 name : read.others()) {
                    undeclared.add(() -> origin.path(prepared, at) + "." + name.quoted());
                }
            }
        }
    }
}
