package dev.sluice.flink;

import com.sun.management.OperatingSystemMXBean;
import dev.sluice.flink.domain.Decoded;
import dev.sluice.flink.domain.Decoder;
import dev.sluice.flink.domain.Model;
import dev.sluice.flink.sink.Entry;
import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Events a second and bytes a record: this job, and the logic of the public sample's sink, from the same
 * source at full speed into the same store that only counts. {@code benches/throughput.sh} runs it.
 *
 * <p>Everything shares the cores of this machine: the source, the job and the store. A checkpoint is taken
 * every ten seconds. Arguments: seconds of warm-up and of measuring, for each row.
 */
final class Throughput {
    private static final int PARALLELISM = 2;
    private static final int MEASURES = 4;
    private static final long[] LATENCIES_MS = {0, 10};
    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private static final Path MODELS = Path.of("../test-vectors/models");

    private Throughput() {}

    /** A way from the source to the store. */
    private record Way(
            String name, String model, int recordsAnEvent, BiConsumer<StreamExecutionEnvironment, JobProperties> job) {}

    private record Row(Way way, long latencyMs, double seconds, double cpuSeconds, CountingStore.Counts counts) {
        double events() {
            return counts.records() / seconds / way.recordsAnEvent;
        }

        /** Of all threads of the process. Unlike the time of the clock, others on the machine do not lengthen it. */
        double cpuMicrosAnEvent() {
            return cpuSeconds * 1e6 * way.recordsAnEvent / counts.records();
        }
    }

    private static final List<Way> WAYS = List.of(
            new Way("sample's sink", "smart-home-single", MEASURES, Throughput::describeSample),
            new Way("this job, single", "smart-home-single", MEASURES, Throughput::describe),
            new Way("this job, multi", "smart-home", 1, Throughput::describe));

    public static void main(String[] arguments) throws Exception {
        Duration warmUp = Duration.ofSeconds(arguments.length > 0 ? Integer.parseInt(arguments[0]) : 15);
        Duration measured = Duration.ofSeconds(arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20);
        PrintStream out = System.out;
        out.printf(
                Locale.ROOT,
                "%d cores, load %.1f at the beginning, Java %s%n",
                Runtime.getRuntime().availableProcessors(),
                PROCESS.getSystemLoadAverage(),
                Runtime.version());
        out.printf(Locale.ROOT, "decoding alone: %,.0f events/s on one core%n", decodedASecond());

        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
        List<Row> rows = new ArrayList<>();
        try (CountingStore store = new CountingStore()) {
            System.setProperty("aws.endpointUrl", store.url());
            for (long latency : LATENCIES_MS) {
                for (Way way : WAYS) {
                    store.takes(latency);
                    rows.add(measure(way, latency, store, warmUp, measured));
                }
            }
        }
        print(out, rows);
        out.printf(Locale.ROOT, "load %.1f at the end%n", PROCESS.getSystemLoadAverage());
        // Threads of the clients may outlive the jobs.
        System.exit(0);
    }

    private static Row measure(Way way, long latency, CountingStore store, Duration warmUp, Duration measured)
            throws Exception {
        Configuration settings = new Configuration();
        settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(10));
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        settings.set(PipelineOptions.OBJECT_REUSE, true);
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, settings);
        String model = Files.readString(MODELS.resolve(way.model + ".json"));
        way.job.accept(
                environment,
                new JobProperties(
                        "arn:aws:kinesis:us-east-1:000000000000:stream/generated",
                        "us-east-1",
                        new Table("us-east-1", "database", "table", Timestream.retention(24)),
                        "http://127.0.0.1/queue",
                        "bucket",
                        32,
                        "benchmark",
                        model));
        JobClient job = environment.executeAsync();
        Thread.sleep(warmUp.toMillis());
        CountingStore.Counts before = store.counts();
        long started = System.nanoTime();
        long cpuStarted = PROCESS.getProcessCpuTime();
        Thread.sleep(measured.toMillis());
        CountingStore.Counts counts = store.counts().since(before);
        double cpuSeconds = (PROCESS.getProcessCpuTime() - cpuStarted) / 1e9;
        double seconds = (System.nanoTime() - started) / 1e9;
        job.cancel().join();
        return new Row(way, latency, seconds, cpuSeconds, counts);
    }

    private static DataGeneratorSource<Delivery> source() {
        return new DataGeneratorSource<>(
                new GeneratedDeliveries(System.currentTimeMillis()),
                GeneratedDeliveries.COUNT,
                TypeInformation.of(Delivery.class));
    }

    private static void describe(StreamExecutionEnvironment environment, JobProperties properties) {
        Job.describe(environment, properties, source());
    }

    private static void describeSample(StreamExecutionEnvironment environment, JobProperties properties) {
        environment
                .fromSource(source(), WatermarkStrategy.noWatermarks(), "stream", TypeInformation.of(Delivery.class))
                .process(new Decoding(properties.model(), properties.store()))
                .returns(TypeInformation.of(Entry.class))
                .sinkTo(new SampleSink((Table) properties.store()));
    }

    private static void print(PrintStream out, List<Row> rows) {
        out.printf("%n| a write takes | way | events/s | to the sample | CPU µs/event | records/request | bytes/record"
                + " | bytes/event |%n");
        out.println("| --: | --- | --: | --: | --: | --: | --: | --: |");
        double sample = 0;
        for (Row row : rows) {
            if (row.way == WAYS.get(0)) {
                sample = row.events();
            }
            CountingStore.Counts counts = row.counts;
            double bytes = (double) counts.bytes() / counts.records();
            out.printf(
                    Locale.ROOT,
                    "| %d ms | %s | %,.0f | %.1f | %.1f | %.1f | %.0f | %.0f |%n",
                    row.latencyMs,
                    row.way.name,
                    row.events(),
                    row.events() / sample,
                    row.cpuMicrosAnEvent(),
                    (double) counts.records() / counts.requests(),
                    bytes,
                    bytes * row.way.recordsAnEvent);
        }
    }

    /** On this thread, after a warm-up. */
    private static double decodedASecond() throws Exception {
        Decoder decoder =
                new Decoder(Model.parse(Files.readString(MODELS.resolve("smart-home.json"))), Timestream.LIMITS);
        GeneratedDeliveries deliveries = new GeneratedDeliveries(System.currentTimeMillis());
        Delivery[] sample = new Delivery[10_000];
        for (int at = 0; at < sample.length; at++) {
            sample[at] = deliveries.map((long) at);
        }
        decodedASecond(decoder, sample, Duration.ofSeconds(5));
        return decodedASecond(decoder, sample, Duration.ofSeconds(5));
    }

    private static double decodedASecond(Decoder decoder, Delivery[] sample, Duration duration) {
        long started = System.nanoTime();
        long events = 0;
        while (System.nanoTime() - started < duration.toNanos()) {
            for (Delivery delivery : sample) {
                Decoded decoded = decoder.decode(delivery.data(), delivery.arrival());
                if (decoded.rejection() != null || decoded.records().size() != 1) {
                    throw new IllegalStateException("the benchmark needs good events: " + decoded.rejection());
                }
            }
            events += sample.length;
        }
        return events * 1e9 / (System.nanoTime() - started);
    }
}
