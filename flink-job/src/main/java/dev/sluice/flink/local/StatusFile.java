package dev.sluice.flink.local;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * {@code DIR/status}: how the job is, for whoever started the process. Always a whole JSON object:
 * {@code {"status", "pid", "web", "restoredFrom", "cause"}}, the last three where they are known.
 *
 * <p>{@code status} is {@code STARTING}, {@code STOPPING} or {@code STOPPED}, or in between what Flink calls
 * the state of the job: {@code RUNNING}, {@code RESTARTING}, {@code FAILED} and so on.
 */
final class StatusFile {
    private static final JsonMapper JSON = new JsonMapper();

    private final Path file;
    private final ObjectNode content = JSON.createObjectNode();

    StatusFile(Path state) throws IOException {
        file = state.resolve("status");
        content.put("status", "STARTING").put("pid", ProcessHandle.current().pid());
        write();
    }

    /** Says a fact beside the status. */
    synchronized void tell(String name, String fact) throws IOException {
        content.put(name, fact);
        write();
    }

    /** Says the status, if it is another one than before. */
    synchronized void become(String status) throws IOException {
        if (!content.path("status").asText().equals(status)) {
            content.put("status", status);
            write();
        }
    }

    private void write() throws IOException {
        replace(file, JSON.writeValueAsBytes(content));
    }

    /** Whoever reads {@code file} reads all of the old bytes or all of the new. */
    static void replace(Path file, byte[] bytes) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.write(next, bytes);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
