package dev.sluice.flink.timestream;

import dev.sluice.flink.Clients;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteAsyncClient;

/** The client of the store. Whoever asks for one closes it. */
public final class Client {
    private Client() {}

    /**
     * A client of the store that makes one attempt: retries are the sink's, which keeps records in its
     * state meanwhile. Without an endpoint of one's own it asks the service for one (endpoint discovery).
     */
    public static TimestreamWriteAsyncClient open(String region, int requests) {
        return TimestreamWriteAsyncClient.builder()
                .region(Region.of(region))
                .httpClientBuilder(Clients.http().maxConcurrency(requests))
                .overrideConfiguration(Clients.attempts()
                        .retryStrategy(DefaultRetryStrategy.doNotRetry())
                        .build())
                .build();
    }
}
