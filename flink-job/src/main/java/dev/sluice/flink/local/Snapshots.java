package dev.sluice.flink.local;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The checkpoints and savepoints of all runs, in one folder. */
final class Snapshots {
    private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);
    private static final String METADATA = "_metadata";

    /** {@code checkpoints/<run>/chk-<n>/_metadata} and {@code savepoints/savepoint-<run>/_metadata}. */
    private static final int DEPTH = 4;

    private final Path checkpoints;
    private final Path savepoints;

    Snapshots(Path state) throws IOException {
        checkpoints = Files.createDirectories(state.resolve("checkpoints"));
        savepoints = Files.createDirectories(state.resolve("savepoints"));
    }

    String checkpointsUri() {
        return checkpoints.toUri().toString();
    }

    String savepointsUri() {
        return savepoints.toUri().toString();
    }

    /** The newest snapshot that is whole: its metadata is written last. */
    Optional<Path> newest() throws IOException {
        return Stream.concat(all(checkpoints).stream(), all(savepoints).stream())
                .sorted(Comparator.comparing(Snapshots::written).reversed())
                .filter(Snapshots::isWhole)
                .map(Path::getParent)
                .findFirst();
    }

    /** Removes what earlier runs left, but for {@code kept}, from which this one starts. */
    void removeAllBut(Optional<Path> kept) throws IOException {
        for (Path folder : List.of(checkpoints, savepoints)) {
            try (Stream<Path> runs = Files.list(folder)) {
                for (Path run : runs.toList()) {
                    if (kept.isEmpty() || !kept.get().startsWith(run)) {
                        remove(run);
                    }
                }
            }
        }
    }

    private static List<Path> all(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder, DEPTH)) {
            return files.filter(file -> file.endsWith(METADATA)).toList();
        }
    }

    private static FileTime written(Path metadata) {
        try {
            return Files.getLastModifiedTime(metadata);
        } catch (IOException gone) {
            return FileTime.fromMillis(0);
        }
    }

    private static boolean isWhole(Path metadata) {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(metadata)))) {
            Checkpoints.loadCheckpointMetadata(in, Snapshots.class.getClassLoader(), metadata.toString());
            return true;
        } catch (IOException | RuntimeException broken) {
            LOG.warn("{} is not whole; an older one is taken: {}", metadata, broken.toString());
            return false;
        }
    }

    /** Removes a folder and all that is in it, if it is there. */
    static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }
}
