package dev.sluice.flink.quarantine;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.flink.source.Delivery;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;

/** The body of a message of the quarantine, the same as the Lambda consumer's. */
final class Message {
    /**
     * Bytes of a message, and of all messages of one request: what the template has as the queue's
     * {@code MaximumMessageSize}, and the most that SQS takes
     * (<a href="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html">quotas</a>).
     */
    static final int MAX_BYTES = 1 << 20;

    private static final JsonFactory JSON = new JsonFactory();
    private static final DateTimeFormatter ARRIVAL =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final int DATE_LENGTH = "2021-01-04".length();

    /** The years that a calendar of four digits has, in milliseconds. */
    private static final long FIRST_MS = -62_167_219_200_000L;

    private static final long LAST_MS = 253_402_300_799_999L;

    private Message() {}

    /** The message with the original bytes in base64. */
    static String withData(QuarantinedEvent event) {
        String data = Base64.getEncoder().encodeToString(event.delivery().data());
        return json(event, generator -> generator.writeStringField("data", data));
    }

    /** The message that says where the original bytes are, as they were. */
    static String withObject(QuarantinedEvent event, String bucket) {
        return json(event, generator -> {
            generator.writeObjectFieldStart("object");
            generator.writeStringField("bucket", bucket);
            generator.writeStringField("key", objectKey(event.delivery()));
            generator.writeNumberField("bytes", event.delivery().data().length);
            generator.writeEndObject();
        });
    }

    /**
     * {@code quarantine/<date>/<sequence number>}, by the date of arrival: a replay writes the same object. Of a
     * record of an aggregate, {@code -} and its place follow.
     */
    static String objectKey(Delivery delivery) {
        String arrival = arrival(delivery.arrivalMs());
        String date = arrival.length() < DATE_LENGTH ? "unknown" : arrival.substring(0, DATE_LENGTH);
        return "quarantine/" + date + "/" + delivery.number();
    }

    /** Bytes of a body on the wire. */
    static int bytes(String body) {
        return body.getBytes(StandardCharsets.UTF_8).length;
    }

    /** In ISO-8601, or as a number where a calendar ends. */
    private static String arrival(long timeMs) {
        return timeMs < FIRST_MS || timeMs > LAST_MS
                ? Long.toString(timeMs)
                : ARRIVAL.format(Instant.ofEpochMilli(timeMs));
    }

    private interface Content {
        void write(JsonGenerator generator) throws IOException;
    }

    private static String json(QuarantinedEvent event, Content content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(text)) {
            generator.writeStartObject();
            generator.writeArrayFieldStart("reasons");
            for (Reason reason : event.reasons()) {
                generator.writeStartObject();
                generator.writeStringField("code", reason.code());
                if (reason.field() != null) {
                    generator.writeStringField("field", reason.field());
                }
                generator.writeStringField("message", reason.message());
                generator.writeEndObject();
            }
            generator.writeEndArray();
            if (event.omitted() > 0) {
                generator.writeNumberField("omitted", event.omitted());
            }
            Delivery delivery = event.delivery();
            generator.writeStringField("sequenceNumber", delivery.sequenceNumber());
            if (delivery.nth() != null) {
                generator.writeNumberField("subsequenceNumber", delivery.nth());
            }
            generator.writeStringField("partitionKey", delivery.partitionKey());
            generator.writeStringField("eventID", delivery.eventId());
            generator.writeStringField("arrival", arrival(delivery.arrivalMs()));
            content.write(generator);
            generator.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException("a StringWriter does not fail", impossible);
        }
        // The two characters that SQS refuses and JSON does not escape. They can only be inside of text.
        return text.toString().replace("\uFFFE", "\\ufffe").replace("\uFFFF", "\\uffff");
    }
}
