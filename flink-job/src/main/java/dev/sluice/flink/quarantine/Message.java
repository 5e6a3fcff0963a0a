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
    static String withData(Inmate inmate) {
        String data = Base64.getEncoder().encodeToString(inmate.delivery().data());
        return json(inmate, generator -> generator.writeStringField("data", data));
    }

    /** The message that says where the original bytes are, as they were. */
    static String withObject(Inmate inmate, String bucket) {
        return json(inmate, generator -> {
            generator.writeObjectFieldStart("object");
            generator.writeStringField("bucket", bucket);
            generator.writeStringField("key", objectKey(inmate.delivery()));
            generator.writeNumberField("bytes", inmate.delivery().data().length);
            generator.writeEndObject();
        });
    }

    /** {@code quarantine/<date>/<sequence number>}, by the date of arrival: a replay writes the same object. */
    static String objectKey(Delivery delivery) {
        String arrival = arrival(delivery.arrivalMs());
        String date = arrival.length() < DATE_LENGTH ? "unknown" : arrival.substring(0, DATE_LENGTH);
        return "quarantine/" + date + "/" + delivery.sequenceNumber();
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

    private static String json(Inmate inmate, Content content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(text)) {
            generator.writeStartObject();
            generator.writeArrayFieldStart("reasons");
            for (Charge charge : inmate.charges()) {
                generator.writeStartObject();
                generator.writeStringField("code", charge.code());
                if (charge.field() != null) {
                    generator.writeStringField("field", charge.field());
                }
                generator.writeStringField("message", charge.message());
                generator.writeEndObject();
            }
            generator.writeEndArray();
            if (inmate.omitted() > 0) {
                generator.writeNumberField("omitted", inmate.omitted());
            }
            Delivery delivery = inmate.delivery();
            generator.writeStringField("sequenceNumber", delivery.sequenceNumber());
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
