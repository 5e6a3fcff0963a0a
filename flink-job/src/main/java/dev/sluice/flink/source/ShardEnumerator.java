package dev.sluice.flink.source;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/**
 * Finds the shards of the stream, also those that a reshard adds, and gives each to one reader.
 *
 * <p>A shard that is found later is read from its oldest record on as well: what came in before it was
 * found is not skipped. A stream that does not answer is asked again; that fails nothing.
 */
final class ShardEnumerator implements SplitEnumerator<Shard, Shards> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardEnumerator.class);

    /** Between two looks for new shards. A reshard takes longer than that to begin with. */
    private static final long DISCOVERY_MS = 10_000;

    private final SplitEnumeratorContext<Shard> context;
    private final Stream stream;
    private final KinesisAsyncClient client;
    private final Set<String> known;
    private final List<Shard> unassigned;

    ShardEnumerator(SplitEnumeratorContext<Shard> context, Stream stream, Shards shards) {
        this.context = context;
        this.stream = stream;
        this.client = stream.client();
        this.known = new TreeSet<>(shards.known());
        this.unassigned = new ArrayList<>(shards.unassigned());
    }

    @Override
    public void start() {
        context.callAsync(() -> stream.shards(client), this::found, 0, DISCOVERY_MS);
    }

    private void found(List<String> ids, Throwable failure) {
        if (failure != null) {
            LOG.warn("the stream {} does not list its shards; asking again", stream.arn(), failure);
            return;
        }
        // What the stream no longer lists has outlived its retention, and never comes back.
        known.retainAll(Set.copyOf(ids));
        for (String id : ids) {
            if (known.add(id)) {
                LOG.info("reading {} of {} from its oldest record on", id, stream.arn());
                unassigned.add(Shard.untouched(id));
            }
        }
        assign();
    }

    /** Gives every shard that waits to its reader, if that one is there. */
    private void assign() {
        Map<Integer, Integer> given = new HashMap<>();
        for (Iterator<Shard> waiting = unassigned.iterator(); waiting.hasNext(); ) {
            Shard shard = waiting.next();
            int reader = reader(shard.id(), context.currentParallelism());
            if (context.registeredReaders().containsKey(reader)) {
                context.assignSplit(shard, reader);
                given.merge(reader, 1, Integer::sum);
                waiting.remove();
            }
        }
        given.forEach((reader, count) -> LOG.debug("reader {} gets {} shards", reader, count));
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
    public void addSplitsBack(List<Shard> shards, int subtask) {
        unassigned.addAll(shards);
        assign();
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
        // Readers do not ask: they get what there is.
    }

    @Override
    public Shards snapshotState(long checkpoint) {
        return new Shards(new TreeSet<>(known), new ArrayList<>(unassigned));
    }

    @Override
    public void close() {
        client.close();
    }
}
