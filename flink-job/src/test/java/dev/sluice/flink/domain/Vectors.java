package dev.sluice.flink.domain;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.flink.timestream.Timestream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files of {@code test-vectors/}, as its README describes them, and those of the gallery of models. */
public final class Vectors {
    static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private static final Path FOLDER =
            Path.of(System.getProperty("basedir", "")).resolve("../test-vectors");
    private static final Path GALLERY =
            Path.of(System.getProperty("basedir", "")).resolve("../models");
    private static final Pattern REPETITION = Pattern.compile("«(\\d+)»");

    private Vectors() {}

    record Vector(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) String why,
            @JsonProperty(required = true) String model,
            When arrival,
            @JsonProperty("partition_key") String partitionKey,
            String event,
            @JsonProperty("event_base64") String eventBase64,
            @JsonProperty(required = true) List<JsonNode> records,
            JsonNode quarantine,
            boolean corrected,
            int undeclared,
            @JsonProperty("out_of_range") int outOfRange) {

        byte[] payload() {
            if ((event == null) == (eventBase64 == null)) {
                throw new IllegalArgumentException(name + ": either event or event_base64");
            }
            return event == null ? Base64.getDecoder().decode(eventBase64) : event.getBytes(StandardCharsets.UTF_8);
        }

        Arrival arrives() {
            When when = arrival == null ? ARRIVAL : arrival;
            return new Arrival(when.timeMs, when.sequenceNumber, partitionKey == null ? "device-1" : partitionKey);
        }
    }

    record When(
            @JsonProperty(value = "time_ms", required = true)
            long timeMs,

            @JsonProperty(value = "sequence_number", required = true)
            String sequenceNumber) {}

    private static final When ARRIVAL =
            new When(1_609_757_180_000L, "49613710034000000000000000000000000000000000000000000042");

    /** What becomes of a payload, which may be an aggregate of several. */
    static List<Decoded> decoded(Decoder decoder, byte[] payload, Arrival arrival) {
        Kpl.Split split = Kpl.split(payload);
        if (split instanceof Kpl.Damaged damaged) {
            return List.of(damaged.decoded());
        }
        if (!(split instanceof Kpl.Aggregate aggregate)) {
            return List.of(decoder.decode(payload, arrival));
        }
        List<Decoded> decoded = new ArrayList<>();
        for (Kpl.UserRecord record : aggregate.records()) {
            decoded.add(decoder.decode(record.data(), arrival.withKey(record.partitionKey()), decoded.size()));
        }
        return decoded;
    }

    /** The vectors of each file. */
    static SortedMap<String, List<Vector>> byFile() {
        SortedMap<String, List<Vector>> files = new TreeMap<>();
        SortedMap<String, String> texts = read(FOLDER);
        texts.putAll(ofGallery("vectors.json"));
        texts.forEach((name, text) -> {
            String expanded =
                    REPETITION.matcher(text).replaceAll(count -> "x".repeat(Integer.parseInt(count.group(1))));
            try {
                files.put(name, List.of(JSON.readValue(expanded, Vector[].class)));
            } catch (JsonProcessingException cause) {
                throw new UncheckedIOException(name, cause);
            }
        });
        return files;
    }

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        byFile().values().forEach(all::addAll);
        return all;
    }

    /** The records that each vector of a model gives, by the model and by the vector. */
    public static Map<String, Map<String, List<Record>>> recordsByModel() {
        Map<String, Map<String, List<Record>>> models = new TreeMap<>();
        Map<String, Model> parsed = models();
        for (Vector vector : all()) {
            Decoder decoder = new Decoder(parsed.get(vector.model()), Timestream.LIMITS);
            List<Record> records = decoded(decoder, vector.payload(), vector.arrives()).stream()
                    .flatMap(decoded -> decoded.records().stream())
                    .toList();
            models.computeIfAbsent(vector.model(), none -> new TreeMap<>()).put(vector.name(), records);
        }
        return models;
    }

    /** Every model, by the name of its file without {@code .json}, and those of the gallery as {@code gallery/} and their folder. */
    static SortedMap<String, Model> models() {
        SortedMap<String, Model> models = new TreeMap<>();
        modelTexts().forEach((name, text) -> models.put(name, Model.parse(text)));
        return models;
    }

    /** The JSON of every model, by its name. */
    public static SortedMap<String, String> modelTexts() {
        SortedMap<String, String> texts = read(FOLDER.resolve("models"));
        texts.putAll(ofGallery("model.json"));
        return texts;
    }

    /** The texts of a file of each model of the gallery, by its name. */
    private static SortedMap<String, String> ofGallery(String file) {
        SortedMap<String, String> texts = new TreeMap<>();
        if (!Files.isDirectory(GALLERY)) {
            return texts;
        }
        try (Stream<Path> folders = Files.list(GALLERY)) {
            for (Path folder :
                    folders.filter(path -> Files.exists(path.resolve(file))).toList()) {
                texts.put("gallery/" + folder.getFileName(), Files.readString(folder.resolve(file)));
            }
        } catch (IOException cause) {
            throw new UncheckedIOException("the gallery of models is beside flink-job", cause);
        }
        return texts;
    }

    private static SortedMap<String, String> read(Path folder) {
        SortedMap<String, String> texts = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".json")).toList()) {
                String name = file.getFileName().toString();
                texts.put(name.substring(0, name.length() - ".json".length()), Files.readString(file));
            }
        } catch (IOException cause) {
            throw new UncheckedIOException("the test vectors are beside flink-job", cause);
        }
        if (texts.isEmpty()) {
            throw new IllegalStateException("there is nothing in " + folder);
        }
        return texts;
    }
}
