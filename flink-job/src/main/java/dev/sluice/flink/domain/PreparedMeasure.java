package dev.sluice.flink.domain;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A measure of the model, prepared for reading its values. */
final class PreparedMeasure {
    private final String name;
    private final String field;
    private final MeasureType type;

    /** {@code null} if all is normal. */
    private final Model.Range normal;

    private final Times times;
    private final Limits limits;

    /** Whether the value is simply there, as of nearly all measures. */
    private final boolean plain;

    private final Written written;
    private final Utf8 timeMember;
    private final Utf8 valueMember;
    private final Set<String> missing;
    private final Map<String, Scalar> map = new HashMap<>();

    PreparedMeasure(Model.Measure measure, Times times, Limits limits) {
        this.name = measure.name();
        this.field = measure.field();
        this.type = measure.type();
        this.normal = measure.normal();
        this.times = times;
        this.limits = limits;
        this.written = measure.written();
        this.plain = written.isPlain();
        this.timeMember = Utf8.of(written.points().time());
        this.valueMember = Utf8.of(written.points().value());
        this.missing = new HashSet<>(written.missing());
        written.map().forEach((text, mapped) -> map.put(text, mapped.scalar()));
    }

    /** Its name in the store. */
    String name() {
        return name;
    }

    /** Its field, or its name in an event that names the measure. */
    String field() {
        return field;
    }

    /** The name of an element's time, where the measure is an array of readings. */
    Utf8 timeMember() {
        return timeMember;
    }

    /** The name of an element's value. */
    Utf8 valueMember() {
        return valueMember;
    }

    /** The fault of an element that is no reading. */
    Fault notAPoint() {
        return Fault.notAPoint(written.points().time(), written.points().value());
    }

    /** Whether an array in its place holds readings. */
    boolean takesPoints() {
        return written.binary() == null;
    }

    Times times() {
        return times;
    }

    /** The value that a JSON value stands for. */
    Outcome.OfReading read(Utf8 json) {
        Outcome.OfScalar parsed = Scalar.parse(json);
        return parsed instanceof Scalar scalar ? read(scalar) : parsed instanceof Fault fault ? fault : Nothing.NOTHING;
    }

    /** The value that {@code scalar} stands for. */
    Outcome.OfReading read(Scalar scalar) {
        if (plain) {
            return scalar.coerce(type, times, limits);
        }
        Outcome.OfScalar there = written.binary() == null ? scalar : PackedValue.read(scalar, written.binary());
        if (!(there instanceof Scalar found)) {
            return (Fault) there;
        }
        if (!missing.isEmpty() || !map.isEmpty()) {
            String text = found.text().trimmed().toString();
            if (missing.contains(text)) {
                return Nothing.NOTHING;
            }
            found = map.getOrDefault(text, found);
        }
        if (written.suffix() != null && found.kind() == Scalar.Kind.TEXT) {
            found = found.without(written.suffix());
        }
        return found.isBlank() ? Nothing.NOTHING : coerced(found);
    }

    private Outcome.OfValue coerced(Scalar found) {
        Scalar scalar = found;
        boolean comma = written.decimal() == Written.Decimal.COMMA
                && scalar.kind() == Scalar.Kind.TEXT
                && (type == MeasureType.DOUBLE || type == MeasureType.BIGINT);
        if (comma) {
            // In such text a point is none before a fraction.
            if (scalar.text().has('.')) {
                return Fault.typeMismatch(type, scalar.quoted());
            }
            scalar = scalar.withPoint();
        }
        Outcome.OfValue coerced = scalar.coerce(type, times, limits);
        if (!(coerced instanceof Value.Double number)) {
            return coerced;
        }
        double value = calibrated(number.value());
        return Double.isFinite(value)
                ? new Value.Double(value)
                : Fault.numberOutOfRange(MeasureType.DOUBLE, scalar.quoted());
    }

    private double calibrated(double value) {
        double scaled = written.scale() == null ? value : scaled(value, written.scale());
        // Adding zero turns -0.0, which the store refuses, into 0.0 and changes nothing else.
        return (written.offset() == null ? scaled : scaled + written.offset()) + 0.0;
    }

    /** A tenth of 215 is 21.5, which 215 times the double nearest to a tenth is not always. */
    private static double scaled(double value, double scale) {
        double parts = Math.rint(1 / scale);
        return parts >= 2 && 1 / parts == scale ? value / parts : value * scale;
    }

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
