package dev.sluice.flink.domain;

/**
 * When and where an event came into the stream.
 *
 * @param timeMs the stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z
 * @param sequenceNumber the stream's sequence number: decimal digits, more than an integer holds
 * @param partitionKey what the sender chose the shard by: of a topic rule, the kind of the event where there
 *     are several, and what else the topic says
 */
public record Arrival(long timeMs, String sequenceNumber, String partitionKey) {
    private static final long NANOSECONDS_A_MILLISECOND = 1_000_000;
    private static final int PLACE_DIGITS = 6;

    /** The arrival of a record with another partition key. */
    public Arrival withKey(String key) {
        return new Arrival(timeMs, sequenceNumber, key);
    }

    /** The arrival in nanoseconds. */
    long time() {
        long product = timeMs * NANOSECONDS_A_MILLISECOND;
        boolean fits = product / NANOSECONDS_A_MILLISECOND == timeMs;
        return fits ? product : timeMs < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
    }

    /**
     * The moment for an event without a usable time: the arrival's millisecond, and in it the nanosecond
     * that the sequence number gives (its last six digits). A replay finds the same.
     */
    public long moment() {
        return moment(0);
    }

    /** The moment for an event so many nanoseconds after the first of its record of the stream. */
    long moment(long after) {
        long offset = 0;
        long place = 1;
        int first = Math.max(0, sequenceNumber.length() - PLACE_DIGITS);
        for (int at = sequenceNumber.length() - 1; at >= first; at--) {
            char digit = sequenceNumber.charAt(at);
            if (digit < '0' || digit > '9') {
                break;
            }
            offset += (digit - '0') * place;
            place *= 10;
        }
        return saturatingAdd(time(), offset + after);
    }

    /**
     * The version of the event's records: the arrival, so that a replay changes nothing and what arrives
     * later wins. The store takes versions from 1.
     */
    public long version() {
        return Math.max(timeMs, 1);
    }

    /** Whether {@code time} is not too far ahead for the store. */
    boolean allows(long time, Window window) {
        return time <= saturatingAdd(time(), window.ahead());
    }

    /**
     * How far an event moves back, to {@code moment}, whose instants go from {@code earliest} to {@code
     * latest}, the latter of which is ahead; {@code null} if it is not the clock that is wrong.
     */
    Correction correction(long earliest, long latest, long moment, Window window) {
        long span = latest - earliest;
        // Where copies are one, the moment is before the arrival.
        long longest = window.span() - (moment < time() ? Math.min(time() - moment, window.span()) : 0);
        long permitted = allows(earliest, window) ? Math.min(window.ahead(), longest) : longest;
        if (span < 0 || span > permitted) {
            return null;
        }
        // Where 64 bits end, the arrival is no time of this world, and nothing is corrected after it.
        long back = latest - moment;
        boolean fits = moment >= Long.MIN_VALUE + span && (latest < moment) == (back < 0);
        return fits ? new Correction(back) : null;
    }

    /** {@code augend} and an {@code addend} that is not negative. */
    private static long saturatingAdd(long augend, long addend) {
        return augend > Long.MAX_VALUE - addend ? Long.MAX_VALUE : augend + addend;
    }
}
