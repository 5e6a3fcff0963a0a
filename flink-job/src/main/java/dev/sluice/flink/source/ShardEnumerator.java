package dev.sluice.flink.source;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/**
 * Finds the shards of the stream, also those that a reshard adds, and gives each to one reader, once.
 *
 * <p>A shard that is found later is read from its oldest record on as well: what came in before it was
 * found is not skipped. It waits until its parents were read to their end, so that the records of one
 * partition key are handed on in their order
 * (<a href="https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html">after
 * resharding</a>).
 *
 * <p>A stream that does not answer is asked again; that fails nothing. A listing may be incomplete, so what
 * one lacks is not gone: several in a row say so.
 */
final class ShardEnumerator implements SplitEnumerator<Shard, Shards> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardEnumerator.class);

    private final SplitEnumeratorContext<Shard> context;
    private final Stream stream;
    private final Duration discovery;
    private final KinesisAsyncClient client;

    /** With a reader, which tells when it has read them to their end. */
    private final Set<String> given;

    private final Set<String> finished;

    /** The shards of the latest listing, each with its parents. */
    private Map<String, Set<String>> listed = Map.of();

    /** How many listings in a row lack a shard that somebody may still ask for. */
    private final Map<String, Integer> lacking = new TreeMap<>();

    ShardEnumerator(SplitEnumeratorContext<Shard> context, Stream stream, Duration discovery, Shards shards) {
        this.context = context;
        this.stream = stream;
        this.discovery = discovery;
        this.client = stream.client();
        this.given = new TreeSet<>(shards.given());
        this.finished = new TreeSet<>(shards.finished());
    }

    @Override
    public void start() {
        context.callAsync(() -> stream.shards(client), this::found, 0, discovery.toMillis());
    }

    private void found(Map<String, Set<String>> shards, Throwable failure) {
        if (failure != null) {
            LOG.warn("the stream {} does not list its shards; asking again", stream.arn(), failure);
            return;
        }
        listed = shards;
        Set<String> asked = shards.values().stream().flatMap(Set::stream).collect(Collectors.toSet());
        asked.addAll(finished);
        asked.removeAll(shards.keySet());
        lacking.keySet().retainAll(asked);
        asked.forEach(id -> lacking.merge(id, 1, Integer::sum));
        finished.removeIf(this::isGone);
        assign();
    }

    /** Whether a shard has outlived the stream's retention: it never comes back. */
    private boolean isGone(String id) {
        return lacking.getOrDefault(id, 0) >= Stream.LISTINGS;
    }

    /** Gives every shard that waits to its reader, if that one is there and the parents were read. */
    private void assign() {
        listed.forEach((id, parents) -> {
            int reader = reader(id, context.currentParallelism());
            boolean waits = !given.contains(id) && !finished.contains(id);
            if (waits
                    && parents.stream().allMatch(this::isRead)
                    && context.registeredReaders().containsKey(reader)) {
                LOG.info("reading {} of {} from its oldest record on", id, stream.arn());
                given.add(id);
                context.assignSplit(Shard.untouched(id), reader);
            }
        });
    }

    private boolean isRead(String parent) {
        return finished.contains(parent) || !given.contains(parent) && isGone(parent);
    }

    /** Neighbours go to different readers: ids end in a number that the stream counts up. */
    static int reader(String id, int readers) {
        return Math.floorMod(Long.hashCode(number(id)), readers);
    }

    private static long number(String id) {
        String digits = id.substring(id.lastIndexOf('-') + 1);
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException notANumber) {
            return id.hashCode();
        }
    }

    @Override
    public void addReader(int subtask) {
        assign();
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        if (event instanceof ShardsFinished news) {
            given.removeAll(news.ids());
            finished.addAll(news.ids());
            assign();
        }
    }

    /** What a reader was given and lost before its first checkpoint. Nothing of it counts as read. */
    @Override
    public void addSplitsBack(List<Shard> shards, int subtask) {
        for (Shard shard : shards) {
            given.remove(shard.id());
            finished.remove(shard.id());
        }
        assign();
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
        // Readers do not ask: they get what there is.
    }

    @Override
    public Shards snapshotState(long checkpoint) {
        return new Shards(new TreeSet<>(given), new TreeSet<>(finished));
    }

    @Override
    public void close() {
        client.close();
    }
}
