package dev.sluice.flink.domain;

/** The fields of an event, or of the message around events, and where its faults go. */
class Part {
    private final Fields fields;
    private final String prefix;
    private final Rejection.Builder rejection;

    /** Fields with {@code prefix} before their paths in reasons. */
    Part(Fields fields, String prefix, Rejection.Builder rejection) {
        this.fields = fields;
        this.prefix = prefix;
        this.rejection = rejection;
    }

    /** What stands before the paths of its fields in reasons. */
    final String prefix() {
        return prefix;
    }

    /** Why a field cannot be read; {@code null} if it can. */
    final Fault fault(PreparedKind.Source source) {
        return fields.fault(source.slot());
    }

    /** The JSON text of a field; {@code null} when it is missing, or there is a {@link #fault}. */
    final Utf8 get(PreparedKind.Source source) {
        return fields.get(source.slot());
    }

    /** The JSON text of the field in a slot. */
    final Utf8 get(int slot) {
        return fields.get(slot);
    }

    /** Adds a reason for a field. */
    final void refuse(PreparedKind.Source source, Fault fault) {
        refuse(source.field(), fault);
    }

    /** Adds a reason for a field. */
    final void refuse(String field, Fault fault) {
        rejection.add(prefix + field, fault);
    }

    /** The value of the field in a slot, if it has one. A fault is told. */
    final Outcome.OfScalar told(int slot, String field) {
        Outcome.OfScalar found = scalar(slot);
        if (found instanceof Fault fault) {
            refuse(field, fault);
        }
        return found;
    }

    /** Adds a reason for all of it. */
    final void refuseItself(Fault fault) {
        rejection.add(prefix.isEmpty() ? null : prefix.substring(0, prefix.length() - 1), fault);
    }

    /** The value of a field, if it has one. */
    final Outcome.OfScalar scalar(PreparedKind.Source source) {
        return scalar(source.slot());
    }

    private Outcome.OfScalar scalar(int slot) {
        Fault fault = fields.fault(slot);
        if (fault != null) {
            return fault;
        }
        Utf8 json = fields.get(slot);
        return json == null ? Nothing.NOTHING : Scalar.parse(json);
    }

    /** The text of a field. One with a fault, which is told, is none: {@code null}. */
    final String text(PreparedKind.Source source) {
        return told(source.slot(), source.field()) instanceof Scalar scalar
                ? scalar.text().toString()
                : null;
    }

    /** The value of the dimension with this index. A fault, also that there is no device, is told. */
    final Outcome.OfScalar dimension(PreparedKind.Source source, int index) {
        Outcome.OfScalar found = scalar(source);
        if (found == Nothing.NOTHING && index == 0) {
            found = Fault.DEVICE_MISSING;
        }
        if (found instanceof Fault fault) {
            refuse(source, fault);
        }
        return found;
    }

    /** The time in a field, if there is one. A fault is told. */
    final Outcome.OfInstant time(PreparedKind.Source source, Times times) {
        Utf8 json = get(source);
        Outcome.OfInstant read;
        if (json != null && (json.startsWith('{') || json.startsWith('['))) {
            // An object or array is as unreadable as any other text that is no time.
            read = Fault.timeUnreadable(json.quoted());
        } else {
            Outcome.OfScalar found = scalar(source);
            read = found instanceof Scalar scalar
                    ? times.read(scalar)
                    : found instanceof Fault fault ? fault : Nothing.NOTHING;
        }
        if (read instanceof Fault fault) {
            refuse(source, fault);
        }
        return read;
    }
}
