package dev.sluice.flink.domain;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Objects;

/**
 * What a device sends, and how it is stored: {@code model.json}, in the form in which every consumer reads it.
 *
 * <p>{@code stacks} makes it from {@code telemetry.toml}, after validation; nothing here validates, but a
 * key that this version does not know is refused.
 *
 * @param topic MQTT topic filter of the events, for instance {@code dt/+/measures}
 * @param device who sent an event
 * @param time when it was measured; {@code null}: the arrival time is the time
 * @param event how an event that comes more than once, and does not say when it happened, is known again;
 *     {@code null}: each copy is an event
 * @param dimensions what else describes the device, in the order of the file, without the device itself
 * @param measures what is measured, in the order of the file
 * @param layout how an event becomes records
 * @param undeclared what happens to fields of an event that the model does not name
 */
public record Model(
        @JsonProperty(required = true) String topic,
        @JsonProperty(required = true) Device device,
        TimeField time,
        EventIdentity event,
        List<Dimension> dimensions,
        @JsonProperty(required = true) List<Measure> measures,
        @JsonProperty(value = "record", required = true) RecordLayout layout,
        @JsonProperty(required = true) Undeclared undeclared) {

    private static final ObjectReader READER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build()
            .readerFor(Model.class);

    /** All but {@code time} and {@code event} is there. */
    public Model {
        Objects.requireNonNull(topic, "topic");
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(layout, "record");
        Objects.requireNonNull(undeclared, "undeclared");
        dimensions = dimensions == null ? List.of() : List.copyOf(dimensions);
        measures = List.copyOf(measures);
    }

    /**
     * Reads the JSON of a model.
     *
     * @throws IllegalArgumentException if it is not one; the message says where and why
     */
    public static Model parse(String json) {
        try {
            return Objects.requireNonNull(READER.readValue(json), "null");
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
     * @param topicSegment which segment of the topic names the device, counted from 1; it comes as the
     *     partition key of the event. {@code null}: the event itself names the device
     */
    public record Device(
            @JsonProperty(required = true) String dimension,
            @JsonProperty(required = true) String field,
            @JsonProperty("topic_segment") Integer topicSegment) {
        /** Both names are there. */
        public Device {
            Objects.requireNonNull(dimension, "device.dimension");
            Objects.requireNonNull(field, "device.field");
        }
    }

    /**
     * The field that holds the time of an event.
     *
     * @param field field of the event
     * @param unit unit of a number in it; ISO-8601 text needs none
     */
    public record TimeField(
            @JsonProperty(required = true) String field,
            @JsonProperty(required = true) TimeUnit unit) {
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
     * @param field field of the event
     */
    public record Dimension(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) String field) {
        /** Both are there. */
        public Dimension {
            Objects.requireNonNull(name, "dimension.name");
            Objects.requireNonNull(field, "dimension.field");
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
     */
    public record Measure(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) String field,
            @JsonProperty(required = true) MeasureType type,
            String unit,
            Range normal) {
        /** What identifies the measure is there. */
        public Measure {
            Objects.requireNonNull(name, "measure.name");
            Objects.requireNonNull(field, "measure.field");
            Objects.requireNonNull(type, "measure.type");
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
}
