package dev.sluice.flink;

import dev.sluice.flink.quarantine.QuarantineSink;
import dev.sluice.flink.sink.Entry;
import dev.sluice.flink.sink.StoreSink;
import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.source.KinesisSource;
import dev.sluice.flink.source.Shard;
import dev.sluice.flink.source.Shards;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job: the stream, decoded, into the store and into quarantine.
 *
 * <p>All of it is one chain of operators: an event is handed from one to the next without being copied or
 * sent. Nothing is grouped by device, because nothing here remembers an event: what two events say of one
 * place in the store is decided by their versions. The uids are what snapshots know the operators by; they
 * never change.
 */
public final class Job {
    private static final String NAME = "sluice-consumer";

    private Job() {}

    /** Adds the job to {@code environment}, reading the stream that {@code properties} name. */
    public static void describe(StreamExecutionEnvironment environment, JobProperties properties) {
        Source<Delivery, Shard, Shards> stream = new KinesisSource(properties.streamArn(), properties.region());
        describe(environment, properties, stream);
    }

    /** The same with another source of deliveries. */
    static void describe(
            StreamExecutionEnvironment environment, JobProperties properties, Source<Delivery, ?, ?> source) {
        // Of all settings, only those that the service leaves to programs: it ends a program that changes
        // another (https://docs.aws.amazon.com/managed-flink/latest/java/programmatic-configuration.html).
        Configuration settings = new Configuration();
        settings.set(PipelineOptions.NAME, NAME);
        settings.set(PipelineOptions.OBJECT_REUSE, true);
        settings.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        environment.configure(settings);

        SingleOutputStreamOperator<Entry> records = environment
                .fromSource(source, WatermarkStrategy.noWatermarks(), "stream", TypeInformation.of(Delivery.class))
                .uid("stream")
                .process(new Decoding(properties.model(), properties.store()))
                .returns(TypeInformation.of(Entry.class))
                .name("decode")
                .uid("decode");
        records.sinkTo(new StoreSink(properties.store(), properties.quarantine(), properties.bufferBytes()))
                .name("store")
                .uid("store");
        records.getSideOutput(Decoding.REJECTED)
                .sinkTo(new QuarantineSink(properties.quarantine()))
                .name("quarantine")
                .uid("quarantine");
    }
}
