package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Fields of a message that are not declared. */
final class Undeclared {
    /** How many names are kept. */
    private final int keep;

    private List<String> names = List.of();
    private int count;

    Undeclared(int keep) {
        this.keep = keep;
    }

    /** Counts another one. */
    void add(Supplier<String> name) {
        count++;
        if (names.size() < keep) {
            if (names.isEmpty()) {
                names = new ArrayList<>();
            }
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
