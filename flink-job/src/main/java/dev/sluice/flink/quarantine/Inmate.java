package dev.sluice.flink.quarantine;

import dev.sluice.flink.domain.Rejection;
import dev.sluice.flink.source.Delivery;
import java.io.Serializable;
import java.util.List;

/**
 * An event that goes to quarantine.
 *
 * @param delivery as it was delivered
 * @param charges at least one
 * @param omitted how many more there are
 */
@SuppressWarnings("serial") // Flink's marker: state is written by a serializer of its own.
public record Inmate(Delivery delivery, List<Charge> charges, int omitted) implements Serializable {
    /** The event with at least one charge, of which an event carries a limited number. */
    public static Inmate of(Delivery delivery, List<Charge> charges) {
        List<Charge> told = charges.stream().limit(Rejection.MAX_REASONS).toList();
        return new Inmate(delivery, told, charges.size() - told.size());
    }

    /** The event that the decoder rejects, or rejects in part. */
    public static Inmate of(Delivery delivery, Rejection rejection) {
        List<Charge> charges = rejection.reasons().stream().map(Charge::of).toList();
        return new Inmate(delivery, charges, rejection.omitted());
    }
}
