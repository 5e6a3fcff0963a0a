package dev.sluice.flink;

import java.time.Duration;
import java.util.stream.Stream;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;

/**
 * The clients of the sinks. Their endpoints are the Region's, or those of {@code AWS_ENDPOINT_URL} and
 * {@code AWS_ENDPOINT_URL_<SERVICE>} (or of the SDK's system properties for these). Whoever asks for one
 * closes it.
 */
public final class Clients {
    /** One attempt. The services answer in milliseconds, or are better asked again. */
    private static final Duration ATTEMPT = Duration.ofSeconds(10);

    private static final Duration CONNECT = Duration.ofSeconds(3);

    private Clients() {}

    /** A client of queues. */
    public static SqsAsyncClient sqs(String region) {
        return SqsAsyncClient.builder()
                .region(Region.of(region))
                .httpClientBuilder(http())
                .overrideConfiguration(attempts().build())
                .build();
    }

    /** A client of buckets. An endpoint of one's own serves buckets by path; AWS serves them by name. */
    public static S3AsyncClient s3(String region) {
        boolean ownEndpoint = Stream.of(
                        System.getenv("AWS_ENDPOINT_URL_S3"),
                        System.getenv("AWS_ENDPOINT_URL"),
                        System.getProperty("aws.endpointUrlS3"),
                        System.getProperty("aws.endpointUrl"))
                .anyMatch(url -> url != null && !url.isEmpty());
        return S3AsyncClient.builder()
                .region(Region.of(region))
                .forcePathStyle(ownEndpoint)
                .httpClientBuilder(http())
                .overrideConfiguration(attempts().build())
                .build();
    }

    /** How every client connects. */
    public static NettyNioAsyncHttpClient.Builder http() {
        return NettyNioAsyncHttpClient.builder().connectionTimeout(CONNECT);
    }

    /** How long every client waits for one attempt. */
    public static ClientOverrideConfiguration.Builder attempts() {
        return ClientOverrideConfiguration.builder().apiCallAttemptTimeout(ATTEMPT);
    }
}
