package dev.sluice.flink.postgres;

import dev.sluice.flink.sink.Effect;
import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A way to the databases of a cluster. */
public sealed interface Way extends Serializable permits DataApi, Direct {
    /**
     * How long a statement may take. That is how long the Data API <a
     * href="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html">lets one run</a>.
     */
    Duration STATEMENT = Duration.ofSeconds(45);

    /**
     * One attempt. It is longer than a statement may take: to send its rows again before that would have the database
     * write them twice at once.
     */
    Duration ATTEMPT = STATEMENT.plusSeconds(5);

    /** Connects to {@code database}, for so many requests at once. */
    Session open(String database, int requests);

    /** A way that is open. Each request is one attempt: retries are the sink's, which keeps records meanwhile. */
    interface Session extends AutoCloseable {
        /**
         * Writes rows. It never fails.
         *
         * @param rows their text, as {@link Rows} makes it
         * @param count how many they are
         */
        CompletableFuture<Effect> write(String rows, int count);

        @Override
        void close();
    }
}
