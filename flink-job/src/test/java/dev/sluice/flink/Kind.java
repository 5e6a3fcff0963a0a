package dev.sluice.flink;

/** A store that the job writes to, by the name that its property has. */
enum Kind {
    TIMESTREAM,
    POSTGRES
}
