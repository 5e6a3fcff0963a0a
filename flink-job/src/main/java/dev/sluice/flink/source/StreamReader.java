package dev.sluice.flink.source;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;

/**
 * Hands on the records of the shards that it is given, and tells the enumerator which it has read to
 * their end.
 *
 * <p>A checkpoint of the enumerator may be older than that news and the one of this reader younger, and
 * then nobody would know of the shard. So it stays in the checkpoints of this reader until one is complete
 * that has it: the enumerator's next checkpoint is begun after that, and has the news. After a restore it is
 * told again.
 */
@SuppressWarnings("try") // Of the base class: its close() may be interrupted.
final class StreamReader
        extends SingleThreadMultiplexSourceReaderBase<Delivery, Delivery, Shard, StreamReader.Progress> {
    /** The position of a shard, as far as its records went downstream. */
    static final class Progress {
        private final String id;
        private String after;

        private Progress(Shard shard) {
            this.id = shard.id();
            this.after = shard.after();
        }
    }

    private static final RecordEmitter<Delivery, Delivery, Progress> EMITTER = (delivery, output, progress) -> {
        output.collect(delivery, delivery.arrivalMs());
        progress.after = delivery.sequenceNumber();
    };

    /** In no checkpoint yet. */
    private static final long NONE = Long.MAX_VALUE;

    /** Ids of the shards that were read to their end, with the first checkpoint that has each. */
    private final Map<String, Long> finished = new TreeMap<>();

    StreamReader(Stream stream, SourceReaderContext context) {
        super(() -> new ShardReader(stream), EMITTER, new Configuration(), context);
    }

    @Override
    public void start() {
        super.start();
        tell(finished.keySet());
    }

    @Override
    public void addSplits(List<Shard> shards) {
        shards.stream().filter(Shard::isEnded).forEach(shard -> finished.put(shard.id(), NONE));
        super.addSplits(shards.stream().filter(shard -> !shard.isEnded()).toList());
    }

    @Override
    protected void onSplitFinished(Map<String, Progress> ended) {
        ended.keySet().forEach(id -> finished.put(id, NONE));
        tell(ended.keySet());
    }

    private void tell(Collection<String> ids) {
        if (!ids.isEmpty()) {
            context.sendSourceEventToCoordinator(new ShardsFinished(List.copyOf(ids)));
        }
    }

    @Override
    public List<Shard> snapshotState(long checkpoint) {
        finished.replaceAll((id, first) -> Math.min(first, checkpoint));
        List<Shard> shards = new ArrayList<>(super.snapshotState(checkpoint));
        finished.keySet().forEach(id -> shards.add(Shard.ended(id)));
        return shards;
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) throws Exception {
        super.notifyCheckpointComplete(checkpoint);
        finished.values().removeIf(first -> first <= checkpoint);
    }

    @Override
    protected Progress initializedState(Shard shard) {
        return new Progress(shard);
    }

    @Override
    protected Shard toSplitType(String id, Progress progress) {
        return new Shard(progress.id, progress.after);
    }
}
