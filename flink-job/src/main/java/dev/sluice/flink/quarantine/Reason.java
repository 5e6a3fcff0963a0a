package dev.sluice.flink.quarantine;

import java.io.Serializable;

/**
 * Why an event is in quarantine.
 *
 * @param code stable, for machines: that of a fault of the domain, {@code conflicting_record},
 *     {@code store_rejected} or {@code store_invalid}
 * @param field field of the event, where one is to blame, else {@code null}
 * @param message for people
 */
public record Reason(String code, String field, String message) implements Serializable {
    /** The reason that follows from what the decoder says. */
    public static Reason of(dev.sluice.flink.domain.Reason reason) {
        return new Reason(reason.fault().code(), reason.field(), reason.toString());
    }
}
