package dev.sluice.flink.domain;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What the devices of one kind send, and how it is stored.
 *
 * @param name what tells the kind from the others: the partition key of its events begins with it; {@code
 *     null}: the pipeline has this kind alone
 * @param topic MQTT topic filter of the events, for instance {@code dt/+/measures}
 * @param message where the events are in a message
 * @param named where an event names the measure whose value it is; {@code null}: each measure has a field of
 *     its own
 * @param device who sent an event
 * @param time when it was measured; {@code null}: the arrival time is the time
 * @param event how an event that comes more than once, and does not say when it happened, is known again;
 *     {@code null}: each copy is an event
 * @param dimensions what else describes the device, in the order of the file, without the device itself
 * @param measures what is measured, in the order of the file
 * @param layout how an event becomes records
 * @param undeclared what happens to fields of an event that the model does not name
 */
public record EventKind(
        String name,
        @JsonProperty(required = true) String topic,
        Model.Message message,
        Model.Named named,
        @JsonProperty(required = true) Model.Device device,
        Model.TimeField time,
        Model.EventIdentity event,
        List<Model.Dimension> dimensions,
        @JsonProperty(required = true) List<Model.Measure> measures,
        @JsonProperty(value = "record", required = true) Model.RecordLayout layout,
        @JsonProperty(required = true) Model.Undeclared undeclared) {
    /** All is there that must be. */
    public EventKind {
        Objects.requireNonNull(topic, "topic");
        message = message == null ? new Model.OneEvent() : message;
        Objects.requireNonNull(device, "device");
        dimensions = dimensions == null ? List.of() : List.copyOf(dimensions);
        measures = List.copyOf(Objects.requireNonNull(measures, "measures"));
        Objects.requireNonNull(layout, "record");
        Objects.requireNonNull(undeclared, "undeclared");
    }

    /**
     * The levels of the topic, counted from 1 and in their order, that the partition key has behind the name of
     * the kind: those that name the device, a dimension or the measure. Empty: it has the topic, or the client.
     */
    List<Integer> topicLevels() {
        Stream<List<Integer>> ofDimensions = dimensions.stream().map(Model.Dimension::topicSegments);
        Stream<List<Integer>> others =
                Stream.of(device.topicSegments(), named == null ? List.<Integer>of() : named.topicSegments());
        return Stream.concat(others, ofDimensions)
                .flatMap(List::stream)
                .distinct()
                .sorted()
                .toList();
    }
}
