package dev.sluice.flink.quarantine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.flink.source.Delivery;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MessageTest {
    private static QuarantinedEvent event(long arrivalMs, int omitted, Reason... reasons) {
        byte[] data = {'{', '}'};
        Delivery delivery = new Delivery(data, "dev\uFFFFice", "49", arrivalMs, "shardId-000000000000");
        return new QuarantinedEvent(delivery, List.of(reasons), omitted);
    }

    @Test
    void theMessageIsTheLambdaConsumers() {
        QuarantinedEvent event =
                event(1_609_757_180_005L, 2, new Reason("not_json", null, "no \"JSON\""), new Reason("x", "f", "m"));
        assertEquals(
                "{\"reasons\":[{\"code\":\"not_json\",\"message\":\"no \\\"JSON\\\"\"},"
                        + "{\"code\":\"x\",\"field\":\"f\",\"message\":\"m\"}],\"omitted\":2,"
                        + "\"sequenceNumber\":\"49\",\"partitionKey\":\"dev\\uffffice\","
                        + "\"eventID\":\"shardId-000000000000:49\",\"arrival\":\"2021-01-04T10:46:20.005Z\",\"data\":\"e30=\"}",
                Message.withData(event));
        assertEquals(
                "{\"reasons\":[{\"code\":\"x\",\"message\":\"m\"}],"
                        + "\"sequenceNumber\":\"49\",\"partitionKey\":\"dev\\uffffice\","
                        + "\"eventID\":\"shardId-000000000000:49\",\"arrival\":\"1970-01-01T00:00:00.000Z\","
                        + "\"object\":{\"bucket\":\"b\",\"key\":\"quarantine/1970-01-01/49\",\"bytes\":2}}",
                Message.withObject(event(0, 0, new Reason("x", null, "m")), "b"));
    }

    @Test
    void aRecordOfAnAggregateHasAPlaceInIt() {
        Delivery delivery = new Delivery(new byte[] {'{', '}'}, "d", "49", 3, 0, "shardId-000000000000");
        assertEquals(
                "{\"reasons\":[{\"code\":\"x\",\"message\":\"m\"}],\"sequenceNumber\":\"49\",\"subsequenceNumber\":3,"
                        + "\"partitionKey\":\"d\",\"eventID\":\"shardId-000000000000:49\","
                        + "\"arrival\":\"1970-01-01T00:00:00.000Z\","
                        + "\"object\":{\"bucket\":\"b\",\"key\":\"quarantine/1970-01-01/49-3\",\"bytes\":2}}",
                Message.withObject(new QuarantinedEvent(delivery, List.of(new Reason("x", null, "m")), 0), "b"));
    }

    @Test
    void theArrivalIsANumberWhereTheCalendarEnds() {
        Map<Long, String> arrivals = Map.of(
                -62_167_219_200_000L, "0000-01-01T00:00:00.000Z",
                -62_167_219_200_001L, "-62167219200001",
                253_402_300_799_999L, "9999-12-31T23:59:59.999Z",
                253_402_300_800_000L, "253402300800000");
        arrivals.forEach((time, text) -> {
            String message = Message.withData(event(time, 0, new Reason("x", null, "m")));
            assertTrue(message.contains("\"arrival\":\"" + text + "\""), message);
        });
    }

    @Test
    void theQueueOfTheTemplateTakesTheLargestMessage() throws IOException {
        for (String environment : List.of("dev", "local", "preview-1", "prod")) {
            Path snapshot = Path.of("../stacks/tests/synthesis/snapshots", environment, "ingest.snap");
            JsonNode template =
                    new ObjectMapper().readTree(Files.readString(snapshot).split("---", 3)[2]);
            JsonNode queue = template.path("Resources").path("QuarantineQueue");
            assertEquals(
                    Message.MAX_BYTES,
                    queue.path("Properties").path("MaximumMessageSize").asInt(),
                    environment);
        }
    }

    @Test
    void whatIsNotSentYetOutlivesTheJob() throws IOException {
        QuarantinedEvent event = event(5, 3, new Reason("x", "f", "m"), new Reason("y", null, "n"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        QuarantinedEventSerializer serializer = new QuarantinedEventSerializer();
        serializer.serializeRequestToStream(event, new DataOutputStream(bytes));
        QuarantinedEvent back = serializer.deserializeRequestFromStream(
                bytes.size(), new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        assertEquals(Message.withData(event), Message.withData(back));
    }
}
