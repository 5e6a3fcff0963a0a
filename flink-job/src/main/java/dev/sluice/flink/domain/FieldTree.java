package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the declared fields stand in an event: a tree of the steps of their paths. Each field has a slot, which
 * is found by the steps of its path, and by the member of the event that is called like the whole path.
 */
final class FieldTree {
    /** What a step leads to. */
    static final class Place {
        /** Slot of the field that stands here; {@link #NONE} if there is none. */
        private int slot = NONE;

        /** Slot of the field whose whole path is the name of this member. */
        private int literal = NONE;

        /** The steps from here; {@code null} where no field stands deeper. */
        private Node node;

        int slot() {
            return slot;
        }

        int literal() {
            return literal;
        }

        Node node() {
            return node;
        }
    }

    /** An object or array on the way to fields. */
    static final class Node {
        private final String path;

        private final FieldNames names = new FieldNames();
        private final List<Place> members = new ArrayList<>();

        private final Map<Integer, Place> elements = new HashMap<>();

        private final List<Integer> slots = new ArrayList<>();

        private Node(String path) {
            this.path = path;
        }

        /** The path to here; empty at the root. */
        String path() {
            return path;
        }

        FieldNames names() {
            return names;
        }

        Place member(int place) {
            return members.get(place);
        }

        /** The element with this index; {@code null} where no field is. */
        Place element(int index) {
            return elements.get(index);
        }

        /** Whether a step from here is one to a member. */
        boolean hasMembers() {
            return !members.isEmpty();
        }

        /** Whether a step from here is one to an element. */
        boolean hasElements() {
            return !elements.isEmpty();
        }

        /** The slots of all fields that stand deeper. */
        List<Integer> slots() {
            return slots;
        }

        private Place declare(Path.Step step) {
            if (step instanceof Path.Member member) {
                return declare(member.name());
            }
            return elements.computeIfAbsent(((Path.Element) step).index(), index -> new Place());
        }

        private Place declare(String name) {
            int place = names.declare(name);
            if (place == members.size()) {
                members.add(new Place());
            }
            return members.get(place);
        }

        private Node below(Place place, Path.Step step) {
            if (place.node == null) {
                place.node = new Node(Path.below(path, step));
            }
            return place.node;
        }
    }

    private static final int NONE = -1;

    private final Node root = new Node("");
    private int size;

    /** The slot of the field at {@code path}; the same steps have the same slot. */
    int declare(Path path) {
        List<Node> way = new ArrayList<>(List.of(root));
        List<Path.Step> steps = path.steps();
        for (Path.Step step : steps.subList(0, steps.size() - 1)) {
            Node node = way.get(way.size() - 1);
            way.add(node.below(node.declare(step), step));
        }
        Place place = way.get(way.size() - 1).declare(steps.get(steps.size() - 1));
        if (place.slot == NONE) {
            place.slot = size++;
            way.forEach(node -> node.slots.add(place.slot));
        }
        if (path.literal() != null) {
            root.declare(path.literal()).literal = place.slot;
        }
        return place.slot;
    }

    Node root() {
        return root;
    }

    /** How many slots there are. */
    int size() {
        return size;
    }
}
