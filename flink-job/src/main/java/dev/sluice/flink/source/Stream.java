package dev.sluice.flink.source;

import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ListShardsRequest;
import software.amazon.awssdk.services.kinesis.model.ListShardsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;

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

    /** So many listings in a row that lack a shard mean that it is gone: a single one may be incomplete. */
    static final int LISTINGS = 3;

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

    /** All shards, also closed ones whose records are still there, each with the ids of its parents. */
    Map<String, Set<String>> shards(KinesisAsyncClient client) {
        Map<String, Set<String>> shards = new TreeMap<>();
        ListShardsRequest request = ListShardsRequest.builder().streamARN(arn).build();
        while (true) {
            ListShardsResponse response = client.listShards(request).join();
            response.shards().forEach(shard -> shards.put(shard.shardId(), parents(shard)));
            if (response.nextToken() == null) {
                return shards;
            }
            request =
                    ListShardsRequest.builder().nextToken(response.nextToken()).build();
        }
    }

    /** Of a merged shard two, of a split one, of the first ones of a stream none. */
    private static Set<String> parents(Shard shard) {
        return java.util.stream.Stream.of(shard.parentShardId(), shard.adjacentParentShardId())
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }
}
