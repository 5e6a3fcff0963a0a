package dev.sluice.flink.domain;

import java.util.List;

/**
 * A pack of <a href="https://www.rfc-editor.org/rfc/rfc8428">SenML</a>: records whose base fields are in force
 * from their own record on.
 */
final class Pack {
    /** A time below is relative to the arrival: 2^28 seconds, in nanoseconds. */
    private static final long ABSOLUTE = (1L << 28) * 1_000_000_000;

    private static final String SEPARATORS = ":/";

    private final Context context;
    private final SenmlLabels labels;
    private final Utf8 text;

    /** When records are read that have no time. */
    private final long now;

    private Base<FullName> baseName = new Base<>(null, true);
    private Base<Long> baseTime = new Base<>(0L, true);
    private Base<Number> baseValue = new Base<>(null, true);

    /**
     * A base field in force.
     *
     * @param value {@code null} where there is none
     * @param usable whether it can be used; if not, that is told
     */
    private record Base<T>(T value, boolean usable) {}

    /** The value of a record, and the label that it has. */
    private record Written(String label, Scalar value) {}

    /** A number, as a whole one too, if it is one; else {@code null}. */
    private record Number(double value, Long whole) {}

    /**
     * A name, parted once for all records that have it as their base.
     *
     * @param text the name
     * @param alone the name without the separators at its end: the device of records with names of their own
     * @param device what is before its last separator, without the separators there
     * @param measure what is behind it
     */
    private record FullName(String text, String alone, String device, String measure) {
        static FullName of(String text) {
            int end = Math.max(text.lastIndexOf(':'), text.lastIndexOf('/')) + 1;
            return new FullName(text, trimmed(text), trimmed(text.substring(0, end)), text.substring(end));
        }

        private static String trimmed(String device) {
            int end = device.length();
            while (end > 0 && SEPARATORS.indexOf(device.charAt(end - 1)) >= 0) {
                end--;
            }
            return device.substring(0, end);
        }
    }

    Pack(Context context, Utf8 text) {
        this.context = context;
        this.labels = context.kind().labels();
        this.text = text;
        this.now = moment();
    }

    private long moment() {
        PreparedKind.Copies copies = context.kind().copies();
        return copies == null
                ? context.moment(0)
                : EventTime.instant(context.arrival().time(), copies.window(), text.copied());
    }

    /** Reads all of its records. */
    void read(List<Utf8> records) {
        context.readings().movesTo(() -> now);
        for (int index = 0; index < records.size(); index++) {
            Utf8 json = records.get(index);
            String at = "[" + index + "]";
            Undeclared unknown = new Undeclared(0);
            Outcome.OfDocument read = Fields.read(json, context.kind().tree(), at + ".", unknown);
            if (!(read instanceof Fields fields)) {
                context.rejection().add(at, (Fault) read);
                continue;
            }
            Event record = new Event(context, fields, at + ".", index, json, json);
            takeBases(record);
            if (unknown.count() == 0 || !mustBeUnderstood(json, record)) {
                read(record);
            }
        }
    }

    private void takeBases(Event record) {
        Outcome.OfScalar name = record.told(labels.baseName(), "bn");
        if (name != Nothing.NOTHING) {
            baseName = name instanceof Scalar scalar
                    ? new Base<>(FullName.of(scalar.text().toString()), true)
                    : new Base<>(null, false);
        }
        Outcome.OfInstant time = seconds(record, labels.baseTime(), "bt");
        if (time != Nothing.NOTHING) {
            baseTime = time instanceof Times.Moment moment
                    ? new Base<>(moment.nanoseconds(), true)
                    : new Base<>(null, false);
        }
        Outcome.OfScalar value = record.told(labels.baseValue(), "bv");
        if (value instanceof Scalar scalar) {
            Outcome.OfValue read = scalar.asDouble();
            baseValue = read instanceof Value.Double number
                    ? new Base<>(number(number, scalar), true)
                    : new Base<>(null, false);
            if (read instanceof Fault fault) {
                record.refuse("bv", fault);
            }
        } else if (value instanceof Fault) {
            baseValue = new Base<>(null, false);
        }
    }

    private static Number number(Value.Double number, Scalar scalar) {
        Decimal.Whole whole = Decimal.parse(scalar.text().trimmed()).whole(0);
        return new Number(number.value(), whole != null && whole.exact() ? (Long) whole.value() : null);
    }

    /** Whether a record has labels that nobody may pass over, and does not know. They are told. */
    private boolean mustBeUnderstood(Utf8 json, Event record) {
        boolean any = false;
        for (Utf8 label : JsonScanner.names(json)) {
            if (label.endsWith('_') && context.kind().tree().root().names().find(label, 0) < 0) {
                record.refuse(label.quoted(), Fault.SENML_UNKNOWN);
                any = true;
            }
        }
        return any;
    }

