package dev.sluice.flink.source;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ListShardsRequest;
import software.amazon.awssdk.services.kinesis.model.ListShardsResponse;

/**
 * A stream of Kinesis.
 *
 * @param arn its ARN
 * @param region its Region
 */
record Stream(String arn, String region) implements Serializable {
    /** One attempt; a full answer of ten megabytes takes its time. */
    private static final Duration ATTEMPT = Duration.ofSeconds(30);

    private static final Duration CONNECT = Duration.ofSeconds(3);

    /** A client of the stream's service. It retries by itself what is worth it; the caller closes it. */
    KinesisAsyncClient client() {
        return KinesisAsyncClient.builder()
                .region(Region.of(region))
                .httpClientBuilder(NettyNioAsyncHttpClient.builder().connectionTimeout(CONNECT))
                .overrideConfiguration(ClientOverrideConfiguration.builder()
                        .apiCallAttemptTimeout(ATTEMPT)
                        .build())
                .build();
    }

    /** The ids of all shards, also of closed ones whose records are still there. */
    List<String> shards(KinesisAsyncClient client) {
        List<String> ids = new ArrayList<>();
        ListShardsRequest request = ListShardsRequest.builder().streamARN(arn).build();
        while (true) {
            ListShardsResponse response = client.listShards(request).join();
            response.shards().forEach(shard -> ids.add(shard.shardId()));
            if (response.nextToken() == null) {
                return ids;
            }
            request =
                    ListShardsRequest.builder().nextToken(response.nextToken()).build();
        }
    }
}
