package dev.sluice.flink.domain;

import java.util.List;

/**
 * What became of a message.
 *
 * @param records what can be stored: by device and dimensions as these first appear, by time, and at the same
 *     instant in the order of the model
 * @param rejection why the message, or a part of it, cannot: it belongs into quarantine, also when there
 *     are records; {@code null} when all of it can
 * @param corrected set when the message came from too far ahead and was moved to its arrival, else {@code null}
 * @param undeclared fields, also of elements of arrays and of each event, that the model does not name
 * @param outOfRange values outside of their normal range; they are in the records
 */
public record Decoded(List<Record> records, Rejection rejection, Correction corrected, int undeclared, int outOfRange) {
    /** Nothing is stored of it. */
    static Decoded refused(Reason reason) {
        return new Decoded(List.of(), new Rejection(List.of(reason), 0), null, 0, 0);
    }
}
