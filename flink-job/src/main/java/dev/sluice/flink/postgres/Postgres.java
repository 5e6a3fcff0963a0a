package dev.sluice.flink.postgres;

import dev.sluice.flink.domain.Limits;
import dev.sluice.flink.timestream.Timestream;

/** What PostgreSQL takes. */
public final class Postgres {
    /**
     * What the domain has to know. An environment can change its store, so this one takes what that of the model's
     * dialect takes.
     */
    public static final Limits LIMITS = Timestream.LIMITS;

    /** Writes rows. */
    static final String WRITE = "SELECT sluice.write(:rows::json)";

    /** The parameter of {@link #WRITE}. */
    static final String ROWS = "rows";

    /** Rows of one request. */
    static final int REQUEST_ROWS = 500;

    /**
     * Bytes of the rows of one request, as text. The Data API takes <a
     * href="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html">4 MiB</a>.
     */
    static final long REQUEST_BYTES = 1L << 20;

    private Postgres() {}
}
