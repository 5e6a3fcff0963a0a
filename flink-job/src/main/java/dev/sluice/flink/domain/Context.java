package dev.sluice.flink.domain;

/**
 * What the events of one message have in common while they are read.
 *
 * @param kind what they are
 * @param arrival when and where they came into the stream
 * @param nth which message of its record of the stream theirs is, from 0
 * @param whole what the topic and the message around them say
 * @param readings where their values go
 * @param rejection where their faults go
 * @param undeclared where what is not declared is counted
 */
record Context(
        PreparedKind kind,
        Arrival arrival,
        int nth,
        Whole whole,
        Readings readings,
        Rejection.Builder rejection,
        Undeclared undeclared) {
    /**
     * The time from a message to the next of its record of the stream, in nanoseconds: as many events of it
     * keep apart.
     */
    private static final long MESSAGE_NANOSECONDS = 1_000;

    /** The moment of arrival of the event with this index in its message. */
    long moment(int index) {
        return arrival.moment(MESSAGE_NANOSECONDS * nth + index);
    }
}
