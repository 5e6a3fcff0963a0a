package dev.sluice.flink;

import java.util.Map;
import java.util.TreeMap;

/** The rows of a scripted store, by the rules that every store of the job has. */
final class ScriptedTable {
    /** A row: its version, and its measures. */
    record Row(long version, Map<String, String> measures) {}

    /** What becomes of a row that is put. */
    enum Fate {
        STORED,
        /** A later version is there. */
        SUPERSEDED,
        /** Another row of the same version is there. */
        CONTRADICTED
    }

    private final Map<String, Row> rows = new TreeMap<>();

    /** Puts a row where its dimensions, measure name and time are. */
    Fate put(String place, Row row) {
        Row there = rows.get(place);
        if (there != null && there.version() > row.version()) {
            return Fate.SUPERSEDED;
        } else if (there != null && there.version() == row.version() && !there.equals(row)) {
            return Fate.CONTRADICTED;
        }
        rows.put(place, row);
        return Fate.STORED;
    }

    /** The version of the row that is in a place. */
    long version(String place) {
        return rows.get(place).version();
    }

    Map<String, Row> rows() {
        return new TreeMap<>(rows);
    }
}
