package dev.sluice.flink.quarantine;

import dev.sluice.flink.domain.Rejection;
import dev.sluice.flink.source.Delivery;
import java.io.Serializable;
import java.util.List;

/**
 * An event that goes to quarantine.
 *
 * @param delivery as it was delivered
 * @param reasons at least one
 * @param omitted how many more there are
 */
@SuppressWarnings("serial") // Flink's marker: state is written by a serializer of its own.
public record QuarantinedEvent(Delivery delivery, List<Reason> reasons, int omitted) implements Serializable {
    /** The event with at least one reason, of which an event carries a limited number. */
    public static QuarantinedEvent of(Delivery delivery, List<Reason> reasons) {
        List<Reason> told = reasons.stream().limit(Rejection.MAX_REASONS).toList();
        return new QuarantinedEvent(delivery, told, reasons.size() - told.size());
    }

    /** The event that the decoder rejects, or rejects in part. */
    public static QuarantinedEvent of(Delivery delivery, Rejection rejection) {
        List<Reason> reasons = rejection.reasons().stream().map(Reason::of).toList();
        return new QuarantinedEvent(delivery, reasons, rejection.omitted());
    }
}
