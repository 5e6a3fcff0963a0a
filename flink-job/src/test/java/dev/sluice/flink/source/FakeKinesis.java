package dev.sluice.flink.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;

/**
 * A stream of Kinesis as an HTTP/2 server, with the reads of the API in JSON 1.1: shards split, merge and
 * outlive their retention, iterators expire, listings are incomplete, and requests are throttled or fail.
 *
 * <p>Clients that are made while it runs speak to it. It knows the API
 * (<a href="https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html">reference</a>), and
 * nothing of the code under test.
 */
final class FakeKinesis implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Keeps the threads that all clients share: without it, the end of a test's clients takes two seconds. */
    private static final SdkAsyncHttpClient THREADS = NettyNioAsyncHttpClient.create();

    private static final String ENDPOINT = "aws.endpointUrlKinesis";

    /** Of partition keys. */
    private static final int HASHES = 1 << 16;

    /** Of one answer, so that a shard takes many. */
    private static final int RECORDS = 10;

    /** Of one answer, so that a listing takes several. */
    private static final int LISTED = 3;

    private static final long ARRIVAL_MS = 1_609_757_180_000L;

    private record Event(String sequenceNumber, String key, String data) {}

    private static final class One {
        private final List<String> parents;
        private final int fromHash;
        private final int toHash;
        private final List<Event> events = new ArrayList<>();
        private boolean open = true;

        private One(int fromHash, int toHash, String... parents) {
            this.fromHash = fromHash;
            this.toHash = toHash;
            this.parents = List.of(parents);
        }
    }

    /** An answer that is an error. */
    private static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int status;

        private Refusal(int status, String code) {
            super(code);
            this.status = status;
        }
    }

    private final NioEventLoopGroup server = new NioEventLoopGroup(1);
    private final Random chance = new Random(7);
    private final Map<String, One> shards = new TreeMap<>();

    /** How many listings lack a shard from now on. */
    private final Map<String, Integer> hidden = new HashMap<>();

    /** What the listing lacks that was begun last, on all of its pages. */
    private Set<String> lacking = Set.of();

    private final Map<String, Integer> requests = new TreeMap<>();
    private double throttled;
    private double failing;
    private double expiring;
    private boolean gone;
    private boolean unreadable;
    private int nextShard;
    private long nextNumber = 1;

    FakeKinesis(int open) {
        for (int shard = 0; shard < open; shard++) {
            add(new One(HASHES / open * shard, shard == open - 1 ? HASHES : HASHES / open * (shard + 1)));
        }
        Channel listening = new ServerBootstrap()
                .group(server)
                .channel(NioServerSocketChannel.class)
                .childHandler(Http2.connection(this))
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
        int port = ((InetSocketAddress) listening.localAddress()).getPort();
        System.setProperty(ENDPOINT, "http://127.0.0.1:" + port);
        System.setProperty("aws.cborEnabled", "false");
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
    }

    /** What the code under test knows of it. */
    Stream stream() {
        return new Stream("arn:aws:kinesis:us-east-1:123456789012:stream/fake", "us-east-1");
    }

    static String id(int shard) {
        return "shardId-%012d".formatted(shard);
    }

    /** Puts one record into the shard of its key. Gives the sequence number. */
    synchronized String put(String key, String data) {
        int hash = key.hashCode() * 0x9E3779B9 >>> 16;
        One shard = shards.values().stream()
                .filter(one -> one.open && one.fromHash <= hash && hash < one.toHash)
                .findFirst()
                .orElseThrow();
        Event event = new Event("49%020d".formatted(nextNumber++), key, data);
        shard.events.add(event);
        return event.sequenceNumber();
    }

    synchronized void split(int shard) {
        One parent = close(shard);
        int middle = (parent.fromHash + parent.toHash) / 2;
        add(new One(parent.fromHash, middle, id(shard)));
        add(new One(middle, parent.toHash, id(shard)));
    }

    /** Merges two shards that are neighbours. */
    synchronized void merge(int lower, int upper) {
        add(new One(close(lower).fromHash, close(upper).toHash, id(lower), id(upper)));
    }

    /** The numbers of the open shards, by the keys that they have. */
    synchronized List<Integer> open() {
        return shards.entrySet().stream()
                .filter(entry -> entry.getValue().open)
                .sorted((one, other) -> Integer.compare(one.getValue().fromHash, other.getValue().fromHash))
                .map(entry -> Integer.parseInt(entry.getKey().substring("shardId-".length())))
                .toList();
    }

    private One close(int shard) {
        One one = shards.get(id(shard));
        one.open = false;
        return one;
    }

    private void add(One shard) {
        shards.put(id(nextShard++), shard);
    }

    /** A closed shard outlives the retention of its records. */
    synchronized void forget(int shard) {
        shards.remove(id(shard));
    }

    /** The next listings lack a shard. */
    synchronized void hide(int shard, int listings) {
        hidden.put(id(shard), listings);
    }

    /** Chances from 0 to 1 that a request is throttled, or fails, and that an iterator has expired. */
    synchronized void faults(double throttled, double failing, double expiring) {
        this.throttled = throttled;
        this.failing = failing;
        this.expiring = expiring;
    }

    /** Whether there is no such stream. */
    synchronized void gone(boolean gone) {
        this.gone = gone;
    }

    /** Whether it has no iterator for any shard, listed or not. */
    synchronized void unreadable(boolean unreadable) {
        this.unreadable = unreadable;
    }

    /** How often an operation was asked for, refused or not. */
    synchronized int requests(String operation) {
        return requests.getOrDefault(operation, 0);
    }

    private synchronized ObjectNode answer(String operation, JsonNode request) {
        requests.merge(operation, 1, Integer::sum);
        if (gone) {
            throw new Refusal(400, "ResourceNotFoundException");
        }
        if (chance.nextDouble() < throttled) {
            throw new Refusal(400, "ProvisionedThroughputExceededException");
        }
        if (chance.nextDouble() < failing) {
            throw new Refusal(500, "InternalFailure");
        }
        return switch (operation) {
            case "ListShards" -> list(request.path("NextToken").asText());
            case "GetShardIterator" -> JSON.createObjectNode().put("ShardIterator", iterator(request));
            case "GetRecords" -> records(request.path("ShardIterator").asText());
            default -> throw new Refusal(400, "UnknownOperationException");
        };
    }

    private ObjectNode list(String after) {
        if (after.isEmpty()) {
            lacking = Set.copyOf(hidden.keySet());
            hidden.replaceAll((id, listings) -> listings - 1);
            hidden.values().removeIf(listings -> listings == 0);
        }
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode listed = answer.putArray("Shards");
        for (Map.Entry<String, One> entry : shards.entrySet()) {
            if (entry.getKey().compareTo(after) <= 0 || lacking.contains(entry.getKey())) {
                continue;
            }
            if (listed.size() == LISTED) {
                return answer.put(
                        "NextToken", listed.get(LISTED - 1).path("ShardId").asText());
            }
            List<String> parents = entry.getValue().parents;
            ObjectNode shard = listed.addObject().put("ShardId", entry.getKey());
            shard.put("ParentShardId", parents.isEmpty() ? null : parents.get(0));
            shard.put("AdjacentParentShardId", parents.size() < 2 ? null : parents.get(1));
        }
        return answer;
    }

    private One shard(String id) {
        One shard = shards.get(id);
        if (shard == null) {
            throw new Refusal(400, "ResourceNotFoundException");
        }
        return shard;
    }

    /** An iterator is the shard and how many of its records are before it. */
    private String iterator(JsonNode request) {
        String id = request.path("ShardId").asText();
        if (unreadable) {
            throw new Refusal(400, "ResourceNotFoundException");
        }
        List<Event> events = shard(id).events;
        int before = 0;
        if (request.path("ShardIteratorType").asText().equals("AFTER_SEQUENCE_NUMBER")) {
            String after = request.path("StartingSequenceNumber").asText();
            while (before < events.size() && events.get(before).sequenceNumber().compareTo(after) <= 0) {
                before++;
            }
        }
        return id + ":" + before;
    }

    private ObjectNode records(String iterator) {
        if (chance.nextDouble() < expiring) {
            throw new Refusal(400, "ExpiredIteratorException");
        }
        String id = iterator.substring(0, iterator.indexOf(':'));
        int before = Integer.parseInt(iterator.substring(id.length() + 1));
        One shard = shard(id);
        int to = Math.min(shard.events.size(), before + RECORDS);
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode records = answer.putArray("Records");
        for (Event event : shard.events.subList(before, to)) {
            byte[] data = event.data().getBytes(StandardCharsets.UTF_8);
            records.addObject()
                    .put("SequenceNumber", event.sequenceNumber())
                    .put("PartitionKey", event.key())
                    .put("Data", Base64.getEncoder().encodeToString(data))
                    .put("ApproximateArrivalTimestamp", ARRIVAL_MS / 1000.0);
        }
        answer.put("MillisBehindLatest", to < shard.events.size() ? 1_000 : 0);
        boolean more = shard.open || to < shard.events.size();
        return more ? answer.put("NextShardIterator", id + ":" + to) : answer;
    }

    @Override
    public void close() {
        System.clearProperty(ENDPOINT);
        server.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** One request of a client, which speaks HTTP/2 to this service without asking first. */
    private static final class Http2 extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final FakeKinesis kinesis;

        private Http2(FakeKinesis kinesis) {
            this.kinesis = kinesis;
        }

        private static ChannelInitializer<Channel> connection(FakeKinesis kinesis) {
            return initializer(connection -> connection
                    .pipeline()
                    .addLast(Http2FrameCodecBuilder.forServer().build())
                    .addLast(new Http2MultiplexHandler(initializer(request -> request.pipeline()
                            .addLast(new Http2StreamFrameToHttpObjectCodec(true))
                            .addLast(new HttpObjectAggregator(1 << 20))
                            .addLast(new Http2(kinesis))))));
        }

        private static ChannelInitializer<Channel> initializer(Consumer<Channel> initialize) {
            return new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    initialize.accept(channel);
                }
            };
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) throws IOException {
            String target = request.headers().get("x-amz-target");
            ObjectNode body;
            int status = 200;
            try (InputStream content = new ByteBufInputStream(request.content())) {
                body = kinesis.answer(target.substring(target.indexOf('.') + 1), JSON.readTree(content));
            } catch (Refusal refusal) {
                status = refusal.status;
                body = JSON.createObjectNode()
                        .put("__type", refusal.getMessage())
                        .put("message", "as asked");
            }
            byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
            var response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), Unpooled.wrappedBuffer(bytes));
            response.headers().set("content-type", "application/x-amz-json-1.1");
            context.writeAndFlush(response);
        }
    }
}
