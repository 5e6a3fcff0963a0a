package dev.sluice.flink.source;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A stream of Kinesis as a source: every shard from its oldest record on, at least once.
 *
 * <p>Positions are those of records that went downstream, so that a restored job goes on right behind the
 * last record of the checkpoint. The endpoint is the Region's, or that of {@code AWS_ENDPOINT_URL}.
 */
public final class KinesisSource implements Source<Delivery, Shard, Shards>, ResultTypeQueryable<Delivery> {
    private static final long serialVersionUID = 1;

    private final Stream stream;

    /**
     * A source that reads one stream.
     *
     * @param streamArn the stream's ARN
     * @param region its Region
     */
    public KinesisSource(String streamArn, String region) {
        this.stream = new Stream(streamArn, region);
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<Shard, Shards> createEnumerator(SplitEnumeratorContext<Shard> context) {
        return restoreEnumerator(context, new Shards(Set.of(), List.of()));
    }

    @Override
    public SplitEnumerator<Shard, Shards> restoreEnumerator(SplitEnumeratorContext<Shard> context, Shards shards) {
        return new ShardEnumerator(context, stream, shards);
    }

    @Override
    public SourceReader<Delivery, Shard> createReader(SourceReaderContext context) {
        return new Reader(stream, context);
    }

    @Override
    public SimpleVersionedSerializer<Shard> getSplitSerializer() {
        return new ShardSerializer();
    }

    @Override
    public SimpleVersionedSerializer<Shards> getEnumeratorCheckpointSerializer() {
        return new ShardsSerializer();
    }

    @Override
    public TypeInformation<Delivery> getProducedType() {
        return TypeInformation.of(Delivery.class);
    }

    /** The position of a shard, as far as its records went downstream. */
    private static final class Progress {
        private final String id;
        private String after;

        private Progress(Shard shard) {
            this.id = shard.id();
            this.after = shard.after();
        }
    }

    @SuppressWarnings("try") // Of the base class: its close() may be interrupted.
    private static final class Reader
            extends SingleThreadMultiplexSourceReaderBase<Delivery, Delivery, Shard, Progress> {
        private static final RecordEmitter<Delivery, Delivery, Progress> EMITTER = (delivery, output, progress) -> {
            output.collect(delivery, delivery.arrivalMs());
            progress.after = delivery.sequenceNumber();
        };

        private Reader(Stream stream, SourceReaderContext context) {
            super(() -> new ShardReader(stream), EMITTER, new Configuration(), context);
        }

        @Override
        protected void onSplitFinished(Map<String, Progress> finished) {
            // The enumerator knows them, and gives out none of them again.
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
}
