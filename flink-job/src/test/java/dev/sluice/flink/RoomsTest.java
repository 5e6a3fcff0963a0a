package dev.sluice.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
        return List.of(
                new Room("domain", "org\\.apache|software\\.amazon|dev\\.sluice\\.flink\\.(?!domain)"),
                // A store knows nothing of another; but what one takes the other has to take as well.
                new Room("timestream", "(?i)postgres|rdsdata"),
                new Room(
                        "postgres",
                        "(?i)^(?!import dev\\.sluice\\.flink\\.timestream\\.Timestream;|.*= Timestream\\.LIMITS;).*timestream"));
    }

    /** The packages of the stores, and the wiring: which one it is, the properties say. */
    @Test
    void nothingElseKnowsAStore() throws IOException {
        Pattern store = Pattern.compile("(?i)timestream|postgres|rds-?data|aurora");
        Set<String> knowing = new TreeSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (store.matcher(Files.readString(file)).find()) {
                    Path place = SOURCES.relativize(file);
                    knowing.add((place.getNameCount() == 1 ? place : place.getName(0)).toString());
                }
            }
        }
        assertEquals(Set.of("JobProperties.java", "postgres", "timestream"), knowing);
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
