package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Fields of a message that are not declared. */
final class Undeclared {
    /** How many names are kept. */
    private final int keep;

    private final List<String> names = new ArrayList<>(0);
    private int count;

    Undeclared(int keep) {
        this.keep = keep;
    }

    /** Counts another one. */
    void add(Supplier<String> name) {
        count++;
        if (names.size() < keep) {
            names.add(name.get());
        }
    }

    /** How many there are, also in elements of arrays. */
    int count() {
        return count;
    }

    /** The names of the first of them. */
    List<String> names() {
        return names;
    }
}
