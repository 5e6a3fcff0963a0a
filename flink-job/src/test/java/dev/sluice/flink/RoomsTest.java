package dev.sluice.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which package may know of what. */
final class RoomsTest {
    private static final Path SOURCES = Path.of("src/main/java/dev/sluice/flink");

    /**
     * A package, and what no line of its sources says.
     *
     * @param packageName a folder of the sources
     * @param unknown a pattern
     */
    private record Room(String packageName, String unknown) {}

    static List<Room> rooms() {
        String store = "(?i)timestream";
        return List.of(
                new Room("domain", "org\\.apache|software\\.amazon|dev\\.sluice\\.flink\\.(?!domain)"),
                new Room("domain", store),
                new Room("sink", store),
                new Room("quarantine", store),
                new Room("source", store));
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void aPackageKnowsNothingOfWhatIsBesideIt(Room room) throws IOException {
        Pattern unknown = Pattern.compile(room.unknown());
        try (Stream<Path> files = Files.list(SOURCES.resolve(room.packageName()))) {
            List<Path> all = files.toList();
            assertFalse(all.isEmpty());
            for (Path file : all) {
                List<String> said = Files.readAllLines(file).stream()
                        .filter(unknown.asPredicate())
                        .toList();
                assertEquals(List.of(), said, file.toString());
            }
        }
    }
}
