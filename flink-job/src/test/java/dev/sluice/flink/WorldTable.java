package dev.sluice.flink;

import dev.sluice.flink.sink.Store;
import java.util.Map;
import java.util.Set;

/** A table of a real store, and what a test asks of it. Closing it leaves it where it is. */
interface WorldTable extends AutoCloseable {
    /** The table called {@code name} of a store, made. */
    static WorldTable of(Kind kind, String name) {
        return switch (kind) {
            case TIMESTREAM -> new TimestreamTable(name);
            case POSTGRES, DIRECT -> new PostgresTable(kind, name, World.model(World.MODEL), World.KEPT_DAYS);
        };
    }

    /** As the job has it. */
    Store store();

    /** The properties of the application that say so. */
    Map<String, String> properties();

    /** Removes it with its rows. */
    void drop();

    /** Makes it again. */
    void restore();

    /** How many rows it has. */
    long rows();

    /** All temperatures, each with how many rows have it. */
    Map<Double, Integer> temperatures();

    /** The names of its columns. */
    Set<String> columns();

    /** What its store does wrong with writes from now on, in the form of {@code POST /_local/faults}. */
    void faults(String writes);

    @Override
    void close();
}
