package dev.sluice.flink.quarantine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;

/**
 * A queue and a bucket as an HTTP server, with refusals. Clients that are made while it runs speak to it.
 *
 * <p>The queue calls a message that is too long or has forbidden characters the sender's fault, for the
 * message alone, and a request that is too long for all of its messages
 * (<a href="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html">API</a>).
 */
final class FakeQuarantine implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Keeps the threads that all clients share: without it, the end of a test's clients takes two seconds. */
    private static final SdkAsyncHttpClient THREADS = NettyNioAsyncHttpClient.create();

    private static final List<String> ENDPOINTS = List.of("aws.endpointUrlSqs", "aws.endpointUrlS3");

    private final HttpServer server;

    /** What the queue took, and the sizes of the requests in which it came. */
    final List<JsonNode> messages = new ArrayList<>();

    final List<Integer> requests = new ArrayList<>();

    /** What the bucket took, by path. */
    final Map<String, byte[]> objects = new TreeMap<>();

    /** Longest message and longest request that the queue takes, in bytes. */
    int longestMessage = 1 << 20;

    int longestRequest = 1 << 20;

    /** Text that the queue does not take in a message. */
    String forbidden = "\uFFFF";

    /** Text with which a message is one that the queue cannot take for now. */
    String unlucky = "\uFFFF";

    /** An error with which the queue answers every request, and whether the bucket refuses every object. */
    String queueError;

    boolean bucketDenied;

    FakeQuarantine() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        String endpoint = "http://127.0.0.1:" + server.getAddress().getPort();
        ENDPOINTS.forEach(property -> System.setProperty(property, endpoint));
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
    }

    /** What the code under test knows of it. */
    Quarantine.Place place() {
        String queue = System.getProperty(ENDPOINTS.get(0)) + "/123456789012/quarantine";
        return new Quarantine.Place("us-east-1", queue, "rejected");
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] sent = exchange.getRequestBody().readAllBytes();
            if (exchange.getRequestMethod().equals("PUT")) {
                boolean chunked = exchange.getRequestHeaders().containsKey("x-amz-decoded-content-length");
                put(exchange, chunked ? unchunked(sent) : sent);
            } else {
                receive(exchange, JSON.readTree(sent).path("Entries"));
            }
        }
    }

    private void put(HttpExchange exchange, byte[] object) throws IOException {
        if (bucketDenied) {
            answer(exchange, 403, "<Error><Code>AccessDenied</Code></Error>");
            return;
        }
        objects.put(exchange.getRequestURI().getPath(), object);
        answer(exchange, 200, "");
    }

    /** The bytes of a body in chunks, each after a line with its size. */
    private static byte[] unchunked(byte[] body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int at = 0; ; ) {
            int line = at;
            while (body[at] != '\r') {
                at++;
            }
            String size = new String(body, line, at - line, StandardCharsets.US_ASCII).replaceFirst(";.*", "");
            int length = Integer.parseInt(size, 16);
            if (length == 0) {
                return bytes.toByteArray();
            }
            bytes.write(body, at + 2, length);
            at += 2 + length + 2;
        }
    }

    private void receive(HttpExchange exchange, JsonNode entries) throws IOException {
        int bytes = 0;
        for (JsonNode entry : entries) {
            bytes += bytes(entry);
        }
        requests.add(entries.size());
        if (queueError != null || bytes > longestRequest) {
            String code = queueError == null ? "BatchRequestTooLong" : queueError;
            exchange.getResponseHeaders().set("x-amzn-query-error", "AWS.SimpleQueueService." + code + ";Sender");
            answer(exchange, 400, "{\"__type\": \"com.amazonaws.sqs#" + code + "\", \"message\": \"as asked\"}");
            return;
        }
        ObjectNode answer = JSON.createObjectNode();
        var successful = answer.putArray("Successful");
        var failed = answer.putArray("Failed");
        for (JsonNode entry : entries) {
            String id = entry.path("Id").asText();
            String body = entry.path("MessageBody").asText();
            if (bytes(entry) > longestMessage) {
                failed.addObject().put("Id", id).put("SenderFault", true).put("Code", "InvalidParameterValue");
            } else if (body.contains(forbidden)) {
                failed.addObject().put("Id", id).put("SenderFault", true).put("Code", "InvalidMessageContents");
            } else if (body.contains(unlucky)) {
                failed.addObject().put("Id", id).put("SenderFault", false).put("Code", "InternalError");
            } else {
                messages.add(JSON.readTree(body));
                successful.addObject().put("Id", id).put("MessageId", id).put("MD5OfMessageBody", md5(body));
            }
        }
        answer(exchange, 200, answer.toString());
    }

    private static int bytes(JsonNode entry) {
        return entry.path("MessageBody").asText().getBytes(StandardCharsets.UTF_8).length;
    }

    private static String md5(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
        ENDPOINTS.forEach(System::clearProperty);
    }
}
