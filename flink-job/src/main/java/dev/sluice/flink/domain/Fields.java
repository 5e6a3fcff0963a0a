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
     * Levels of objects and arrays in a message, the message itself included. No event needs them, and parsers
     * in other languages have a limit too.
     */
    static final int MAX_DEPTH = 64;

    /** A value through which paths should lead, and cannot. */
    private record Block(FieldTree.Node node, Utf8 value) {}

    /** By slot; {@code null} where the event has no such field. */
    private final Utf8[] values;

    /** By slot, why a field cannot be read; {@code null} while all can. */
    private Fault[] faults;

    /** What stands in the way of paths; {@code null} while nothing does. */
    private List<Block> blocks;

    /** Whether a name has an escape sequence that is no character. */
    private boolean badName;

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
        if (!wellFormed || !scanner.ends()) {
            return Fault.notJson(scanner.at(), json.to());
        }
        if (fields == null) {
            return Fault.NOT_AN_OBJECT;
        }
        if (fields.badName) {
            return Fault.LONE_SURROGATE;
        }
        if (scanner.deepest() >= MAX_DEPTH) {
            return Fault.NESTED_TOO_DEEP;
        }
        if (fields.blocks != null) {
            fields.blocks.forEach(fields::block);
        }
        return fields;
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
            if (written == null) {
                return false;
            }
            Utf8 name = JsonScanner.unescaped(written);
            int place = name == null ? -1 : names.find(name, likely);
            if (name == null) {
                badName |= scanner.deepest() < MAX_DEPTH;
                if (scanner.value() == null) {
                    return false;
                }
            } else if (place >= 0) {
                if (!field(scanner, node.member(place))) {
                    return false;
                }
                likely = place + 1;
            } else if (scanner.value() == null) {
                return false;
            } else {
                undeclare(() -> prefix + Path.joined(node.path(), name.quoted()));
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
                undeclare(() -> prefix + node.path() + "[" + at + "]");
            }
            index++;
            scanner.next();
        } while (scanner.take(','));
        return scanner.take(']');
    }

    /** Steps over the value that is next, which stands at a declared place; {@code false} if it is not well-formed. */
    private boolean field(JsonScanner scanner, FieldTree.Place place) {
        Utf8 value;
        if (place.node() == null) {
            value = scanner.value();
        } else {
            scanner.next();
            int from = scanner.at();
            value = container(scanner, place.node()) ? scanner.since(from) : null;
        }
        int slot = place.slot();
        if (value != null && slot >= 0) {
            if (values[slot] == null && fault(slot) == null) {
                values[slot] = value;
            } else {
                refuse(slot, Fault.DUPLICATE_FIELD);
            }
        }
        return value != null;
    }

    /** Steps over the value that is next, which stands on the way to declared places. */
    private boolean container(JsonScanner scanner, FieldTree.Node node) {
        int next = scanner.next();
        if (next == '{' && node.hasMembers() || next == '[' && node.hasElements()) {
            scanner.descend();
            boolean wellFormed = next == '{' ? object(scanner, node) : array(scanner, node);
            scanner.ascend();
            return wellFormed;
        }
        Utf8 value = scanner.value();
        if (value != null && Scalar.parse(value) != Nothing.NOTHING) {
            blocks = blocks == null ? new ArrayList<>() : blocks;
            blocks.add(new Block(node, value));
        }
        return value != null;
    }

    /**
     * Where a path ends, the fields behind it are told so. One that was found by the name of its whole path needs
     * no way there: then it is what stands in the way that nothing names.
     */
    private void block(Block block) {
        boolean blocks = false;
        for (int slot : block.node.slots()) {
            if (values[slot] == null && fault(slot) == null) {
                refuse(slot, Fault.pathBlocked(block.node.path(), block.value));
            }
            blocks |= values[slot] == null && fault(slot) != Fault.DUPLICATE_FIELD;
        }
        if (!blocks) {
            undeclared.add(() -> prefix + block.node.path());
        }
    }

    /** Counts what is not declared, as long as it is clear what it is. */
    private void undeclare(Supplier<String> name) {
        if (!badName) {
            undeclared.add(name);
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
