package dev.sluice.flink;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The store and the queue as one HTTP server that does as a test says. It knows the wire and the rules of
 * the services, and nothing of the code under test. While it lives, the clients of this JVM talk to it.
 */
final class Scripted implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] ENDPOINTS = {"aws.endpointUrlTimestreamWrite", "aws.endpointUrlSqs"};

    /** A time that is too far ahead of any test, in nanoseconds. */
    private static final long TOO_FAR = 4_000_000_000_000_000_000L;

    /** A row: its version, and its measures. */
    record Row(long version, Map<String, String> measures) {}

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private final Map<String, String> before = new HashMap<>();

    private final Map<String, Row> rows = new TreeMap<>();
    private final Map<String, String> columns = new HashMap<>();
    private final List<JsonNode> messages = new ArrayList<>();
    private boolean invalid;
    private volatile long latencyMs;
    private boolean away;
    private long throttledBefore = Long.MIN_VALUE;
    private int refusedMessages;

    Scripted() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
        for (String endpoint : ENDPOINTS) {
            before.put(endpoint, System.getProperty(endpoint));
            System.setProperty(endpoint, url());
        }
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** What is stored, by place: dimensions, measure name, time. */
    synchronized Map<String, Row> rows() {
        return new TreeMap<>(rows);
    }

    /** What is in quarantine. */
    synchronized List<JsonNode> messages() {
        return new ArrayList<>(messages);
    }

    /** From now on the table has a column for the measure {@code name}. */
    synchronized void column(String name, String type) {
        columns.put(name, type);
    }

    /** Whether the store calls every request invalid. */
    synchronized void callsAllInvalid(boolean invalid) {
        this.invalid = invalid;
    }

    /** Whether the store fails every request. */
    synchronized void isAway(boolean away) {
        this.away = away;
    }

    /** How long every further request takes. */
    void takes(long latencyMs) {
        this.latencyMs = latencyMs;
    }

    /** The store throttles every request with a record before {@code time}, in nanoseconds. */
    synchronized void throttlesBefore(long time) {
        throttledBefore = time;
    }

    /** The queue does not take the next {@code count} messages. */
    synchronized void refusesMessages(int count) {
        refusedMessages = count;
    }

    private record Answered(int status, JsonNode body) {}

    private void answer(HttpExchange exchange) throws IOException {
        JsonNode request = JSON.readTree(exchange.getRequestBody());
        await(latencyMs);
        String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
        Answered answered = switch (target) {
            case "Timestream_20181101.WriteRecords" -> write(request);
            case "AmazonSQS.SendMessageBatch" -> keep(request);
            default -> throw new IOException("nothing serves " + target);
        };
        byte[] bytes = JSON.writeValueAsBytes(answered.body());
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.0");
        try (exchange) {
            exchange.sendResponseHeaders(answered.status(), bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static void await(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private static Answered error(int status, String code) {
        return new Answered(
                status,
                JSON.createObjectNode().put("__type", "com.amazonaws#" + code).put("message", "as the test says"));
    }

    private synchronized Answered write(JsonNode request) {
        if (away) {
            return error(500, "InternalServerException");
        } else if (invalid) {
            return error(400, "ValidationException");
        }
        JsonNode common = request.path("CommonAttributes");
        for (JsonNode record : request.path("Records")) {
            if (record.path("Time").asLong() < throttledBefore) {
                return error(400, "ThrottlingException");
            } else if (dimensions(common, record).containsValue("poison")) {
                return error(400, "ValidationException");
            }
        }
        ArrayNode rejected = JSON.createArrayNode();
        int index = 0;
        for (JsonNode record : request.path("Records")) {
            ObjectNode refusal = put(common, record);
            if (refusal != null) {
                rejected.add(refusal.put("RecordIndex", index));
            }
            index++;
        }
        if (rejected.isEmpty()) {
            ObjectNode body = JSON.createObjectNode();
            body.putObject("RecordsIngested").put("Total", index);
            return new Answered(200, body);
        }
        ObjectNode body = JSON.createObjectNode().put("__type", "com.amazonaws#RejectedRecordsException");
        body.set("RejectedRecords", rejected);
        return new Answered(419, body);
    }

    /** Stores a record, or says why not. */
    private ObjectNode put(JsonNode common, JsonNode record) {
        ObjectNode refusal = JSON.createObjectNode();
        if (record.path("Time").asLong() > TOO_FAR) {
            return refusal.put("Reason", "too far ahead");
        }
        Map<String, String> measures = new TreeMap<>();
        for (JsonNode measure : record.path("MeasureValues")) {
            String name = measure.path("Name").asText();
            String type = measure.path("Type").asText();
            String there = columns.getOrDefault(name, type);
            if (!there.equals(type)) {
                return refusal.put(
                        "Reason",
                        "The measure \"%s\" has the data type %s, but it already exists with the data type %s."
                                .formatted(name, type, there));
            }
            measures.put(name, measure.path("Value").asText());
        }
        String place = dimensions(common, record) + " "
                + either(common, record, "MeasureName").asText() + " "
                + record.path("Time").asText();
        Row row = new Row(either(common, record, "Version").asLong(), measures);
        Row there = rows.get(place);
        if (there != null
                && (there.version() > row.version() || there.version() == row.version() && !there.equals(row))) {
            return refusal.put("Reason", "a version is there").put("ExistingVersion", there.version());
        }
        rows.put(place, row);
        return null;
    }

    private static JsonNode either(JsonNode common, JsonNode record, String name) {
        return record.has(name) ? record.path(name) : common.path(name);
    }

    private static Map<String, String> dimensions(JsonNode common, JsonNode record) {
        Map<String, String> dimensions = new TreeMap<>();
        for (JsonNode part : List.of(common, record)) {
            part.path("Dimensions")
                    .forEach(one -> dimensions.put(
                            one.path("Name").asText(), one.path("Value").asText()));
        }
        return dimensions;
    }

    private synchronized Answered keep(JsonNode request) throws IOException {
        ObjectNode body = JSON.createObjectNode();
        ArrayNode successful = body.putArray("Successful");
        ArrayNode failed = body.putArray("Failed");
        for (JsonNode entry : request.path("Entries")) {
            String id = entry.path("Id").asText();
            String message = entry.path("MessageBody").asText();
            if (refusedMessages > 0) {
                refusedMessages--;
                failed.addObject().put("Id", id).put("Code", "InternalError").put("SenderFault", false);
                continue;
            }
            messages.add(JSON.readTree(message));
            successful.addObject().put("Id", id).put("MessageId", "m").put("MD5OfMessageBody", md5(message));
        }
        return new Answered(200, body);
    }

    private static String md5(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            return "%032x".formatted(new BigInteger(1, digest));
        } catch (NoSuchAlgorithmException none) {
            throw new IllegalStateException(none);
        }
    }

    @Override
    public void close() {
        before.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, value);
            }
        });
        server.stop(0);
        threads.shutdownNow();
    }
}
