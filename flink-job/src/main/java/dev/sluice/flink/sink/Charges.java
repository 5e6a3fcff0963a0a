package dev.sluice.flink.sink;

import dev.sluice.flink.domain.Rejection;
import dev.sluice.flink.quarantine.Charge;
import dev.sluice.flink.quarantine.Inmate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which events of a request go to quarantine, and why: one message for each event, however many of its records are refused. */
final class Charges {
    /** Two events of one arrival that contradict each other; the first of the stream is written. */
    static final Charge CONFLICTING = new Charge(
            "conflicting_record", null, "another event of the same arrival says otherwise of the same instant");

    private record Case(List<Entry> entries, Set<Charge> charges) {}

    /** By the identity of the event. */
    private final Map<String, Case> cases = new LinkedHashMap<>();

    /** Adds a reason to the event of {@code entry}, once. */
    void add(Entry entry, Charge charge) {
        Case known = cases.computeIfAbsent(
                entry.origin().eventId(), id -> new Case(new ArrayList<>(), new LinkedHashSet<>()));
        known.entries().add(entry);
        known.charges().add(charge);
    }

    void addAll(Charges others) {
        others.cases
                .values()
                .forEach(other ->
                        other.entries().forEach(entry -> other.charges().forEach(charge -> add(entry, charge))));
    }

    /** The events, with at most as many reasons as one may carry. */
    List<Inmate> inmates() {
        List<Inmate> inmates = new ArrayList<>();
        for (Case one : cases.values()) {
            List<Charge> charges =
                    one.charges().stream().limit(Rejection.MAX_REASONS).toList();
            inmates.add(new Inmate(
                    one.entries().get(0).origin(), charges, one.charges().size() - charges.size()));
        }
        return inmates;
    }

    /** The charged entries of events. */
    List<Entry> entriesOf(List<Inmate> inmates) {
        List<Entry> entries = new ArrayList<>();
        for (Inmate inmate : inmates) {
            entries.addAll(
                    new LinkedHashSet<>(cases.get(inmate.delivery().eventId()).entries()));
        }
        return entries;
    }
}
