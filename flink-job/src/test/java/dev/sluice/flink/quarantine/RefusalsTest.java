package dev.sluice.flink.quarantine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.flink.source.Delivery;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each event is in the queue or in the bucket with a pointer in the queue, or it is given back. */
final class RefusalsTest {
    private FakeQuarantine place;
    private Quarantine quarantine;

    @BeforeEach
    void start() throws IOException {
        place = new FakeQuarantine();
        quarantine = place.place().open();
    }

    @AfterEach
    void stop() {
        quarantine.close();
        place.close();
    }

    /** Events with the sequence numbers 0, 1 and so on. The partition key stands in the message as it is. */
    private static List<QuarantinedEvent> events(String... partitionKeys) {
        List<QuarantinedEvent> events = new ArrayList<>();
        for (String key : partitionKeys) {
            events.add(event(events.size(), key, 2));
        }
        return events;
    }

    private static QuarantinedEvent event(int number, String partitionKey, int bytes) {
        byte[] data = "x".repeat(bytes).getBytes(StandardCharsets.UTF_8);
        Delivery delivery = new Delivery(data, partitionKey, Integer.toString(number), 0, "shard");
        return new QuarantinedEvent(delivery, List.of(new Reason("x", null, "m")), 0);
    }

    /** Sequence numbers of the events that are given back. */
    private Set<String> keep(List<QuarantinedEvent> events) {
        List<QuarantinedEvent> lost = quarantine.keep(events).join();
        Set<String> numbers = new TreeSet<>();
        lost.forEach(one -> numbers.add(one.delivery().sequenceNumber()));
        assertEquals(lost.size(), numbers.size());
        return numbers;
    }

    private Set<String> inQueue(String how) {
        Set<String> numbers = new TreeSet<>();
        place.messages.stream()
                .filter(message -> message.has(how))
                .forEach(message -> numbers.add(message.path("sequenceNumber").asText()));
        return numbers;
    }

    @Test
    void aMessageThatTheQueueRefusesIsAPointer() {
        place.longestMessage = 1_024;
        List<QuarantinedEvent> events = new ArrayList<>(events("a", "b", "c"));
        events.set(1, event(1, "b", 1_024));
        assertEquals(Set.of(), keep(events));
        assertEquals(Set.of("0", "2"), inQueue("data"));
        assertEquals(Set.of("1"), inQueue("object"));
        JsonNode object = place.messages.get(2).path("object");
        assertEquals("rejected", object.path("bucket").asText());
        assertEquals(1_024, object.path("bytes").asInt());
        assertArrayEquals(
                events.get(1).delivery().data(),
                place.objects.get("/rejected/" + object.path("key").asText()));
        assertEquals(1, place.objects.size());
    }

    @Test
    void aMessageThatIsLargerThanAnyQueueTakesIsAPointerAtOnce() {
        List<QuarantinedEvent> events = List.of(sized(0, Message.MAX_BYTES), sized(1, Message.MAX_BYTES + 1));
        assertEquals(Set.of(), keep(events));
        assertEquals(Set.of("0"), inQueue("data"));
        assertEquals(Set.of("1"), inQueue("object"));
        assertEquals(List.of(1, 1), place.requests);
    }

    /** An event whose message has so many bytes. */
    private static QuarantinedEvent sized(int number, int bytes) {
        int left = bytes - Message.bytes(Message.withData(event(number, "", 0)));
        // Three bytes are four in base64, and the key is what is missing.
        QuarantinedEvent event = event(number, "k".repeat(left % 4), left / 4 * 3);
        assertEquals(bytes, Message.bytes(Message.withData(event)));
        return event;
    }

    @Test
    void aRequestThatTheQueueRefusesIsSentMessageByMessage() {
        place.longestRequest = 1_024;
        List<QuarantinedEvent> events = new ArrayList<>(events("a", "b", "c", "d"));
        events.set(2, event(2, "c", 1_024));
        assertEquals(Set.of(), keep(events));
        assertEquals(Set.of("0", "1", "3"), inQueue("data"));
        assertEquals(Set.of("2"), inQueue("object"));
        assertEquals(List.of(4, 1, 1, 1, 1, 1), place.requests);
    }

    @Test
    void aBucketThatRefusesTooMakesTheEventWait() {
        place.longestMessage = 1_024;
        place.bucketDenied = true;
        List<QuarantinedEvent> events = new ArrayList<>(events("a", "b"));
        events.set(0, event(0, "a", 1_024));
        assertEquals(Set.of("0"), keep(events));
        assertEquals(Set.of("1"), inQueue("data"));
        place.bucketDenied = false;
        assertEquals(Set.of(), keep(events.subList(0, 1)));
        assertEquals(Set.of("0"), inQueue("object"));
    }

    @Test
    void aPointerThatTheQueueRefusesMakesTheEventWait() {
        place.forbidden = "refused";
        assertEquals(Set.of("1"), keep(events("a", "refused", "c")));
        assertEquals(Set.of("0", "2"), inQueue("data"));
        assertEquals(1, place.objects.size());
    }

    @Test
    void whatTheQueueCannotTakeForNowWaits() {
        place.unlucky = "later";
        assertEquals(Set.of("1"), keep(events("now", "later")));
        assertEquals(0, place.objects.size());
    }

    @Test
    void aQueueThatIsAwayFillsNoBucket() {
        for (String error : List.of("QueueDoesNotExist", "AccessDenied", "KmsDisabled")) {
            place.queueError = error;
            assertEquals(Set.of("0", "1"), keep(events("a", "b")), error);
        }
        assertEquals(0, place.objects.size());
        assertEquals(List.of(2, 2, 2), place.requests);
    }

    @Test
    void requestsKeepCountAndSize() {
        assertEquals(Set.of(), keep(events("abcdefghijk".split(""))));
        place.requests.sort(null);
        assertEquals(List.of(1, 10), place.requests);
        place.requests.clear();
        List<QuarantinedEvent> large = new ArrayList<>();
        for (int number = 0; number < 7; number++) {
            large.add(event(number, "a", 240_000));
        }
        // 320 kB each in base64: three fit.
        assertEquals(Set.of(), keep(large));
        place.requests.sort(null);
        assertEquals(List.of(1, 3, 3), place.requests);
        place.requests.clear();
        int half = Message.MAX_BYTES / 2;
        assertEquals(Set.of(), keep(List.of(sized(0, half), sized(1, half))));
        assertEquals(Set.of(), keep(List.of(sized(2, half), sized(3, half + 1))));
        assertEquals(List.of(2, 1, 1), place.requests);
        assertTrue(place.objects.isEmpty());
    }

    @Test
    void nothingIsNoRequest() {
        assertEquals(Set.of(), keep(List.of()));
        assertEquals(List.of(), place.requests);
    }
}
