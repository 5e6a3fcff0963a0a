package dev.sluice.flink.sink;

import dev.sluice.flink.quarantine.Charge;
import dev.sluice.flink.source.Delivery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which events of a request go to quarantine, and why: once for each event, however many of its records are refused. */
final class Charges {
    private record Charged(Entry entry, Charge charge) {}

    private final List<Charged> all = new ArrayList<>();

    /** Adds a reason to the event of {@code entry}. */
    void add(Entry entry, Charge charge) {
        all.add(new Charged(entry, charge));
    }

    void addAll(Collection<Entry> entries, Charge charge) {
        entries.forEach(entry -> add(entry, charge));
    }

    void addAll(Charges others) {
        all.addAll(others.all);
    }

    /** Takes back what entries are charged with that are tried again: it is found once more. */
    void drop(Set<Entry> again) {
        all.removeIf(one -> again.contains(one.entry()));
    }

    /** The events, each as an entry that has all of its charges. */
    List<Entry> entries() {
        Map<String, Delivery> events = new LinkedHashMap<>();
        Map<String, Set<Charge>> charges = new LinkedHashMap<>();
        for (Charged one : all) {
            Delivery event = one.entry().origin();
            events.putIfAbsent(event.eventId(), event);
            charges.computeIfAbsent(event.eventId(), id -> new LinkedHashSet<>())
                    .add(one.charge());
        }
        List<Entry> entries = new ArrayList<>();
        events.forEach((id, event) -> entries.add(Entry.charged(event, List.copyOf(charges.get(id)))));
        return entries;
    }
}
