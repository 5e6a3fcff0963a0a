package dev.sluice.flink.source;

import java.time.Duration;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A stream of Kinesis as a source: every shard from its oldest record on, at least once.
 *
 * <p>Positions are those of records that went downstream, so that a restored job goes on right behind the
 * last record of the checkpoint. The endpoint is the Region's, or that of {@code AWS_ENDPOINT_URL}.
 */
public final class KinesisSource implements Source<Delivery, Shard, Shards>, ResultTypeQueryable<Delivery> {
    private static final long serialVersionUID = 1;

    /** Between two looks for new shards. A reshard takes longer than that to begin with. */
    private static final Duration DISCOVERY = Duration.ofSeconds(10);

    private final Stream stream;
    private final Duration discovery;

    /**
     * A source that reads one stream.
     *
     * @param streamArn the stream's ARN
     * @param region its Region
     */
    public KinesisSource(String streamArn, String region) {
        this(new Stream(streamArn, region), DISCOVERY);
    }

    /** The same, which looks for new shards as often as {@code discovery} says. */
    KinesisSource(Stream stream, Duration discovery) {
        this.stream = stream;
        this.discovery = discovery;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<Shard, Shards> createEnumerator(SplitEnumeratorContext<Shard> context) {
        return restoreEnumerator(context, new Shards(Set.of(), Set.of()));
    }

    @Override
    public SplitEnumerator<Shard, Shards> restoreEnumerator(SplitEnumeratorContext<Shard> context, Shards shards) {
        return new ShardEnumerator(context, stream, discovery, shards);
    }

    @Override
    public SourceReader<Delivery, Shard> createReader(SourceReaderContext context) {
        return new StreamReader(stream, context);
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
}
