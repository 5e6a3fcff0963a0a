package dev.sluice.flink.sink;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.source.Delivery;
import java.util.List;
import org.junit.jupiter.api.Test;

final class HeldTest {
    private static final int EVENT_BYTES = 10_000;

    /** An entry of an event, with its own bytes. */
    private record Weight(Delivery event, long bytes) {}

    private static Delivery event() {
        return new Delivery(new byte[EVENT_BYTES], "p", "7", 5, "shard");
    }

    @Test
    void anEventCountsOnceHoweverManyOfItsEntriesWait() {
        Delivery event = event();
        Held<Weight> held = new Held<>(2 * EVENT_BYTES, Weight::event, Weight::bytes);
        List<Weight> entries = List.of(new Weight(event, 10), new Weight(event, 20), new Weight(event, 30));
        entries.forEach(held::add);
        assertFalse(held.isFull());
        // Another event with the same bytes is another one.
        Weight other = new Weight(event(), 0);
        held.add(other);
        assertTrue(held.isFull());
        held.remove(List.of(other));
        assertFalse(held.isFull());
        held.remove(entries.subList(0, 2));
        held.add(other);
        assertTrue(held.isFull(), "the event is held by its last entry");
        held.remove(entries.subList(2, 3));
        assertFalse(held.isFull());
    }

    @Test
    void whatIsSettledLeavesNothingBehind() {
        Held<Weight> held = new Held<>(1, Weight::event, Weight::bytes);
        for (int round = 0; round < 3; round++) {
            Weight entry = new Weight(event(), round);
            held.add(entry);
            held.add(entry);
            assertTrue(held.isFull());
            held.remove(List.of(entry));
            assertTrue(held.isFull());
            held.remove(List.of(entry));
            assertFalse(held.isFull());
        }
    }
}
