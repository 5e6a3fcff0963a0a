package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The declared fields of one event, found in its bytes in one pass and without building a tree.
 *
 * <p>Values stay bytes. What they mean is decided elsewhere; here only the document as a whole is accepted
 * or refused.
 */
final class Fields implements Outcome.OfDocument {
    /**
     * Levels of objects and arrays in an event, the event itself included. No event needs them, and parsers
     * in other languages have a limit too.
     */
    static final int MAX_DEPTH = 64;

    /** The first bytes of an aggregate of the Kinesis Producer Library. */
    private static final byte[] KPL_MAGIC = {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2};

    private static final Utf8 REPEATED = Utf8.of("repeated");

    /** By slot; {@code null} where the event has no such field. */
    private final Utf8[] values;

    /** How many names of undeclared fields are kept. */
    private final int keepNames;

    private int undeclared;
    private final List<String> undeclaredNames = new ArrayList<>(0);

    private Fields(int slots, int keepNames) {
        this.values = new Utf8[slots];
        this.keepNames = keepNames;
    }

    /** Reads an event. At most {@code keepNames} names of undeclared fields are kept. */
    static Outcome.OfDocument read(byte[] payload, FieldNames names, int keepNames) {
        int valid = Utf8.validUpTo(payload);
        if (valid < payload.length) {
            boolean kpl = payload.length >= KPL_MAGIC.length;
            for (int at = 0; kpl && at < KPL_MAGIC.length; at++) {
                kpl = payload[at] == KPL_MAGIC[at];
            }
            return kpl ? Fault.KPL_AGGREGATE : Fault.notUtf8(valid);
        }
        JsonScanner scanner = new JsonScanner(new Utf8(payload, 0, payload.length));
        Fields fields = null;
        boolean wellFormed;
        if (scanner.next() == '{') {
            fields = new Fields(names.size(), keepNames);
            wellFormed = fields.fill(scanner, names);
        } else {
            wellFormed = scanner.value() != null;
        }
        if (!wellFormed || scanner.next() >= 0 || scanner.at() < payload.length) {
            return Fault.notJson(scanner.at(), payload.length);
        }
        if (fields == null) {
            return Fault.NOT_AN_OBJECT;
        }
        return scanner.deepest() < MAX_DEPTH ? fields : Fault.NESTED_TOO_DEEP;
    }

    /** Walks over the object that is next; {@code false} if it is not well-formed. */
    private boolean fill(JsonScanner scanner, FieldNames names) {
        scanner.take('{');
        if (scanner.next() == '}') {
            return scanner.take('}');
        }
        int likely = 0;
        do {
            Utf8 written = scanner.name();
            Utf8 name = written == null ? null : JsonScanner.unescaped(written);
            Utf8 value = name == null ? null : scanner.value();
            if (value == null) {
                return false;
            }
            int slot = names.find(name, likely);
            if (slot >= 0) {
                values[slot] = values[slot] == null ? value : REPEATED;
                likely = slot + 1;
            } else {
                undeclare(name::quoted);
            }
            scanner.next();
        } while (scanner.take(','));
        return scanner.take('}');
    }

    /** The JSON text of a field; {@code null} when it is missing, or {@link #isRepeated}. */
    Utf8 get(int slot) {
        Utf8 value = values[slot];
        return value == REPEATED ? null : value;
    }

    /** Whether a field is there twice. */
    boolean isRepeated(int slot) {
        return values[slot] == REPEATED;
    }

    /** Counts another field that is not declared. */
    void undeclare(Supplier<String> name) {
        undeclared++;
        if (undeclaredNames.size() < keepNames) {
            undeclaredNames.add(name.get());
        }
    }

    /** How many fields, also of elements of arrays, are not declared. */
    int undeclared() {
        return undeclared;
    }

    /** The names of the first of them. */
    List<String> undeclaredNames() {
        return undeclaredNames;
    }
}
