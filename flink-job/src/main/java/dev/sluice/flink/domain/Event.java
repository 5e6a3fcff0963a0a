package dev.sluice.flink.domain;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** One event of a message on its way. */
final class Event extends Part implements LongSupplier {
    private final Context context;
    private final PreparedKind kind;
    private final int index;
    private final Utf8 bytes;

    /** What the event is itself; {@code null} where it is text that is not JSON. */
    private final Utf8 json;

    /** What tells the event from the others of its device; {@code null} where each copy is an event. */
    private byte[] identity;

    /** The event with this index in its message, whose fields have {@code prefix} before them in reasons. */
    Event(Context context, Fields fields, String prefix, int index, Utf8 bytes, Utf8 json) {
        super(fields, prefix, context.rejection());
        this.context = context;
        this.kind = context.kind();
        this.index = index;
        this.bytes = bytes;
        this.json = json;
    }

    /** Reads it. */
    void read() {
        Readings.Origin origin = series(null);
        identity = kind.copies() == null ? null : identity();
        Times.Moment moment = moment();
        context.readings().movesTo(this);
        if (origin == null || moment == null) {
            return;
        }
        int before = context.readings().count();
        if (kind.named() == null) {
            measures(origin, moment);
        } else {
            named(origin, moment);
        }
        Map<Integer, Value> shared = context.whole().values();
        if (!shared.isEmpty() && context.readings().count() > before) {
            shared.forEach((measure, value) -> single(measure, value, origin, moment));
        }
    }

    /**
     * The series; {@code null} where there is none. A dimension without a value is left out, but not the
     * device, which may be known already.
     */
    Readings.Origin series(String known) {
        PreparedKind.Source[] dimensions = kind.dimensions();
        List<DimensionValue> series = new ArrayList<>(dimensions.length);
        boolean complete = context.whole().isComplete();
        for (int at = 0; at < dimensions.length; at++) {
            PreparedKind.Source source = dimensions[at];
            String text = null;
            if (known != null && at == 0) {
                text = known;
            } else if (source.isShared()) {
                text = context.whole().isComplete() ? context.whole().dimension(at) : null;
            } else {
                Outcome.OfScalar found = dimension(source, at);
                complete &= !(found instanceof Fault);
                text = found instanceof Scalar scalar ? scalar.text().toString() : null;
            }
            if (text != null) {
                series.add(new DimensionValue(source.name(), text));
            }
        }
        int bytes = context.readings().tooLarge(series);
        if (bytes > 0) {
            refuseItself(Fault.dimensionsTooLarge(bytes, kind.limits().seriesBytes()));
            complete = false;
        }
        return complete ? context.readings().origin(Collections.unmodifiableList(series), prefix()) : null;
    }

    /** The event's id, or its bytes where it has none. An id with a fault is none. */
    private byte[] identity() {
        PreparedKind.Source source = kind.copies().id();
        String id = null;
        if (source != null && source.isFromMessage()) {
            // The id of a message is one of each of its events together with its place.
            id = context.whole().id() == null ? null : context.whole().id() + "[" + index + "]";
        } else if (source != null) {
            id = text(source);
        }
        return id == null ? bytes.copied() : id.getBytes(StandardCharsets.UTF_8);
    }

    /** The moment for an event without a usable time. */
    @Override
    public long getAsLong() {
        return identity == null
                ? context.moment(index)
                : EventTime.instant(context.arrival().time(), kind.copies().window(), identity);
    }

    /** The time of the event, without one the moment of its arrival; {@code null} where it is unreadable. */
    private Times.Moment moment() {
        PreparedKind.Source source = kind.time();
        Outcome.OfInstant read = source == null
                ? Nothing.NOTHING
                : source.isFromMessage() ? context.whole().time() : time(source, kind.times());
        if (read == Nothing.NOTHING) {
            return new Times.Moment(getAsLong());
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
        String name = named.name().isShared() ? context.whole().name() : text(named.name());
        if (name == null) {
            return;
        }
        List<Integer> selected = kind.byName().get(name);
        if (selected == null) {
            context.undeclared().add(() -> prefix() + Utf8.of(name).quoted());
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
                context.rejection().add(path(measure, origin, Readings.NO_ARRAY), fault);
            } else if (value != null) {
                measured(measure, value, origin, moment);
            }
        }
    }

    /** The event itself is the value, which is no array of context.readings(). */
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

    /** A value, or an array of context.readings(). */
    private void measured(int measure, Utf8 value, Readings.Origin origin, Times.Moment moment) {
        PreparedMeasure prepared = kind.measures()[measure];
        if (value.startsWith('[') && prepared.takesPoints()) {
            points(measure, value, origin);
        } else {
            single(measure, prepared.read(value), origin, moment);
        }
    }

    /** Adds a value of {@code measure}, or why there is none. */
    void single(int measure, Outcome.OfReading read, Readings.Origin origin, Times.Moment moment) {
        if (read instanceof Value value) {
            context.readings().add(origin, moment.nanoseconds(), measure, Readings.NO_ARRAY, value);
        } else if (read instanceof Fault fault) {
            context.rejection().add(path(measure, origin, Readings.NO_ARRAY), fault);
        }
    }

    private void points(int measure, Utf8 array, Readings.Origin origin) {
        List<Points.Element> elements = Points.read(array, kind.measures()[measure]);
        for (int element = 0; element < elements.size(); element++) {
            int at = element;
            Points.Element read = elements.get(at);
            if (read.point() instanceof Points.Point point) {
                context.readings().add(origin, point.time(), measure, at, point.value());
            } else if (read.point() instanceof Fault fault) {
                context.rejection().add(path(measure, origin, at), fault);
            }
            for (Utf8 name : read.others()) {
                context.undeclared().add(() -> path(measure, origin, at) + "." + name.quoted());
            }
        }
    }

    private String path(int measure, Readings.Origin origin, int element) {
        return kind.path(measure, origin.prefix(), element);
    }
}
