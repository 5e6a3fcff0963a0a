package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.flink.timestream.Timestream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * This decoder and the one in Rust, on generated messages of generated models: the same records, reasons and
 * counts, to the byte.
 *
 * <p>{@code SLUICE_DECODE} is the path of the example {@code decode} of the crate {@code telemetry}, which
 * {@code cargo xtask test} builds; without it the test is skipped. {@code SLUICE_DECODE_EVENTS} and {@code
 * SLUICE_DECODE_SEED} choose how many events, and which.
 */
class DifferentialTest {
    private static final int EVENTS = 30_000;
    private static final int MODELS = 300;
    private static final int SHOWN = 5;

    @TempDir
    private Path folder;

    private record Sent(String model, Arrival arrival, byte[] payload) {
        String line() {
            return String.join(
                    "\t",
                    model,
                    Long.toString(arrival.timeMs()),
                    arrival.sequenceNumber(),
                    Base64.getEncoder().encodeToString(arrival.partitionKey().getBytes(StandardCharsets.UTF_8)),
                    Base64.getEncoder().encodeToString(payload));
        }
    }

    @Test
    void both_decoders_say_the_same() throws IOException, InterruptedException {
        String program = System.getenv("SLUICE_DECODE");
        if (program == null) {
            System.err.println("SKIPPED: the comparison with the decoder in Rust. Run `cargo xtask test`, or"
                    + " `cargo build -p telemetry --example decode` and set SLUICE_DECODE to its path.");
        }
        assumeTrue(program != null, "SLUICE_DECODE is not set");
        assertTrue(Files.isExecutable(Path.of(program)), "SLUICE_DECODE is no program: " + program);
        int count = (int) number("SLUICE_DECODE_EVENTS", EVENTS);
        long seed = number("SLUICE_DECODE_SEED", System.nanoTime());

        SortedMap<String, Model> models = models(seed);
        Process process = new ProcessBuilder(program, folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BlockingQueue<Sent> sent = new ArrayBlockingQueue<>(10_000);
        Thread writer =
                new Thread(() -> send(process, sent, models, new GeneratedEvents(seed), count), "generated events");
        writer.setDaemon(true);
        writer.start();

        SortedMap<String, Decoder> decoders = new TreeMap<>();
        models.forEach((name, model) -> decoders.put(name, new Decoder(model, Timestream.LIMITS)));
        Coverage coverage = new Coverage();
        List<String> differences = new ArrayList<>();
        int compared = 0;
        try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8)) {
            for (String theirs; (theirs = answers.readLine()) != null; compared++) {
                Sent event = sent.take();
                List<Decoded> decoded = Vectors.decoded(decoders.get(event.model), event.payload, event.arrival);
                decoded.forEach(coverage::count);
                String ours = Kpl.split(event.payload) instanceof Kpl.Aggregate
                        ? decoded.stream().map(Described::of).collect(Collectors.joining(",", "[", "]"))
                        : Described.of(decoded.get(0));
                if (!ours.equals(theirs) && differences.size() < SHOWN) {
                    differences.add("%s%n  event %s%n  Rust %s%n  Java %s"
                            .formatted(event.line(), new String(event.payload, StandardCharsets.UTF_8), theirs, ours));
                }
            }
        }
        assertEquals(0, process.waitFor(), "the decoder in Rust failed");
        assertTrue(
                differences.isEmpty(),
                () -> "with SLUICE_DECODE_SEED=%d they differ:%n%s".formatted(seed, String.join("\n", differences)));
        assertEquals(count, compared, "the decoder in Rust stopped early");
        coverage.check();
    }

    /** The models of the test vectors and as many others, each as a file in the folder. */
    private SortedMap<String, Model> models(long seed) throws IOException {
        SortedMap<String, String> texts = new TreeMap<>();
        Vectors.modelTexts().forEach((name, text) -> texts.put(name.replace('/', '-'), text));
        GeneratedModels generated = new GeneratedModels(seed);
        for (int index = 0; index < MODELS; index++) {
            texts.put("generated-" + index, generated.model());
        }
        SortedMap<String, Model> models = new TreeMap<>();
        for (SortedMap.Entry<String, String> text : texts.entrySet()) {
            Files.writeString(folder.resolve(text.getKey() + ".json"), text.getValue());
            models.put(text.getKey(), Model.parse(text.getValue()));
        }
        return models;
    }

    private static void send(
            Process process,
            BlockingQueue<Sent> sent,
            SortedMap<String, Model> byName,
            GeneratedEvents events,
            int count) {
        List<SortedMap.Entry<String, Model>> models = List.copyOf(byName.entrySet());
        try (BufferedWriter out = process.outputWriter(StandardCharsets.UTF_8)) {
            for (int index = 0; index < count; index++) {
                SortedMap.Entry<String, Model> model = models.get(index % models.size());
                EventKind kind = events.pick(model.getValue().kinds());
                Sent event = new Sent(model.getKey(), events.arrival(kind), events.payload(kind));
                if (!sent.offer(event, 1, TimeUnit.MINUTES)) {
                    throw new IOException("the decoder in Rust does not answer");
                }
                out.write(event.line());
                out.newLine();
            }
        } catch (IOException cause) {
            throw new UncheckedIOException(cause);
        } catch (InterruptedException cause) {
            Thread.currentThread().interrupt();
        }
    }

    private static long number(String variable, long otherwise) {
        String text = System.getenv(variable);
        return text == null ? otherwise : Long.parseLong(text);
    }

    /** Shows that the events reach every answer of a decoder: agreement on nothing would prove nothing. */
    private static final class Coverage {
        private final SortedMap<String, Integer> answers = new TreeMap<>();

        void count(Decoded decoded) {
            if (decoded.rejection() == null) {
                add("stored whole");
            } else {
                decoded.rejection()
                        .reasons()
                        .forEach(reason -> add(reason.fault().code()));
                add(decoded.records().isEmpty() ? "stored not at all" : "stored in part");
                if (decoded.rejection().omitted() > 0) {
                    add("reasons omitted");
                }
            }
            if (decoded.corrected() != null) {
                add("corrected");
            }
            if (decoded.outOfRange() > 0) {
                add("out of range");
            }
            for (Record record : decoded.records()) {
                if (record.measured() instanceof Measured.Multi multi) {
                    multi.values()
                            .forEach(value ->
                                    add("stored " + value.value().type().label()));
                }
            }
        }

        private void add(String answer) {
            answers.merge(answer, 1, Integer::sum);
        }

        void check() {
            System.out.println("differential test: " + answers);
            for (String answer : List.of(
                    "stored whole",
                    "stored in part",
                    "stored not at all",
                    "corrected",
                    "out of range",
                    "reasons omitted",
                    "stored double",
                    "stored bigint",
                    "stored boolean",
                    "stored varchar",
                    "stored timestamp",
                    "kpl_aggregate",
                    "not_utf8",
                    "not_json",
                    "unknown_kind",
                    "key_mismatch",
                    "path_blocked",
                    "not_an_array",
                    "senml_unknown",
                    "binary_unreadable",
                    "binary_short",
                    "not_an_object",
                    "nested_too_deep",
                    "duplicate_field",
                    "device_missing",
                    "not_a_scalar",
                    "dimensions_too_large",
                    "time_unreadable",
                    "time_out_of_range",
                    "time_ahead",
                    "point_time_missing",
                    "not_a_point",
                    "conflicting_point",
                    "type_mismatch",
                    "not_finite",
                    "number_out_of_range",
                    "text_too_long",
                    "record_too_large",
                    "no_measures",
                    "undeclared_field")) {
                assertTrue(answers.containsKey(answer), "no generated event was " + answer);
            }
        }
    }
}
