package dev.sluice.flink.domain;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * When an event happened that does not say it, so that a copy of it happened at the same time.
 *
 * <p>MQTT delivers <a href="https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-qos">at least
 * once</a>, and so does a rule; each copy has an arrival and a sequence number of its own. Each identity has
 * instants of its own, one in each window, at a distance that its hash gives; the time of an event is the
 * last of them that is not after its arrival. Two copies have the same unless one of these instants lies
 * between their arrivals.
 */
final class EventTime {
    private static final long NANOSECONDS_A_SECOND = 1_000_000_000;

    private EventTime() {}

    /** The window in nanoseconds. */
    static long window(Model.EventIdentity identity) {
        return Math.max(identity.windowSeconds(), 1) * NANOSECONDS_A_SECOND;
    }

    /** The last instant of {@code identity} that is not after {@code arrival}, in nanoseconds. */
    static long instant(long arrival, long window, byte[] identity) {
        long since = Math.floorMod(Math.floorMod(arrival, window) - place(identity, window), window);
        return arrival < Long.MIN_VALUE + since ? Long.MIN_VALUE : arrival - since;
    }

    /**
     * Where in a window the instants of an identity are: the first eight bytes of its SHA-256 as an unsigned
     * number, highest byte first, modulo the window.
     */
    private static long place(byte[] identity, long window) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(identity);
            return Long.remainderUnsigned(ByteBuffer.wrap(hash).getLong(), window);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
