package dev.sluice.flink.domain;

/**
 * When and where an event came into the stream.
 *
 * @param timeMs the stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z
 * @param sequenceNumber the stream's sequence number: decimal digits, more than an integer holds
 */
public record Arrival(long timeMs, String sequenceNumber) {
    /** How far ahead a time may be, in nanoseconds: fifteen minutes, as the store's quotas say. */
    public static final long MAX_AHEAD = 15L * 60 * 1_000_000_000;

    private static final long NANOSECONDS_A_MILLISECOND = 1_000_000;
    private static final int PLACE_DIGITS = 6;

    /** The arrival in nanoseconds. */
    private long time() {
        long product = timeMs * NANOSECONDS_A_MILLISECOND;
        boolean fits = product / NANOSECONDS_A_MILLISECOND == timeMs;
        return fits ? product : timeMs < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
    }

    /**
     * The moment for an event without a usable time: the arrival's millisecond, and in it the nanosecond
     * that the sequence number gives (its last six digits). A replay finds the same.
     */
    public long moment() {
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
        return saturatingAdd(time(), offset);
    }

    /**
     * The version of the event's records: the arrival, so that a replay changes nothing and what arrives
     * later wins. The store takes versions from 1.
     */
    public long version() {
        return Math.max(timeMs, 1);
    }

    /** How an event with this {@code latest} instant has to move back; {@code null} if it may stay. */
    Correction correction(long latest) {
        return latest > saturatingAdd(time(), MAX_AHEAD) ? new Correction(latest, moment()) : null;
    }

    /** {@code augend} and an {@code addend} that is not negative. */
    private static long saturatingAdd(long augend, long addend) {
        return augend > Long.MAX_VALUE - addend ? Long.MAX_VALUE : augend + addend;
    }
}
