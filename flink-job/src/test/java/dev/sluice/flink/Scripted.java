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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The stores and the queue as one HTTP server that does as a test says. It knows the wire and the rules of
 * the services, and nothing of the code under test. While it lives, the clients of this JVM talk to it, so that no two
 * of them live at once.
 */
final class Scripted implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] ENDPOINTS = {
        "aws.endpointUrlTimestreamWrite", "aws.endpointUrlRdsData", "aws.endpointUrlSqs"
    };

    /** The path of ExecuteStatement. */
    private static final String EXECUTE = "/Execute";

    /** A device whose records spoil their request. */
    static final String POISON = "poison";

    /** A device whose records are refused alone. */
    static final String UNWANTED = "unwanted";

    /** Why anything is refused. */
    static final String REASON = "as the test says";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private final Map<String, String> before = new HashMap<>();

    private final ScriptedTable table = new ScriptedTable();
    private final ScriptedTimestream timestream = new ScriptedTimestream(table);
    private final ScriptedDataApi postgres = new ScriptedDataApi(table);
    private final List<JsonNode> messages = new ArrayList<>();
    private boolean invalid;
    private volatile long latencyMs;
    private boolean away;
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
    synchronized Map<String, ScriptedTable.Row> rows() {
        return table.rows();
    }

    /** The Data API, to be asked what it was sent. */
    ScriptedDataApi postgres() {
        return postgres;
    }

    /** What is in quarantine. */
    synchronized List<JsonNode> messages() {
        return new ArrayList<>(messages);
    }

    /** From now on the table of Timestream has a column for the measure {@code name}. */
    synchronized void column(String name, String type) {
        timestream.column(name, type);
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

    /** Timestream throttles every request with a record before {@code time}, in nanoseconds. */
    synchronized void throttlesBefore(long time) {
        timestream.throttlesBefore(time);
    }

    /** The queue does not take the next {@code count} messages. */
    synchronized void refusesMessages(int count) {
        refusedMessages = count;
    }

    /** What is answered to a request. */
    record Answered(int status, JsonNode body) {}

    private void answer(HttpExchange exchange) throws IOException {
        JsonNode request = JSON.readTree(exchange.getRequestBody());
        await(latencyMs);
        String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
        if (target == null) {
            target = exchange.getRequestURI().getPath();
        }
        Answered answered = switch (target) {
            case "Timestream_20181101.WriteRecords" -> timestream(request);
            case EXECUTE -> execute(request);
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

    static Answered error(int status, String code, String message) {
        return new Answered(
                status,
                JSON.createObjectNode().put("__type", "com.amazonaws#" + code).put("message", message));
    }

    private synchronized Answered timestream(JsonNode request) {
        return away
                ? ScriptedTimestream.unavailable()
                : invalid ? ScriptedTimestream.invalid() : timestream.write(request);
    }

    private synchronized Answered execute(JsonNode request) throws IOException {
        return away ? ScriptedDataApi.unavailable() : invalid ? ScriptedDataApi.invalid() : postgres.write(request);
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
