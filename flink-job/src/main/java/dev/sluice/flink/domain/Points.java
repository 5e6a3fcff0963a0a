package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;

/** Readings that a device has gathered: {@code [{"ts": …, "value": …}, …]}, one point an element. */
final class Points {
    private Points() {}

    /**
     * A reading with a time of its own.
     *
     * @param time in nanoseconds since 1970-01-01T00:00:00Z
     * @param value what was measured
     */
    record Point(long time, Value value) implements Outcome.OfElement {}

    /**
     * An element of an array.
     *
     * @param point what was measured, or that nothing was
     * @param others the names of its members that are neither {@code ts} nor {@code value}
     */
    record Element(Outcome.OfElement point, List<Utf8> others) {}

    /** Reads the elements of a JSON array that is well-formed. */
    static List<Element> read(Utf8 json, MeasureType type, TimeUnit unit, Limits limits) {
        List<Element> elements = new ArrayList<>();
        JsonScanner scanner = new JsonScanner(json);
        scanner.take('[');
        if (scanner.next() == ']') {
            return elements;
        }
        do {
            elements.add(element(scanner.value(), type, unit, limits));
            scanner.next();
        } while (scanner.take(','));
        return elements;
    }

    private static Element element(Utf8 json, MeasureType type, TimeUnit unit, Limits limits) {
        if (!json.startsWith('{')) {
            return new Element(Fault.NOT_A_POINT, List.of());
        }
        Utf8 ts = null;
        Utf8 value = null;
        boolean repeated = false;
        List<Utf8> others = new ArrayList<>(0);
        JsonScanner scanner = new JsonScanner(json);
        scanner.take('{');
        if (scanner.next() != '}') {
            do {
                Utf8 name = JsonScanner.unescaped(scanner.name());
                if (name == null) {
                    return new Element(Fault.NOT_A_POINT, List.of());
                }
                Utf8 member = scanner.value();
                if (name.is("ts")) {
                    repeated |= ts != null;
                    ts = member;
                } else if (name.is("value")) {
                    repeated |= value != null;
                    value = member;
                } else {
                    others.add(name);
                }
                scanner.next();
            } while (scanner.take(','));
        }
        return new Element(repeated ? Fault.DUPLICATE_FIELD : point(ts, value, others, type, unit, limits), others);
    }

    /**
     * The reading. A member {@code value} that is no value, or nothing beside the time, is none; a reading
     * under another name is a fault.
     */
    private static Outcome.OfElement point(
            Utf8 ts, Utf8 value, List<Utf8> others, MeasureType type, TimeUnit unit, Limits limits) {
        if (value == null && !others.isEmpty()) {
            return Fault.NOT_A_POINT;
        }
        Outcome.OfScalar what = scalar(value);
        if (!(what instanceof Scalar measured)) {
            return what instanceof Fault fault ? fault : Nothing.NOTHING;
        }
        Outcome.OfScalar when = scalar(ts);
        if (!(when instanceof Scalar time)) {
            return when instanceof Fault fault ? fault : Fault.POINT_TIME_MISSING;
        }
        Outcome.OfTime read = Instants.read(time, unit);
        if (read instanceof Fault fault) {
            return fault;
        }
        Outcome.OfValue coerced = measured.coerce(type, unit, limits);
        return coerced instanceof Value typed
                ? new Point(((Instants.Moment) read).nanoseconds(), typed)
                : (Fault) coerced;
    }

    private static Outcome.OfScalar scalar(Utf8 json) {
        return json == null ? Nothing.NOTHING : Scalar.parse(json);
    }
}
