package dev.sluice.flink.domain;

import java.util.List;

/**
 * The slots of the labels of SenML that are read.
 *
 * @param values those of {@link #VALUES}
 */
record SenmlLabels(int baseName, int baseTime, int baseValue, int name, int time, int[] values) {
    /** Value, text, boolean and data. */
    static final List<String> VALUES = List.of("v", "vs", "vb", "vd");

    /** Declares the labels among the fields of a record. */
    static SenmlLabels declare(FieldTree tree) {
        // Nothing is made of them, and they are no fields that nobody knows.
        for (String other : List.of("bver", "bu", "bs", "u", "s", "ut")) {
            tree.declare(Path.of(other));
        }
        return new SenmlLabels(
                tree.declare(Path.of("bn")),
                tree.declare(Path.of("bt")),
                tree.declare(Path.of("bv")),
                tree.declare(Path.of("n")),
                tree.declare(Path.of("t")),
                VALUES.stream().mapToInt(label -> tree.declare(Path.of(label))).toArray());
    }
}
