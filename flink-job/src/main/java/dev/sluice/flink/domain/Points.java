package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;

/** Readings that a device has gathered: {@code [{"ts": …, "value": …}, …]}, one point an element. */
final class Points {
    private final List<Outcome.OfElement> elements = new ArrayList<>();
    private int undeclared;

    private Points() {}

    /**
     * A reading.
     *
     * @param time in nanoseconds since 1970-01-01T00:00:00Z
     * @param value what was measured
     */
    record Point(long time, Value value) implements Outcome.OfElement {}

    /** The value is null or not there: nothing was measured. */
    enum Empty implements Outcome.OfElement {
        EMPTY
    }

    /** Reads the elements of a JSON array that is well-formed. */
    static Points read(Utf8 json, MeasureType type, TimeUnit unit) {
        Points points = new Points();
        JsonScanner scanner = new JsonScanner(json);
        scanner.take('[');
        if (scanner.next() == ']') {
            return points;
        }
        do {
            points.elements.add(points.element(scanner.value(), type, unit));
            scanner.next();
        } while (scanner.take(','));
        return points;
    }

    /** In the order of the array. */
    List<Outcome.OfElement> elements() {
        return elements;
    }

    /** How many fields of points are neither {@code ts} nor {@code value}. */
    int undeclared() {
        return undeclared;
    }

    private Outcome.OfElement element(Utf8 json, MeasureType type, TimeUnit unit) {
        if (!json.startsWith('{')) {
            return Fault.NOT_A_POINT;
        }
        Utf8 ts = null;
        Utf8 value = null;
        boolean repeated = false;
        int others = 0;
        JsonScanner scanner = new JsonScanner(json);
        scanner.take('{');
        if (scanner.next() != '}') {
            do {
                Utf8 name = JsonScanner.unescaped(scanner.name());
                if (name == null) {
                    return Fault.NOT_A_POINT;
                }
                Utf8 field = scanner.value();
                if (name.is("ts")) {
                    repeated |= ts != null;
                    ts = field;
                } else if (name.is("value")) {
                    repeated |= value != null;
                    value = field;
                } else {
                    others++;
                }
                scanner.next();
            } while (scanner.take(','));
        }
        undeclared += others;
        if (repeated) {
            return Fault.DUPLICATE_FIELD;
        }
        if (isNothing(value)) {
            return Empty.EMPTY;
        }
        return isNothing(ts) ? Fault.POINT_TIME_MISSING : point(ts, value, type, unit);
    }

    private static boolean isNothing(Utf8 json) {
        return json == null || json.startsWith('n');
    }

    private static Outcome.OfElement point(Utf8 ts, Utf8 value, MeasureType type, TimeUnit unit) {
        Outcome.OfScalar when = Scalar.parse(ts);
        if (when instanceof Fault fault) {
            return fault;
        }
        Outcome.OfTime read = Instants.read((Scalar) when, unit);
        if (read instanceof Fault fault) {
            return fault;
        }
        Outcome.OfScalar what = Scalar.parse(value);
        if (what instanceof Fault fault) {
            return fault;
        }
        Outcome.OfValue coerced = ((Scalar) what).coerce(type, unit);
        return coerced instanceof Value typed
                ? new Point(((Instants.Moment) read).nanoseconds(), typed)
                : (Fault) coerced;
    }
}
