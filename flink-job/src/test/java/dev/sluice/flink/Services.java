package dev.sluice.flink;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The services that the job talks to, as processes: the emulator of AWS for the stream, the queue and the
 * bucket, and the local Timestream; {@link PostgresCluster} is the other store. They live as long as the JVM of the
 * tests.
 */
final class Services {
    private static final int ATTEMPTS = 300;
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static Services services;

    private final URI store;

    private Services() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("flink-job-tests");
        String local = needed("SLUICE_LOCAL_TIMESTREAM", "the program local-timestream");
        String python = needed("SLUICE_PYTHON", "a Python that has ministack");
        store = listening(new ProcessBuilder(
                        local, "--port", "0", "--state", folder.resolve("store").toString())
                .redirectError(folder.resolve("store.log").toFile()));

        int port = freePort();
        ProcessBuilder emulator = new ProcessBuilder(python, "../xtask/local/src/emulator/launch.py");
        emulator.environment().put("GATEWAY_PORT", Integer.toString(port));
        emulator.environment().put("IOT_MTLS_PORT", Integer.toString(freePort()));
        emulator.environment().put("BIND_HOST", "127.0.0.1");
        emulator.environment().put("TMPDIR", folder.toString());
        emulator.environment().put("STATE_DIR", folder.resolve("state").toString());
        emulator.environment().put("S3_DATA_DIR", folder.resolve("s3").toString());
        child(emulator.redirectErrorStream(true)
                .redirectOutput(folder.resolve("emulator.log").toFile()));
        listening(port);

        System.setProperty("aws.endpointUrl", "http://127.0.0.1:" + port);
        System.setProperty("aws.endpointUrlTimestreamWrite", store.toString());
        System.setProperty("aws.endpointUrlTimestreamQuery", store.toString());
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
        System.setProperty("aws.region", World.REGION);
        System.setProperty("aws.cborEnabled", "false");
    }

    /** The services, started by whoever asks first. */
    static synchronized Services running() {
        Cluster.keepThreads();
        if (services == null) {
            try {
                services = new Services();
            } catch (IOException | InterruptedException failed) {
                throw new IllegalStateException("the services do not start", failed);
            }
        }
        return services;
    }

    /** What an environment variable names. */
    static String needed(String variable, String what) {
        String value = System.getenv(variable);
        if (value == null) {
            throw new IllegalStateException(variable + " must name " + what + "; `cargo xtask test` sets it");
        }
        return value;
    }

    private static Process child(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return process;
    }

    /** Starts a program of this workspace that says where it listens. */
    static URI listening(ProcessBuilder builder) throws IOException {
        Process program = child(builder);
        BufferedReader said =
                new BufferedReader(new InputStreamReader(program.getInputStream(), StandardCharsets.UTF_8));
        String line = said.readLine();
        if (line == null) {
            throw new IOException(String.join(" ", builder.command()) + " ends; its log says why");
        }
        return URI.create(line.replace("listening on ", ""));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void listening(int port) throws IOException, InterruptedException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try (Socket connected = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (connected.isConnected()) {
                    return;
                }
            } catch (IOException notYet) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        throw new IOException("nothing listens on port " + port);
    }

    /** What Timestream does wrong from now on. */
    void faults(String plan) {
        send("POST", store.resolve("/_local/faults"), plan);
    }

    /** Sends a request of the tests' own to a service; gives what it answers. */
    static String send(String method, URI place, String body) {
        HttpRequest request = HttpRequest.newBuilder(place)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() >= 300) {
                throw new IllegalStateException(response.body());
            }
            return response.body();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
