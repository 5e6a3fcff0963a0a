package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class RetentionTest {
    private static final Retention KNOWN = new Retention(Duration.ofNanos(10), Duration.ofNanos(30));
    private static final Retention UNKNOWN = new Retention(Duration.ofNanos(10), null);
    private static final Retention FOREVER = new Retention(Duration.ofSeconds(Long.MAX_VALUE), null);

    private record Case(Retention retention, long time, long now, Lateness expected) {}

    static List<Case> cases() {
        return List.of(
                new Case(KNOWN, 101, 100, Lateness.FRESH),
                new Case(KNOWN, 90, 100, Lateness.FRESH),
                new Case(KNOWN, 89, 100, Lateness.LATE),
                new Case(KNOWN, 70, 100, Lateness.LATE),
                new Case(KNOWN, 69, 100, Lateness.EXPIRED),
                new Case(UNKNOWN, 69, 100, Lateness.LATE),
                new Case(UNKNOWN, Long.MIN_VALUE, Long.MAX_VALUE, Lateness.LATE),
                new Case(KNOWN, Long.MAX_VALUE, Long.MIN_VALUE, Lateness.FRESH),
                new Case(FOREVER, 0, Long.MAX_VALUE, Lateness.FRESH));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aRecordIsLateWhenItIsOlderThanWhatIsFresh(Case given) {
        assertEquals(given.expected(), given.retention().lateness(given.time(), given.now()));
    }
}
