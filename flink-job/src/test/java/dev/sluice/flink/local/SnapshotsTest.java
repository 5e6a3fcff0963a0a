package dev.sluice.flink.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotsTest {
    @TempDir
    private Path state;

    private Path snapshot(String path, long writtenMs) throws IOException {
        Path folder = Files.createDirectories(state.resolve(path));
        try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(folder.resolve("_metadata")))) {
            Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(1, List.of(), List.of()), out);
        }
        Files.setLastModifiedTime(folder.resolve("_metadata"), FileTime.fromMillis(writtenMs));
        return folder;
    }

    @Test
    void aFirstStartHasNone() throws IOException {
        assertEquals(Optional.empty(), new Snapshots(state).newest());
    }

    @Test
    void theNewestIsTakenWhateverItIs() throws IOException {
        Path checkpoint = snapshot("checkpoints/aa/chk-9", 1_000);
        assertEquals(Optional.of(checkpoint), new Snapshots(state).newest());
        Path savepoint = snapshot("savepoints/savepoint-aa-1", 2_000);
        assertEquals(Optional.of(savepoint), new Snapshots(state).newest());
        Path later = snapshot("checkpoints/bb/chk-1", 3_000);
        assertEquals(Optional.of(later), new Snapshots(state).newest());
    }

    @Test
    void whatIsNotWholeIsPassedOver() throws IOException {
        Path whole = snapshot("checkpoints/aa/chk-1", 1_000);
        Path torn = snapshot("checkpoints/aa/chk-2", 2_000);
        Files.write(torn.resolve("_metadata"), new byte[] {1, 2, 3});
        Files.createDirectories(state.resolve("checkpoints/aa/chk-3"));
        assertEquals(Optional.of(whole), new Snapshots(state).newest());
    }

    @Test
    void whatIsNotStartedFromIsRemoved() throws IOException {
        Path kept = snapshot("checkpoints/bb/chk-4", 3_000);
        Path older = snapshot("checkpoints/aa/chk-9", 1_000);
        Path savepoint = snapshot("savepoints/savepoint-aa-1", 2_000);
        Snapshots snapshots = new Snapshots(state);
        snapshots.removeAllBut(snapshots.newest());
        assertTrue(Files.exists(kept));
        assertFalse(Files.exists(older));
        assertFalse(Files.exists(savepoint));
    }
}