    private void read(Event record) {
        Written written = value(record);
        if (written == null) {
            return;
        }
        Outcome.OfScalar own = record.told(labels.name(), "n");
        if (own instanceof Fault || !baseName.usable) {
            return;
        }
        String name = own instanceof Scalar scalar ? scalar.text().toString() : "";
        boolean both = baseName.value != null && !name.isEmpty();
        FullName full = baseName.value != null ? baseName.value : FullName.of(name);
        String field = both ? name : full.measure;
        List<Integer> measures = context.kind().byName().get(field);
        if (measures == null) {
            context.undeclared().add(() -> record.prefix() + Utf8.of(field).quoted());
            return;
        }
        String device = both ? full.alone : full.device;
        boolean byTopic = context.kind().dimensions()[0].isShared();
        if (device.isEmpty() && !byTopic) {
            record.refuse("n", Fault.DEVICE_MISSING);
            return;
        }
        Readings.Origin origin = record.series(byTopic ? null : device);
        Times.Moment moment = time(record);
        if (origin == null || moment == null) {
            return;
        }
        for (int measure : measures) {
            Outcome.OfScalar sum = sum(written);
            record.single(
                    measure,
                    sum instanceof Scalar scalar
                            ? context.kind().measures()[measure].read(scalar)
                            : sum instanceof Fault fault ? fault : Nothing.NOTHING,
                    origin,
                    moment);
        }
    }

    /** The value of a record; {@code null} if there is none, or it cannot be used, which is told. */
    private Written value(Event record) {
        Written found = null;
        for (int at = 0; at < SenmlLabels.VALUES.size(); at++) {
            String label = SenmlLabels.VALUES.get(at);
            Outcome.OfScalar value = record.told(labels.values()[at], label);
            if (value instanceof Fault) {
                return null;
            }
            if (value instanceof Scalar scalar) {
                if (found != null) {
                    record.refuse(label, Fault.DUPLICATE_FIELD);
                    return null;
                }
                found = new Written(label, scalar);
            }
        }
        return found;
    }

    /** The time of a record; {@code null} if it cannot be used, which is told. */
    private Times.Moment time(Event record) {
        Outcome.OfInstant own = seconds(record, labels.time(), "t");
        if (own instanceof Fault || !baseTime.usable) {
            return null;
        }
        long addend = own instanceof Times.Moment moment ? moment.nanoseconds() : 0;
        try {
            long sum = Math.addExact(baseTime.value, addend);
            boolean relative = sum > -ABSOLUTE && sum < ABSOLUTE;
            return new Times.Moment(relative ? Math.addExact(now, sum) : sum);
        } catch (ArithmeticException overflow) {
            Utf8 there = record.get(labels.time());
            record.refuse("t", Fault.timeOutOfRange(there == null ? "0" : there.quoted()));
            return null;
        }
    }

    /** A number of seconds, if there is one. A fault is told. */
    private static Outcome.OfInstant seconds(Event record, int slot, String label) {
        Outcome.OfScalar found = record.told(slot, label);
        if (!(found instanceof Scalar scalar)) {
            return found instanceof Fault fault ? fault : Nothing.NOTHING;
        }
        Utf8 text = scalar.text().trimmed();
        Decimal number = Decimal.parse(text);
        Decimal.Whole whole = number == null ? null : number.whole(TimeUnit.SECONDS.power());
        if (whole != null) {
            return new Times.Moment(whole.value());
        }
        Fault fault = number == null ? Fault.timeUnreadable(text.quoted()) : Fault.timeOutOfRange(text.quoted());
        record.refuse(label, fault);
        return fault;
    }

    /** A value together with the base value, where that is of numbers; nothing, where that is not known. */
    private Outcome.OfScalar sum(Written written) {
        Scalar value = written.value;
        if (!written.label.equals("v") || baseValue.usable && baseValue.value == null) {
            return value;
        }
        if (!baseValue.usable) {
            return Nothing.NOTHING;
        }
        Outcome.OfValue read = value.asDouble();
        if (!(read instanceof Value.Double number)) {
            return (Fault) read;
        }
        Number base = baseValue.value;
        Number own = number(number, value);
        if (base.whole != null && own.whole != null) {
            long sum = base.whole + own.whole;
            boolean overflows = ((base.whole ^ sum) & (own.whole ^ sum)) < 0;
            if (!overflows) {
                return new Scalar(Scalar.Kind.NUMBER, Utf8.of(Long.toString(sum)));
            }
        }
        // Adding zero turns -0.0 into 0.0 and changes nothing else.
        double sum = base.value + own.value + 0.0;
        return Double.isFinite(sum)
                ? new Scalar(Scalar.Kind.NUMBER, Utf8.of(DoubleText.of(sum)))
                : Fault.numberOutOfRange(MeasureType.DOUBLE, value.quoted());
    }
}
