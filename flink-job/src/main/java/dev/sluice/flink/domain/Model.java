package dev.sluice.flink.domain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What the devices of a pipeline send, and how it is stored: {@code model.json}, in the form in which every
 * consumer reads it. A kind without a name is the whole file; otherwise it is {@code {"kinds": […]}}.
 *
 * <p>{@code stacks} makes it from {@code telemetry.toml}, after validation; nothing here validates, but a
 * key that this version does not know is refused.
 *
 * @param kinds at least one, in the order of the file; each has a name, unless it is the only one
 */
public record Model(@JsonProperty(required = true) List<EventKind> kinds) {
    private static final ObjectReader READER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build()
            .reader();

    /** There are kinds. */
    public Model {
        kinds = List.copyOf(Objects.requireNonNull(kinds, "kinds"));
    }

    /**
     * Reads the JSON of a model.
     *
     * @throws IllegalArgumentException if it is not one; the message says where and why
     */
    public static Model parse(String json) {
        try {
            if (READER.readTree(json).has("kinds")) {
                return READER.forType(Model.class).readValue(json);
            }
            EventKind only = READER.forType(EventKind.class).readValue(json);
            return new Model(List.of(Objects.requireNonNull(only, "null")));
        } catch (JsonProcessingException cause) {
            JsonLocation at = cause.getLocation();
            String where = at == null ? "" : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr());
            throw new IllegalArgumentException("this is not a model: " + cause.getOriginalMessage() + where, cause);
        } catch (NullPointerException cause) {
            throw new IllegalArgumentException("this is not a model: " + cause.getMessage(), cause);
        }
    }

    /**
     * The identity of a device: the first dimension of every record.
     *
     * @param dimension name of the dimension in the store
     * @param field field of the event that holds the identity; where the topic names the device, the field
     *     by which the lake knows it: what an event says there is not read
     * @param topicSegments which segments of the topic name the device, counted from 1; with several, their
     *     texts are joined with {@code /}. They come in the partition key of the event. Empty: the event
     *     itself names the device
     */
    public record Device(
            @JsonProperty(required = true) String dimension,
            @JsonProperty(required = true) String field,
            @JsonProperty("topic_segments") List<Integer> topicSegments) {
        /** Both names are there. */
        public Device {
            Objects.requireNonNull(dimension, "device.dimension");
            Objects.requireNonNull(field, "device.field");
            topicSegments = orNone(topicSegments);
        }
    }

    /** Where the events are in a message. */
    public sealed interface Message permits OneEvent, Each, Senml {
        /** Reads {@code "event"}, {@code "senml"} or {@code {"each": path}}. */
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        static Message of(JsonNode json) {
            if (json.isObject() && json.size() == 1 && json.path("each").isTextual()) {
                return new Each(json.get("each").textValue());
            }
            return switch (json.asText()) {
                case "event" -> new OneEvent();
                case "senml" -> new Senml();
                default -> throw new IllegalArgumentException("message is none of event, each and senml: " + json);
            };
        }
    }

    /** The message is one event. */
    public record OneEvent() implements Message {}

    /**
     * Each element of an array is an event.
     *
     * @param path of the array; {@code $} is the message itself
     */
    public record Each(String path) implements Message {}

    /** The message is a pack of SenML (RFC 8428), with its base fields resolved. */
    public record Senml() implements Message {}

    /**
     * How an event names the one measure that it is about, by the measure's {@code field}.
     *
     * @param field field of the event that holds the name; {@code null}: the topic names the measure
     * @param topicSegments which segments of the topic name the measure, joined with {@code /}
     * @param value field of the event that holds the value; {@code $} is the event itself, which then may be
     *     any JSON value, or text that is not JSON
     */
    public record Named(
            String field,
            @JsonProperty("topic_segments") List<Integer> topicSegments,
            @JsonProperty(required = true) String value) {
        /** The value's field is there. */
        public Named {
            Objects.requireNonNull(value, "named.value");
            topicSegments = orNone(topicSegments);
        }
    }

    /**
     * The field that holds the time of an event.
     *
     * @param field field of the event
     * @param unit unit of a number in it; text needs none
     * @param format how text is written that is not ISO-8601, for instance {@code %d.%m.%Y %H:%M:%S};
     *     {@code null}: all of it is
     * @param zone name of the IANA zone in which text without an offset is; {@code null}: UTC
     */
    public record TimeField(
            @JsonProperty(required = true) String field,
            @JsonProperty(required = true) TimeUnit unit,
            String format,
            String zone) {
        /** Both are there. */
        public TimeField {
            Objects.requireNonNull(field, "time.field");
            Objects.requireNonNull(unit, "time.unit");
        }
    }

    /**
     * What makes two events without a time of their own one.
     *
     * @param id field of the event that tells it from the other events of its device; {@code null}, and for
     *     an event without the field: its bytes do
     * @param windowSeconds the time between two instants that such an event may get, in seconds
     */
    public record EventIdentity(
            String id,

            @JsonProperty(value = "window_seconds", required = true)
            int windowSeconds) {}

    /**
     * An attribute of the device that identifies the series, beside the device itself.
     *
     * @param name name in the store
     * @param field field of the event; where the topic holds the value, the field by which the lake knows it
     * @param topicSegments which segments of the topic hold the value, as with the {@link Device}; empty: the
     *     event does
     */
    public record Dimension(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) String field,
            @JsonProperty("topic_segments") List<Integer> topicSegments) {
        /** Both are there. */
        public Dimension {
            Objects.requireNonNull(name, "dimension.name");
            Objects.requireNonNull(field, "dimension.field");
            topicSegments = orNone(topicSegments);
        }
    }

    /**
     * A value that the device measures.
     *
     * @param name name in the store
     * @param field field of the event
     * @param type type in the store
     * @param unit for people, for instance {@code celsius}; {@code null} if none is declared
     * @param normal what is normal, in the measure's unit; {@code null} if all is. A value outside is
     *     stored, and counted
     * @param written how the value is written in the event, where it is not simply there
     */
    public record Measure(String name, String field, MeasureType type, String unit, Range normal, Written written) {
        /** What identifies the measure is there. */
        public Measure {
            Objects.requireNonNull(name, "measure.name");
            Objects.requireNonNull(field, "measure.field");
            Objects.requireNonNull(type, "measure.type");
        }

        /** How it is written there has keys of its own beside the others. */
        @JsonCreator
        static Measure of(
                @JsonProperty(value = "name", required = true) String name,
                @JsonProperty(value = "field", required = true) String field,
                @JsonProperty(value = "type", required = true) MeasureType type,
                @JsonProperty("unit") String unit,
                @JsonProperty("normal") Range normal,
                @JsonProperty("points") Written.Points points,
                @JsonProperty("binary") Written.Binary binary,
                @JsonProperty("missing") List<String> missing,
                @JsonProperty("map") Map<String, Written.Mapped> map,
                @JsonProperty("suffix") String suffix,
                @JsonProperty("decimal") Written.Decimal decimal,
                @JsonProperty("scale") Double scale,
                @JsonProperty("offset") Double offset) {
            Written written = new Written(points, binary, missing, map, suffix, decimal, scale, offset);
            return new Measure(name, field, type, unit, normal, written);
        }
    }

    /**
     * A closed range of numbers.
     *
     * @param min the lowest normal value
     * @param max the highest normal value
     */
    public record Range(
            @JsonProperty(required = true) double min,
            @JsonProperty(required = true) double max) {
        /** Whether {@code value} is normal. Nothing that is not a number is. */
        boolean contains(double value) {
            return min <= value && value <= max;
        }
    }

    /** How an event becomes records. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "layout")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Multi.class, name = "multi"),
        @JsonSubTypes.Type(value = Single.class, name = "single")
    })
    public sealed interface RecordLayout permits Multi, Single {}

    /**
     * One multi-measure record for each instant of an event.
     *
     * @param name {@code measure_name} of these records
     */
    public record Multi(@JsonProperty(required = true) String name) implements RecordLayout {
        /** The name is there. */
        public Multi {
            Objects.requireNonNull(name, "record.name");
        }
    }

    /** One record for each measure. */
    public record Single() implements RecordLayout {}

    /** What happens to a field that the model does not name. */
    public enum Undeclared {
        /** It is counted and not stored. The lake keeps it. */
        @JsonProperty("ignore")
        IGNORE,
        /** What is declared is stored, and the event goes to quarantine too. */
        @JsonProperty("quarantine")
        QUARANTINE
    }

    private static <T> List<T> orNone(List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }
}
