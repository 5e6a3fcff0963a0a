package dev.sluice.flink.domain;

import java.util.HashMap;
import java.util.Map;

/**
 * From the bytes of a message to its records.
 *
 * <p>A decoder keeps nothing of a message, so that threads may share it.
 */
public final class Decoder {
    /** What separates the parts of a partition key. No level of a topic contains it. */
    private static final char SEPARATOR = '/';

    /** The only kind, where it has no name; else {@code null}. */
    private final PreparedKind unnamed;

    private final Map<String, PreparedKind> kinds = new HashMap<>();

    /** Prepares {@code model}, which is taken as valid, for a store. */
    public Decoder(Model model, Limits limits) {
        EventKind first = model.kinds().get(0);
        this.unnamed = first.name() == null ? new PreparedKind(first, limits) : null;
        for (EventKind kind : model.kinds()) {
            if (kind.name() != null) {
                kinds.put(kind.name(), new PreparedKind(kind, limits));
            }
        }
    }

    /**
     * Decodes one message, of the kind that its partition key names. Answers for any bytes: with records, a
     * rejection, or both.
     */
    public Decoded decode(byte[] payload, Arrival arrival) {
        return decode(payload, arrival, 0);
    }

    /**
     * Decodes the user record with index {@code nth} of an {@linkplain Kpl aggregate}, which has the arrival of
     * the aggregate and a partition key of its own.
     */
    public Decoded decode(byte[] payload, Arrival arrival, int nth) {
        if (unnamed != null) {
            return decode(payload, arrival, nth, unnamed, arrival.partitionKey());
        }
        String key = arrival.partitionKey();
        int end = key.indexOf(SEPARATOR);
        PreparedKind kind = end < 0 ? null : kinds.get(key.substring(0, end));
        return kind == null
                ? Decoded.refused(
                        new Reason(null, Fault.unknownKind(Utf8.of(key).quoted())))
                : decode(payload, arrival, nth, kind, key.substring(end + 1));
    }

    private static Decoded decode(byte[] payload, Arrival arrival, int nth, PreparedKind kind, String key) {
        String[] levels = kind.levels(key);
        return levels == null
                ? Decoded.refused(new Reason(null, kind.keyMismatch(key)))
                : new MessageDecoder(kind, payload, arrival, nth, levels).decode();
    }
}
