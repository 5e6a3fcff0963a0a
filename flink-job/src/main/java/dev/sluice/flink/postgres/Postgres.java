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

    /** Writes rows by the Data API. */
    static final String WRITE = "SELECT sluice.write(:rows::json)";

    /** The parameter of {@link #WRITE}. */
    static final String ROWS = "rows";

    /** The same by the protocol of the database. */
    static final String WRITE_DIRECT = "SELECT sluice.write(?::text::json)::text";

    /** The role of who writes with an IAM token. */
    static final String CONSUMER = "sluice_consumer";

    /** Rows of one request. */
    static final int REQUEST_ROWS = 500;

    /**
     * Bytes of the rows of one request, as text. The Data API takes <a
     * href="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html">4 MiB</a>.
     */
    static final long REQUEST_BYTES = 1L << 20;

    private Postgres() {}
}
