package dev.sluice.flink.domain;

/** How late a record is. */
public enum Lateness {
    /** The store takes it at full speed. */
    FRESH,
    /** The store takes it more slowly, apart from those that are fresh. */
    LATE,
    /** The store keeps nothing of its time. */
    EXPIRED
}
