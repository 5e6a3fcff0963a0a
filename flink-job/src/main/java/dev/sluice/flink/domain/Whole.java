package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is the same for all events of a message: what the topic says, and the fields of the message around its
 * events. It is read once, and its faults are told once.
 */
final class Whole {
    /** Nothing is the same for all events. */
    private static final Whole NOTHING = new Whole(null, null, null, null);

    private final PreparedKind kind;

    /** The levels of the topic in the partition key. */
    private final String[] levels;

    private final Readings readings;
    private final Rejection.Builder rejection;

    /** By index; {@code null} where there is no value, or it is not shared. */
    private String[] dimensions;

    private boolean complete = true;
    private String id;
    private Outcome.OfInstant time = Nothing.NOTHING;
    private String name;
    private Map<Integer, Value> values = Map.of();

    private Whole(PreparedKind kind, String[] levels, Readings readings, Rejection.Builder rejection) {
        this.kind = kind;
        this.levels = levels;
        this.readings = readings;
        this.rejection = rejection;
    }

    /** What is the same for all events of a message of {@code kind}; to be read first. */
    static Whole of(PreparedKind kind, String[] levels, Readings readings, Rejection.Builder rejection) {
        return kind.isShared() ? new Whole(kind, levels, readings, rejection) : NOTHING;
    }

    /** Reads it, with the fields around the events; {@code null} if there are none. */
    void read(Fields fields) {
        if (this == NOTHING) {
            return;
        }
        Part around = fields == null ? null : new Part(fields, "", rejection);
        dimensions(around);
        PreparedKind.Source naming = kind.named() == null ? null : kind.named().name();
        if (naming != null && naming.isOfTopic()) {
            name = naming.ofTopic(levels);
        }
        if (around == null) {
            return;
        }
        PreparedKind.Source identity =
                kind.copies() == null ? null : kind.copies().id();
        if (identity != null && identity.isFromMessage()) {
            id = around.text(identity);
            int bytes = id == null ? 0 : TextSize.of(id);
            // Each event is known by it, however many there are: it is no longer than any other text.
            if (bytes > kind.limits().textBytes()) {
                around.refuse(identity, Fault.textTooLong(bytes, kind.limits().textBytes()));
                id = null;
            }
        }
        if (kind.time() != null && kind.time().isFromMessage()) {
            time = around.time(kind.time(), kind.times());
        }
        if (naming != null && naming.isFromMessage()) {
            name = around.text(naming);
        }
        if (kind.named() == null) {
            values(around);
        }
    }

    private void dimensions(Part around) {
        dimensions = new String[kind.dimensions().length];
        List<DimensionValue> known = new ArrayList<>();
        for (int index = 0; index < dimensions.length; index++) {
            PreparedKind.Source source = kind.dimensions()[index];
            if (!source.isShared()) {
                continue;
            }
            if (around != null && source.isFromMessage()) {
                Outcome.OfScalar found = around.dimension(source, index);
                complete &= !(found instanceof Fault);
                dimensions[index] =
                        found instanceof Scalar scalar ? scalar.text().toString() : null;
            } else {
                dimensions[index] = source.isOfTopic() ? source.ofTopic(levels) : null;
                if (dimensions[index] == null && index == 0) {
                    rejection.add(source.field(), Fault.DEVICE_MISSING);
                    complete = false;
                }
            }
            if (dimensions[index] != null) {
                known.add(new DimensionValue(source.name(), dimensions[index]));
            }
        }
        int bytes = readings.tooLarge(known);
        if (bytes > 0) {
            rejection.add(null, Fault.dimensionsTooLarge(bytes, kind.limits().seriesBytes()));
            complete = false;
        }
    }

    private void values(Part around) {
        values = new LinkedHashMap<>();
        for (int measure = 0; measure < kind.measures().length; measure++) {
            PreparedKind.Source source = kind.measured(measure);
            if (!source.isFromMessage()) {
                continue;
            }
            Outcome.OfScalar found = around.scalar(source);
            Outcome.OfReading read = found instanceof Scalar scalar
                    ? kind.measures()[measure].read(scalar)
                    : found instanceof Fault fault ? fault : Nothing.NOTHING;
            if (read instanceof Value value) {
                values.put(measure, value);
            } else if (read instanceof Fault fault) {
                around.refuse(source, fault);
            }
        }
    }

    /** Whether it has of the series what it must. */
    boolean isComplete() {
        return complete;
    }

    /** The dimension with this index; {@code null} where there is no value. */
    String dimension(int index) {
        return dimensions[index];
    }

    /** The id of the message; {@code null} if there is none. */
    String id() {
        return id;
    }

    /** The time of all events, if there is one. */
    Outcome.OfInstant time() {
        return time;
    }

    /** The name of the measure; {@code null} if there is none. */
    String name() {
        return name;
    }

    /** Values of measures: each event has them that has values of its own. */
    Map<Integer, Value> values() {
        return values;
    }
}
