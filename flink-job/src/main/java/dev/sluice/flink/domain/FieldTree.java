package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the declared fields stand in an event: a tree of the steps of their paths. Each field has a slot, which
 * is found by the steps of its path, and by the member of the event that is called like the whole path.
 */
final class FieldTree {
    /** What a step leads to. */
    static final class Place {
        private int slot = NONE;

        private Node node;

        /** Slot of the field that stands here; negative if there is none. */
        int slot() {
            return slot;
        }

        /** The steps from here; {@code null} where no field stands deeper. */
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

    /** Members that are called like a whole path, with its slot. */
    private final Map<String, Integer> literals = new LinkedHashMap<>();

    private int size;

    /** The slot of the field at {@code path}; the same steps have the same slot. */
    int declare(Path path) {
        List<Node> way = new ArrayList<>(List.of(root));
        // "$" alone is no place in an event: a member may be called so.
        List<Path.Step> steps = path.steps().isEmpty() ? List.of(new Path.Member("$")) : path.steps();
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
            literals.putIfAbsent(path.literal(), place.slot);
        }
        return place.slot;
    }

    /** Lets each path be found as the name of a member too, where no path of one step is called so. */
    FieldTree withLiterals() {
        literals.forEach((name, slot) -> {
            Place place = root.declare(name);
            if (place.slot == NONE && place.node == null) {
                place.slot = slot;
            }
        });
        literals.clear();
        return this;
    }

    Node root() {
        return root;
    }

    /** How many slots there are. */
    int size() {
        return size;
    }
}
