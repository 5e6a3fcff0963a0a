package dev.sluice.flink.sink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import dev.sluice.flink.quarantine.Reason;
import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.source.DeliveryCodec;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.junit.jupiter.api.Test;

final class EntriesSerializerTest {
    private final EntriesSerializer serializer = new EntriesSerializer();

    private static BufferedRequestState<Entry> state(List<Entry> entries) {
        return new BufferedRequestState<>(entries.stream()
                .map(entry -> new RequestEntryWrapper<>(entry, 7))
                .toList());
    }

    private List<Entry> roundTrip(List<Entry> entries) throws IOException {
        byte[] bytes = serializer.serialize(state(entries));
        return serializer.deserialize(serializer.getVersion(), bytes).getBufferedRequestEntries().stream()
                .map(RequestEntryWrapper::getRequestEntry)
                .toList();
    }

    @Test
    void everyKindOfValueComesBack() throws IOException {
        List<DimensionValue> dimensions =
                List.of(new DimensionValue("device", "a"), new DimensionValue("Ort", "Süd \uD83D\uDE00"));
        Measured multi = new Measured.Multi(List.of(
                new MeasureValue("d", new Value.Double(Double.MIN_VALUE)),
                new MeasureValue("b", new Value.Bigint(Long.MIN_VALUE)),
                new MeasureValue("o", new Value.Boolean(true)),
                new MeasureValue("v", new Value.Varchar("ä".repeat(1024))),
                new MeasureValue("t", new Value.Timestamp(Long.MAX_VALUE))));
        Delivery delivery = new Delivery(new byte[] {0, -1, 127}, "p", "49", 3, 5, "shardId-000000000001");
        List<Entry> entries = List.of(
                new Entry(new Record(dimensions, "m", multi, Long.MAX_VALUE, 1), delivery),
                new Entry(new Record(dimensions, "s", new Measured.Single(new Value.Boolean(false)), -5, 9), delivery));
        List<Entry> back = roundTrip(entries);
        assertEquals(
                entries.stream().map(Entry::record).toList(),
                back.stream().map(Entry::record).toList());
        Delivery origin = back.get(0).origin();
        assertArrayEquals(delivery.data(), origin.data());
        assertEquals(delivery.eventId(), origin.eventId());
        assertEquals(delivery.number(), origin.number());
        assertEquals(delivery.sequenceNumber(), origin.sequenceNumber());
        assertEquals(delivery.arrivalMs(), origin.arrivalMs());
        assertEquals(delivery.partitionKey(), origin.partitionKey());
        assertSame(origin, back.get(1).origin(), "one event stays one");
    }

    @Test
    void anEventThatGoesToQuarantineKeepsItsReasons() throws IOException {
        Delivery delivery = new Delivery(new byte[] {7}, "p", "49", 5, "shard");
        List<Reason> reasons = List.of(new Reason("store_rejected", null, "\"ü\""), new Reason("b", null, "two"));
        List<Entry> back = roundTrip(List.of(Entry.rejected(delivery, reasons)));
        assertTrue(back.get(0).isRejected());
        assertEquals(reasons, back.get(0).reasons());
        assertEquals("49", back.get(0).quarantined().delivery().sequenceNumber());
    }

    /** In the first version there was no byte that says whether an entry has a record. */
    @Test
    void theFirstVersionIsRead() throws IOException {
        Delivery delivery = new Delivery(new byte[] {7}, "p", "49", 5, "shard");
        Record record =
                new Record(List.of(new DimensionValue("d", "a")), "m", new Measured.Single(new Value.Double(1)), 3, 5);
        byte[] bytes = serializer.serialize(state(List.of(new Entry(record, delivery))));
        ByteArrayOutputStream codec = new ByteArrayOutputStream();
        DeliveryCodec.write(delivery, new DataOutputStream(codec));
        int at = 3 * Integer.BYTES + codec.size();
        ByteArrayOutputStream first = new ByteArrayOutputStream();
        first.write(bytes, 0, at);
        first.write(bytes, at + 1, bytes.length - at - 1);
        Entry back = serializer
                .deserialize(1, first.toByteArray())
                .getBufferedRequestEntries()
                .get(0)
                .getRequestEntry();
        assertEquals(record, back.record());
    }

    @Test
    void anEventOfManyRecordsIsInItOnce() throws IOException {
        Delivery large = new Delivery(new byte[1 << 20], "p", "49", 5, "shard");
        Measured one = new Measured.Single(new Value.Double(1));
        List<Entry> entries = IntStream.range(0, 1_000)
                .mapToObj(time ->
                        new Entry(new Record(List.of(new DimensionValue("d", "a")), "m", one, time, 5), large))
                .toList();
        int bytes = serializer.serialize(state(entries)).length;
        assertTrue(bytes < 2 << 20, bytes + " bytes");
    }

    @Test
    void aLaterVersionIsRefused() {
        assertThrows(IOException.class, () -> serializer.deserialize(serializer.getVersion() + 1, new byte[8]));
    }
}
