package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;

/** Names of members, each with its place. Finds a name among bytes, without a string. */
final class FieldNames {
    private final List<Utf8> names = new ArrayList<>();

    /** Places plus one, at the index of the name's hash or the next free one; less than half full. */
    private int[] table = new int[2];

    /** The place of {@code name}, from 0; the same name has the same place. */
    int declare(String name) {
        Utf8 bytes = Utf8.of(name);
        int there = lookUp(bytes);
        if (there >= 0) {
            return there;
        }
        names.add(bytes);
        table = new int[Integer.highestOneBit(names.size()) * 4];
        for (int slot = 0; slot < names.size(); slot++) {
            int place = hash(names.get(slot)) & table.length - 1;
            while (table[place] != 0) {
                place = place + 1 & table.length - 1;
            }
            table[place] = slot + 1;
        }
        return names.size() - 1;
    }

    int size() {
        return names.size();
    }

    /**
     * The place of {@code name}, -1 if it is not declared. Looks at {@code likely} first: a device sends its
     * fields in the same order every time.
     */
    int find(Utf8 name, int likely) {
        return likely < names.size() && names.get(likely).isSameAs(name) ? likely : lookUp(name);
    }

    private int lookUp(Utf8 name) {
        int place = hash(name) & table.length - 1;
        while (table[place] != 0) {
            if (names.get(table[place] - 1).isSameAs(name)) {
                return table[place] - 1;
            }
            place = place + 1 & table.length - 1;
        }
        return -1;
    }

    private static int hash(Utf8 name) {
        int hash = 0;
        for (int at = name.from(); at < name.to(); at++) {
            hash = 31 * hash + name.bytes()[at];
        }
        return hash ^ hash >>> 16;
    }
}
