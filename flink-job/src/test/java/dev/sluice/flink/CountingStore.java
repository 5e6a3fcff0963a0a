package dev.sluice.flink;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** A store that answers WriteRecords after a set time, keeps nothing, and counts what it was sent. */
final class CountingStore implements AutoCloseable {
    /** Every record has a time, and no name or value of the benchmark looks like this. */
    private static final byte[] RECORD = "\"Time\":\"".getBytes(StandardCharsets.UTF_8);

    private static final String ANSWER =
            "{\"RecordsIngested\":{\"Total\":%1$d,\"MemoryStore\":%1$d,\"MagneticStore\":0}}";

    private final LongAdder requests = new LongAdder();
    private final LongAdder records = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final ExecutorService readers = Executors.newCachedThreadPool();
    private final ScheduledExecutorService writers = Executors.newScheduledThreadPool(1);
    private final HttpServer server;
    private volatile long latencyMs;

    /** What came so far. */
    record Counts(long requests, long records, long bytes) {
        Counts since(Counts before) {
            return new Counts(requests - before.requests, records - before.records, bytes - before.bytes);
        }
    }

    CountingStore() throws IOException {
        // Read by the server when it starts: otherwise each answer waits for the client's acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(readers);
        server.createContext("/", this::answer);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    Counts counts() {
        return new Counts(requests.sum(), records.sum(), bytes.sum());
    }

    /** How long every further write takes. */
    void takes(long latencyMs) {
        this.latencyMs = latencyMs;
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        int count = occurrences(body);
        long latency = latencyMs;
        if (latency == 0) {
            send(exchange, count, body.length);
        } else {
            writers.schedule(() -> send(exchange, count, body.length), latency, TimeUnit.MILLISECONDS);
        }
    }

    private void send(HttpExchange exchange, int count, int length) {
        byte[] answer = ANSWER.formatted(count).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.0");
        try (exchange) {
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        } catch (IOException clientLeft) {
            return;
        }
        requests.increment();
        records.add(count);
        bytes.add(length + headerBytes(exchange.getRequestHeaders()));
    }

    private static int occurrences(byte[] body) {
        int count = 0;
        for (int at = 0; at + RECORD.length <= body.length; at++) {
            int same = 0;
            while (same < RECORD.length && body[at + same] == RECORD[same]) {
                same++;
            }
            if (same == RECORD.length) {
                count++;
                at += same - 1;
            }
        }
        return count;
    }

    /** As they are on the wire, with the line of the request. */
    private static long headerBytes(Headers headers) {
        long sum = "POST / HTTP/1.1\r\n\r\n".length();
        for (var header : headers.entrySet()) {
            for (String value : header.getValue()) {
                sum += header.getKey().length() + ": ".length() + value.length() + "\r\n".length();
            }
        }
        return sum;
    }

    @Override
    public void close() {
        server.stop(0);
        readers.shutdownNow();
        writers.shutdownNow();
    }
}
