package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.Limits;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Retention;
import dev.sluice.flink.domain.Value;
import dev.sluice.flink.domain.Window;
import java.time.Duration;
import java.util.List;

/**
 * What Timestream takes: its <a
 * href="https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html">quotas</a>.
 */
public final class Timestream {
    /** Fifteen minutes. */
    private static final long AHEAD_NANOSECONDS = 15L * 60 * 1_000_000_000;

    /**
     * The shortest time for which a table keeps its records
     * (<a href="https://docs.aws.amazon.com/timestream/latest/developerguide/API_RetentionProperties.html">RetentionProperties</a>):
     * a day.
     */
    private static final long SPAN_NANOSECONDS = 24L * 60 * 60 * 1_000_000_000;

    /** What the domain has to know: a record, its dimensions and a text take at most 2 KB each. */
    public static final Limits LIMITS = new Limits(
            2_048, 2_048, RecordSize.MAX_BYTES, RecordSize::tooLarge, new Window(AHEAD_NANOSECONDS, SPAN_NANOSECONDS));

    /** Records of one request. */
    static final int REQUEST_RECORDS = 100;

    /** No request comes near it: a record is at most 2 KB. */
    static final long REQUEST_BYTES = 4L << 20;

    /**
     * A record that asks whether a table takes requests at all, without a trace in it: it is valid in form and
     * refused for its time, 2200-01-01T00:00:00Z.
     */
    static final Record PROBE = new Record(
            List.of(new DimensionValue("probe", "probe")),
            "probe",
            new Measured.Single(new Value.Double(0)),
            7_258_118_400_000_000_000L,
            1);

    private Timestream() {}

    /**
     * What a table keeps that has records in memory for so many hours, where it takes them at full speed. How long
     * it keeps them on disk after that, nobody tells the job: the table refuses what is older.
     */
    public static Retention retention(int memoryHours) {
        return new Retention(Duration.ofHours(memoryHours), null);
    }
}
