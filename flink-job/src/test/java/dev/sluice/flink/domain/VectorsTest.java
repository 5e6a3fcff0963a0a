package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.flink.timestream.Timestream;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/** Every vector of {@code test-vectors/}: the decoders of the pipeline agree with all of them. */
class VectorsTest {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    @TestFactory
    Stream<DynamicNode> every_vector_holds() {
        Map<String, Model> models = Vectors.models();
        return Vectors.byFile().entrySet().stream()
                .map(file -> dynamicContainer(
                        file.getKey(),
                        file.getValue().stream()
                                .map(vector ->
                                        dynamicTest(vector.name(), () -> holds(vector, models.get(vector.model()))))));
    }

    private static void holds(Vectors.Vector vector, Model model) {
        List<Decoded> decoded =
                Vectors.decoded(new Decoder(model, Timestream.LIMITS), vector.payload(), vector.arrives());
        // Compared as text, because the order of dimensions and measures counts too.
        assertEquals(wanted(vector), found(decoded), vector.why());
    }

    private static String wanted(Vectors.Vector vector) {
        ArrayNode records = NODES.arrayNode();
        for (JsonNode record : vector.records()) {
            ObjectNode ordered = NODES.objectNode();
            ordered.set("dimensions", record.get("dimensions"));
            ordered.set("measure_name", record.get("measure_name"));
            if (record.has("measures")) {
                ObjectNode measures = ordered.putObject("measures");
                record.get("measures").properties().forEach(one -> measures.set(one.getKey(), widened(one.getValue())));
            } else {
                ordered.set("value", widened(record.get("value")));
            }
            ordered.set("time", record.get("time"));
            ordered.set("version", record.get("version"));
            assertEquals(record.size(), ordered.size(), "unknown keys in " + record);
            records.add(ordered);
        }
        JsonNode quarantine = vector.quarantine() == null ? NODES.nullNode() : vector.quarantine();
        return summary(records, quarantine, vector.corrected(), vector.undeclared(), vector.outOfRange());
    }

    /** {@code {"double": 10}} means {@code 10.0}. */
    private static JsonNode widened(JsonNode value) {
        return value.has("double")
                ? NODES.objectNode()
                        .set("double", DoubleNode.valueOf(value.get("double").asDouble() + 0.0))
                : value;
    }

    private static String found(List<Decoded> all) {
        ArrayNode records = NODES.arrayNode();
        ArrayNode reasons = NODES.arrayNode();
        for (Decoded decoded : all) {
            decoded.records().forEach(record -> records.add(json(record)));
            List<Reason> told = decoded.rejection() == null
                    ? List.of()
                    : decoded.rejection().reasons();
            for (Reason reason : told) {
                ObjectNode one = reasons.addObject().put("code", reason.fault().code());
                if (reason.field() != null) {
                    one.put("field", reason.field());
                }
            }
        }
        return summary(
                records,
                reasons.isEmpty() ? NODES.nullNode() : reasons,
                all.stream().anyMatch(decoded -> decoded.corrected() != null),
                all.stream().mapToInt(Decoded::undeclared).sum(),
                all.stream().mapToInt(Decoded::outOfRange).sum());
    }

    private static String summary(
            JsonNode records, JsonNode reasons, boolean corrected, int undeclared, int outOfRange) {
        return "records %s%nquarantine %s%ncorrected %s, undeclared %d, out of range %d"
                .formatted(records.toPrettyString(), reasons, corrected, undeclared, outOfRange);
    }

    private static ObjectNode json(Record record) {
        ObjectNode json = NODES.objectNode();
        ObjectNode dimensions = json.putObject("dimensions");
        record.dimensions().forEach(one -> dimensions.put(one.name(), one.value()));
        json.put("measure_name", record.measureName());
        if (record.measured() instanceof Measured.Multi multi) {
            ObjectNode measures = json.putObject("measures");
            List<MeasureValue> values = multi.values();
            values.forEach(one -> measures.set(one.name(), json(one.value())));
            assertEquals(values.size(), measures.size(), "a measure is there twice");
        } else if (record.measured() instanceof Measured.Single single) {
            json.set("value", json(single.value()));
        }
        return json.put("time", record.time()).put("version", record.version());
    }

    private static ObjectNode json(Value value) {
        ObjectNode json = NODES.objectNode();
        String type = value.type().label();
        if (value instanceof Value.Double number) {
            return json.put(type, number.value());
        } else if (value instanceof Value.Bigint number) {
            return json.put(type, number.value());
        } else if (value instanceof Value.Boolean truth) {
            return json.put(type, truth.value());
        } else if (value instanceof Value.Timestamp instant) {
            return json.put(type, instant.nanoseconds());
        }
        return json.put(type, ((Value.Varchar) value).value());
    }
}
