package dev.sluice.flink.domain;

/**
 * One fault and where it is.
 *
 * @param field field of the event; {@code temperature[2]} is the third element of an array; {@code null}:
 *     the event as a whole
 * @param fault what is wrong with it
 */
public record Reason(String field, Fault fault) {
    /** The sentence for people. */
    @Override
    public String toString() {
        return field == null ? fault.sentence() : field + ": " + fault.sentence();
    }
}
