package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;

/**
 * Readings that a device has gathered: {@code [{"ts": …, "value": …}, …]}, one point an element. The model may
 * have other names for the two members.
 */
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
     * @param others the names of its members that are neither its time nor its value
     */
    record Element(Outcome.OfElement point, List<Utf8> others) {}

    /** Reads the elements of a JSON array that is well-formed. */
    static List<Element> read(Utf8 json, PreparedMeasure measure) {
        return JsonScanner.elements(json).stream()
                .map(element -> element(element, measure))
                .toList();
    }

    private static Element element(Utf8 json, PreparedMeasure measure) {
        if (!json.startsWith('{')) {
            return new Element(measure.notAPoint(), List.of());
        }
        Utf8 time = null;
        Utf8 value = null;
        boolean repeated = false;
        List<Utf8> others = new ArrayList<>(0);
        JsonScanner scanner = new JsonScanner(json);
        scanner.take('{');
        if (scanner.next() != '}') {
            do {
                Utf8 name = JsonScanner.unescaped(scanner.name());
                if (name == null) {
                    return new Element(measure.notAPoint(), List.of());
                }
                Utf8 member = scanner.value();
                if (name.isSameAs(measure.timeMember())) {
                    repeated |= time != null;
                    time = member;
                } else if (name.isSameAs(measure.valueMember())) {
                    repeated |= value != null;
                    value = member;
                } else {
                    others.add(name);
                }
                scanner.next();
            } while (scanner.take(','));
        }
        return new Element(repeated ? Fault.DUPLICATE_FIELD : point(time, value, others, measure), others);
    }

    /**
     * The reading. A value that is none, or nothing beside the time, is none; a reading under another name is a
     * fault.
     */
    private static Outcome.OfElement point(Utf8 time, Utf8 value, List<Utf8> others, PreparedMeasure measure) {
        if (value == null && !others.isEmpty()) {
            return measure.notAPoint();
        }
        Outcome.OfScalar what = scalar(value);
        if (!(what instanceof Scalar measured)) {
            return what instanceof Fault fault ? fault : Nothing.NOTHING;
        }
        Outcome.OfReading typed = measure.read(measured);
        if (typed == Nothing.NOTHING) {
            return Nothing.NOTHING;
        }
        Outcome.OfScalar when = scalar(time);
        if (!(when instanceof Scalar instant)) {
            return when instanceof Fault fault ? fault : Fault.POINT_TIME_MISSING;
        }
        Outcome.OfTime read = measure.times().read(instant);
        if (read instanceof Fault fault) {
            return fault;
        }
        return typed instanceof Value found ? new Point(((Times.Moment) read).nanoseconds(), found) : (Fault) typed;
    }

    private static Outcome.OfScalar scalar(Utf8 json) {
        return json == null ? Nothing.NOTHING : Scalar.parse(json);
    }
}
