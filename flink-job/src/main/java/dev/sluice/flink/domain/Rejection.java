package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;

/**
 * What is wrong with an event that goes to quarantine.
 *
 * @param reasons the first {@link #MAX_REASONS} reasons, in the order of the model; at least one
 * @param omitted how many more there are
 */
public record Rejection(List<Reason> reasons, int omitted) {
    /**
     * Reasons that one event can carry. An event with thousands of bad elements is as clear after these,
     * and its quarantine message stays small.
     */
    public static final int MAX_REASONS = 20;

    /** Gathers the reasons of one event. */
    static final class Builder {
        /** {@code null} until there is a reason, which for nearly every event there never is. */
        private List<Reason> reasons;

        private int omitted;

        void add(String field, Fault fault) {
            if (reasons == null) {
                reasons = new ArrayList<>();
            }
            if (reasons.size() < MAX_REASONS) {
                reasons.add(new Reason(field, fault));
            } else {
                omitted++;
            }
        }

        /** Counts reasons that nobody has listed. */
        void omit(int count) {
            omitted += count;
        }

        boolean isEmpty() {
            return reasons == null;
        }

        /** {@code null} when there is no reason. */
        Rejection build() {
            return reasons == null ? null : new Rejection(List.copyOf(reasons), omitted);
        }
    }
}
