package dev.sluice.flink.domain;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One message on its way from bytes to records.
 *
 * <p>The order matters: the document, then what is the same for all of its events, then of each event who and
 * when (without which nothing can be stored) and every measure by itself, then the clock, and last the limits of
 * the store. A fault of one measure never costs another its place, nor one of an event another event.
 */
final class MessageDecoder {
    /** What is wrong with an aggregate that is a record of another. */
    private static final String NESTED = "it is in another one";

    private static final String WHOLE = "$";

    private final PreparedKind kind;
    private final byte[] payload;
    private final Arrival arrival;
    private final Rejection.Builder rejection = new Rejection.Builder();
    private final Undeclared undeclared;
    private final Readings readings;
    private final Whole whole;

    MessageDecoder(PreparedKind kind, byte[] payload, Arrival arrival, String[] levels) {
        this.kind = kind;
        this.payload = payload;
        this.arrival = arrival;
        this.undeclared = new Undeclared(kind.keepNames());
        this.readings = new Readings(kind, arrival, rejection);
        this.whole = new Whole(kind, levels, rejection);
    }

    Decoded decode() {
        Reason refusal = read();
        if (refusal != null) {
            return new Decoded(List.of(), new Rejection(List.of(refusal), 0), null, 0, 0);
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

    /** Reads the events of the message, or says why there are none. */
    private Reason read() {
        int valid = Utf8.validUpTo(payload);
        if (valid < payload.length) {
            return new Reason(null, Kpl.isAggregate(payload) ? Fault.kplAggregate(NESTED) : Fault.notUtf8(valid));
        }
        Utf8 text = new Utf8(payload, 0, payload.length);
        return switch (kind.form()) {
            case EVENT -> event(text);
            case VALUE -> value(text);
            case EACH -> eventsWithin(text);
            case ARRAY -> {
                List<Utf8> elements = new ArrayList<>();
                Reason refusal = elements(text, elements);
                if (refusal == null) {
                    whole.read(null);
                    events(elements, "");
                }
                yield refusal;
            }
            case SENML -> {
                List<Utf8> elements = new ArrayList<>();
                Reason refusal = elements(text, elements);
                if (refusal == null) {
                    whole.read(null);
                    pack(elements);
                }
                yield refusal;
            }
        };
    }

    /** The message is one event. */
    private Reason event(Utf8 text) {
        Outcome.OfDocument read = Fields.read(text, kind.tree(), "", undeclared);
        if (!(read instanceof Fields fields)) {
            return new Reason(null, (Fault) read);
        }
        whole.read(null);
        new Event(fields, "", 0, text, text).read();
        return null;
    }

    /** The message is one value: any in JSON, or text. */
    private Reason value(Utf8 text) {
        JsonScanner scanner = new JsonScanner(text);
        Utf8 json = scanner.value();
        boolean wellFormed = json != null && scanner.next() < 0;
        if (wellFormed && scanner.deepest() > Fields.MAX_DEPTH) {
            return new Reason(null, Fault.NESTED_TOO_DEEP);
        }
        whole.read(null);
        new Event(Fields.none(kind.tree()), "", 0, text, wellFormed ? json : null).read();
        return null;
    }

    /** The message is an object with an array of events in it. */
    private Reason eventsWithin(Utf8 text) {
        Outcome.OfDocument read = Fields.read(text, kind.messageTree(), "", undeclared);
        if (!(read instanceof Fields around)) {
            return new Reason(null, (Fault) read);
        }
        whole.read(around);
        PreparedKind.Source each = kind.each();
        Fault fault = around.fault(each.slot());
        Utf8 array = around.get(each.slot());
        if (array != null && array.startsWith('[')) {
            events(JsonScanner.elements(array), each.field());
        } else if (array != null && Scalar.parse(array) != Nothing.NOTHING) {
            fault = Fault.notAnArray(array);
        }
        if (fault != null) {
            rejection.add(each.field(), fault);
        }
        return null;
    }

    /** Adds the elements of a message that is an array. An object is one of one. */
    private static Reason elements(Utf8 text, List<Utf8> elements) {
        JsonScanner scanner = new JsonScanner(text);
        Utf8 json = scanner.value();
        if (json == null || scanner.next() >= 0) {
            return new Reason(null, Fault.notJson(scanner.at(), text.to()));
        }
        if (scanner.deepest() > Fields.MAX_DEPTH) {
            return new Reason(null, Fault.NESTED_TOO_DEEP);
        }
        if (json.startsWith('[')) {
            elements.addAll(JsonScanner.elements(json));
        } else if (json.startsWith('{')) {
            elements.add(json);
        } else if (Scalar.parse(json) != Nothing.NOTHING) {
            return new Reason(WHOLE, Fault.notAnArray(json));
        }
        return null;
    }

    private void events(List<Utf8> elements, String path) {
        for (int index = 0; index < elements.size(); index++) {
            Utf8 json = elements.get(index);
            String at = path + "[" + index + "]";
            Outcome.OfDocument read = Fields.read(json, kind.tree(), at + ".", undeclared);
            if (read instanceof Fields fields) {
                new Event(fields, at + ".", index, json, json).read();
            } else {
                rejection.add(at, (Fault) read);
            }
        }
    }

    private void pack(List<Utf8> records) {}

    /** One event of the message on its way. */
    private final class Event extends Part {
        private final int index;
        private final Utf8 bytes;

        /** What the event is itself; {@code null} where it is text that is not JSON. */
        private final Utf8 json;

        /** What tells the event from the others of its device; {@code null} where each copy is an event. */
        private byte[] identity;

        Event(Fields fields, String prefix, int index, Utf8 bytes, Utf8 json) {
            super(fields, prefix, rejection);
            this.index = index;
            this.bytes = bytes;
            this.json = json;
        }

        void read() {
            Readings.Origin origin = series(null);
            identity = kind.copies() == null ? null : identity();
            Times.Moment moment = moment();
            readings.movesTo(this::momentOfArrival);
            if (origin == null || moment == null) {
                return;
            }
            int before = readings.count();
            if (kind.named() == null) {
                measures(origin, moment);
            } else {
                named(origin, moment);
            }
            if (readings.count() > before) {
                whole.values().forEach((measure, value) ->
                        readings.add(origin, moment.nanoseconds(), measure, Readings.NO_ARRAY, value));
            }
        }

        /**
         * The series; {@code null} where there is none. A dimension without a value is left out, but not the
         * device, which may be known already.
         */
        private Readings.Origin series(String known) {
            PreparedKind.Source[] dimensions = kind.dimensions();
            List<DimensionValue> series = new ArrayList<>(dimensions.length);
            boolean complete = whole.isComplete();
            for (int at = 0; at < dimensions.length; at++) {
                PreparedKind.Source source = dimensions[at];
                String text = null;
                if (known != null && at == 0) {
                    text = known;
                } else if (source.isShared()) {
                    text = whole.isComplete() ? whole.dimension(at) : null;
                } else {
                    Outcome.OfScalar found = dimension(source, at);
                    complete &= !(found instanceof Fault);
                    text = found instanceof Scalar scalar ? scalar.text().toString() : null;
                }
                if (text != null) {
                    series.add(new DimensionValue(source.name(), text));
                }
            }
            int bytes = kind.tooLarge(series);
            if (bytes > 0) {
                refuseItself(Fault.dimensionsTooLarge(bytes, kind.limits().seriesBytes()));
                complete = false;
            }
            return complete ? readings.origin(Collections.unmodifiableList(series), prefix()) : null;
        }

        /** The event's id, or its bytes where it has none. An id with a fault is none. */
        private byte[] identity() {
            PreparedKind.Source source = kind.copies().id();
            String id = null;
            if (source != null && source.isFromMessage()) {
                // The id of a message is one of each of its events together with its place.
                id = whole.id() == null ? null : whole.id() + "[" + index + "]";
            } else if (source != null) {
                id = text(source);
            }
            return id == null ? bytes.copied() : id.getBytes(StandardCharsets.UTF_8);
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
            Outcome.OfInstant read =
                    source == null ? Nothing.NOTHING : source.isFromMessage() ? whole.time() : time(source, kind.times());
            if (read == Nothing.NOTHING) {
                return new Times.Moment(momentOfArrival());
            }
            return read instanceof Times.Moment moment ? moment : null;
        }

        private void measures(Readings.Origin origin, Times.Moment moment) {
            for (int measure = 0; measure < kind.measures().length; measure++) {
                PreparedKind.Source source = kind.measured(measure);
                if (source.isFromMessage()) {
                    continue;
                }
                Fault fault = fault(source);
                if (fault != null) {
                    refuse(source, fault);
                    continue;
                }
                Utf8 value = get(source);
                if (value != null) {
                    measured(measure, value, origin, moment);
                }
            }
        }

        /** Reads the value of the measure that the event names. */
        private void named(Readings.Origin origin, Times.Moment moment) {
            PreparedKind.Named named = kind.named();
            String name = named.name().isShared() ? whole.name() : text(named.name());
            if (name == null) {
                return;
            }
            List<Integer> selected = named.measures().get(name);
            if (selected == null) {
                undeclared.add(() -> prefix() + Utf8.of(name).quoted());
                return;
            }
            for (int measure : selected) {
                if (named.value() == null) {
                    itself(measure, origin, moment);
                    continue;
                }
                Fault fault = fault(named.value());
                Utf8 value = get(named.value());
                if (fault != null) {
                    rejection.add(path(measure, origin, Readings.NO_ARRAY), fault);
                } else if (value != null) {
                    measured(measure, value, origin, moment);
                }
            }
        }

        /** The event itself is the value, which is no array of readings. */
        private void itself(int measure, Readings.Origin origin, Times.Moment moment) {
            PreparedMeasure prepared = kind.measures()[measure];
            if (json != null) {
                single(measure, prepared.read(json), origin, moment);
                return;
            }
            Scalar scalar = new Scalar(Scalar.Kind.TEXT, bytes.trimmed());
            if (!scalar.isBlank()) {
                single(measure, prepared.read(scalar), origin, moment);
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
                rejection.add(path(measure, origin, Readings.NO_ARRAY), fault);
            }
        }

        private void points(int measure, Utf8 array, Readings.Origin origin) {
            List<Points.Element> elements = Points.read(array, kind.measures()[measure]);
            for (int element = 0; element < elements.size(); element++) {
                int at = element;
                Points.Element read = elements.get(at);
                if (read.point() instanceof Points.Point point) {
                    readings.add(origin, point.time(), measure, at, point.value());
                } else if (read.point() instanceof Fault fault) {
                    rejection.add(path(measure, origin, at), fault);
                }
                for (Utf8 name : read.others()) {
                    undeclared.add(() -> path(measure, origin, at) + "." + name.quoted());
                }
            }
        }

        private String path(int measure, Readings.Origin origin, int element) {
            return kind.path(measure, origin.prefix(), element);
        }
    }
}
