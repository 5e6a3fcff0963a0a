package dev.sluice.flink;

/** A store that the job writes to, and how it reaches it. */
enum Kind {
    TIMESTREAM,
    /** PostgreSQL, by the Data API. */
    POSTGRES,
    /** PostgreSQL, by its own protocol. */
    DIRECT
}
