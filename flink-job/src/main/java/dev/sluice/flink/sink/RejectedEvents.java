package dev.sluice.flink.sink;

import dev.sluice.flink.quarantine.Reason;
import dev.sluice.flink.source.Delivery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which events of a request go to quarantine, and why: once for each event, however many of its records are refused. */
public final class RejectedEvents {
    private record Rejected(Entry entry, Reason reason) {}

    private final List<Rejected> all = new ArrayList<>();

    /** Adds a reason to the event of {@code entry}. */
    public void add(Entry entry, Reason reason) {
        all.add(new Rejected(entry, reason));
    }

    /** Adds a reason to the events of {@code entries}. */
    public void addAll(Collection<Entry> entries, Reason reason) {
        entries.forEach(entry -> add(entry, reason));
    }

    /** Adds what others have. */
    public void addAll(RejectedEvents others) {
        all.addAll(others.all);
    }

    /** Takes back the reasons of entries that are tried again: they are found once more. */
    public void drop(Set<Entry> again) {
        all.removeIf(one -> again.contains(one.entry()));
    }

    /** The events, each as an entry that has all of its reasons. */
    public List<Entry> entries() {
        Map<String, Delivery> events = new LinkedHashMap<>();
        Map<String, Set<Reason>> reasons = new LinkedHashMap<>();
        for (Rejected one : all) {
            Delivery event = one.entry().origin();
            String id = event.shardId() + ':' + event.number();
            events.putIfAbsent(id, event);
            reasons.computeIfAbsent(id, none -> new LinkedHashSet<>()).add(one.reason());
        }
        List<Entry> entries = new ArrayList<>();
        events.forEach((id, event) -> entries.add(Entry.rejected(event, List.copyOf(reasons.get(id)))));
        return entries;
    }
}
