package dev.sluice.flink.domain;

/**
 * The declared fields of one event, found in its bytes in one pass and without building a tree.
 *
 * <p>Values stay bytes. What they mean is decided elsewhere; here only the document as a whole is accepted
 * or refused.
 */
final class Fields implements Outcome.OfDocument {
    /**
     * Levels of objects and arrays in a message, the message itself included. No event needs them, and parsers
     * in other languages have a limit too.
     */
    static final int MAX_DEPTH = 64;

    /** By slot; {@code null} where the event has no such field. */
    private final Utf8[] values;

    /** By slot, why a field cannot be read; {@code null} while all can. */
    private Fault[] faults;

    /** What stands before the path of a field that is not declared. */
    private final String prefix;

    private final Undeclared undeclared;

    private Fields(int slots, String prefix, Undeclared undeclared) {
        this.values = new Utf8[slots];
        this.prefix = prefix;
        this.undeclared = undeclared;
    }

    /** No field at all. */
    static Fields none(FieldTree tree) {
        return new Fields(tree.size(), "", new Undeclared(0));
    }

    /**
     * Reads an object that {@code json} is, with white space around it. What is not declared is counted in {@code
     * undeclared}, named with {@code prefix} before it.
     */
    static Outcome.OfDocument read(Utf8 json, FieldTree tree, String prefix, Undeclared undeclared) {
        JsonScanner scanner = new JsonScanner(json);
        Fields fields = null;
        boolean wellFormed;
        if (scanner.next() == '{') {
            fields = new Fields(tree.size(), prefix, undeclared);
            wellFormed = fields.object(scanner, tree.root());
        } else {
            wellFormed = scanner.value() != null;
        }
        if (!wellFormed || scanner.next() >= 0 || scanner.at() < json.to()) {
            return Fault.notJson(scanner.at(), json.to());
        }
        if (fields == null) {
            return Fault.NOT_AN_OBJECT;
        }
        return scanner.deepest() < MAX_DEPTH ? fields : Fault.NESTED_TOO_DEEP;
    }

    /** Walks over the object that is next; {@code false} if it is not well-formed. */
    private boolean object(JsonScanner scanner, FieldTree.Node node) {
        scanner.take('{');
        if (scanner.next() == '}') {
            return scanner.take('}');
        }
        FieldNames names = node.names();
        int likely = 0;
        do {
            Utf8 written = scanner.name();
            Utf8 name = written == null ? null : JsonScanner.unescaped(written);
            if (name == null) {
                return false;
            }
            int place = names.find(name, likely);
            if (place >= 0) {
                if (!field(scanner, node.member(place))) {
                    return false;
                }
                likely = place + 1;
            } else if (scanner.value() == null) {
                return false;
            } else {
                undeclared.add(() -> prefix + Path.joined(node.path(), name.quoted()));
            }
            scanner.next();
        } while (scanner.take(','));
        return scanner.take('}');
    }

    /** Walks over the array that is next; {@code false} if it is not well-formed. */
    private boolean array(JsonScanner scanner, FieldTree.Node node) {
        scanner.take('[');
        if (scanner.next() == ']') {
            return scanner.take(']');
        }
        int index = 0;
        do {
            FieldTree.Place place = node.element(index);
            if (place != null) {
                if (!field(scanner, place)) {
                    return false;
                }
            } else if (scanner.value() == null) {
                return false;
            } else {
                int at = index;
                undeclared.add(() -> prefix + node.path() + "[" + at + "]");
            }
            index++;
            scanner.next();
        } while (scanner.take(','));
        return scanner.take(']');
    }

    /** Steps over the value that is next, which stands at a declared place; {@code false} if it is not well-formed. */
    private boolean field(JsonScanner scanner, FieldTree.Place place) {
        Utf8 value;
        FieldTree.Node node = place.node();
        if (node == null) {
            value = scanner.value();
            if (value == null) {
                return false;
            }
        } else {
            int next = scanner.next();
            int from = scanner.at();
            if (next == '{' && node.hasMembers() || next == '[' && node.hasElements()) {
                scanner.descend();
                if (!(next == '{' ? object(scanner, node) : array(scanner, node))) {
                    return false;
                }
                scanner.ascend();
                value = scanner.since(from);
            } else {
                value = scanner.value();
                if (value == null) {
                    return false;
                }
                if (place.literal() < 0 && place.slot() < 0) {
                    block(node, value);
                }
            }
        }
        if (place.slot() >= 0) {
            put(place.slot(), value);
        }
        if (place.literal() >= 0) {
            put(place.literal(), value);
        }
        return true;
    }

    private void put(int slot, Utf8 value) {
        if (values[slot] == null && fault(slot) == null) {
            values[slot] = value;
        } else {
            refuse(slot, Fault.DUPLICATE_FIELD);
        }
    }

    /** Nothing of what {@code node} leads to is in {@code value}: no fault where that is no value. */
    private void block(FieldTree.Node node, Utf8 value) {
        Outcome.OfScalar parsed = Scalar.parse(value);
        if (parsed == Nothing.NOTHING) {
            return;
        }
        Fault blocked = Fault.pathBlocked(prefix + node.path(), value);
        for (int slot : node.slots()) {
            refuse(slot, values[slot] == null && fault(slot) == null ? blocked : Fault.DUPLICATE_FIELD);
        }
    }

    private void refuse(int slot, Fault fault) {
        if (faults == null) {
            faults = new Fault[values.length];
        }
        values[slot] = null;
        faults[slot] = fault;
    }

    /** The JSON text of a field; {@code null} when it is missing, or there is a {@link #fault}. */
    Utf8 get(int slot) {
        return values[slot];
    }

    /** Why a field cannot be read; {@code null} if it can. */
    Fault fault(int slot) {
        return faults == null ? null : faults[slot];
    }
}
