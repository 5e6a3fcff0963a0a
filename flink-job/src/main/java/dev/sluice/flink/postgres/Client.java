package dev.sluice.flink.postgres;

import dev.sluice.flink.Clients;
import java.time.Duration;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.rdsdata.RdsDataAsyncClient;

/** The client of the store. Whoever asks for one closes it. */
final class Client {
    /**
     * One attempt. The service itself gives a statement up after <a
     * href="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html">45 seconds</a>; to
     * send its rows again before that would have the database write them twice at once.
     */
    private static final Duration ATTEMPT = Duration.ofSeconds(50);

    private Client() {}

    /** A client that makes one attempt: retries are the sink's, which keeps records in its state meanwhile. */
    static RdsDataAsyncClient open(String region, int requests) {
        return RdsDataAsyncClient.builder()
                .region(Region.of(region))
                .httpClientBuilder(Clients.http().maxConcurrency(requests).readTimeout(ATTEMPT))
                .overrideConfiguration(Clients.attempts()
                        .apiCallAttemptTimeout(ATTEMPT)
                        .retryStrategy(DefaultRetryStrategy.doNotRetry())
                        .build())
                .build();
    }
}
