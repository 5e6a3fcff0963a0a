package dev.sluice.flink;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.flink.Scripted.Answered;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** WriteRecords of Timestream, on the wire. */
final class ScriptedTimestream {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A time that is too far ahead of any test, in nanoseconds. */
    private static final long TOO_FAR = 4_000_000_000_000_000_000L;

    private final ScriptedTable table;
    private final Map<String, String> columns = new HashMap<>();
    private long throttledBefore = Long.MIN_VALUE;

    ScriptedTimestream(ScriptedTable table) {
        this.table = table;
    }

    /** From now on the table has a column for the measure {@code name}. */
    void column(String name, String type) {
        columns.put(name, type);
    }

    /** It throttles every request with a record before {@code time}, in nanoseconds. */
    void throttlesBefore(long time) {
        throttledBefore = time;
    }

    static Answered unavailable() {
        return Scripted.error(500, "InternalServerException", Scripted.REASON);
    }

    static Answered invalid() {
        return Scripted.error(400, "ValidationException", Scripted.REASON);
    }

    Answered write(JsonNode request) {
        JsonNode common = request.path("CommonAttributes");
        for (JsonNode record : request.path("Records")) {
            if (record.path("Time").asLong() < throttledBefore) {
                return Scripted.error(400, "ThrottlingException", Scripted.REASON);
            } else if (dimensions(common, record).containsValue(Scripted.POISON)) {
                return invalid();
            }
        }
        ArrayNode rejected = JSON.createArrayNode();
        int index = 0;
        for (JsonNode record : request.path("Records")) {
            ObjectNode refusal = put(common, record);
            if (refusal != null) {
                rejected.add(refusal.put("RecordIndex", index));
            }
            index++;
        }
        if (rejected.isEmpty()) {
            ObjectNode body = JSON.createObjectNode();
            body.putObject("RecordsIngested").put("Total", index);
            return new Answered(200, body);
        }
        ObjectNode body = JSON.createObjectNode().put("__type", "com.amazonaws#RejectedRecordsException");
        body.set("RejectedRecords", rejected);
        return new Answered(419, body);
    }

    /** Stores a record, or says why not. */
    private ObjectNode put(JsonNode common, JsonNode record) {
        ObjectNode refusal = JSON.createObjectNode();
        Map<String, String> dimensions = dimensions(common, record);
        if (record.path("Time").asLong() > TOO_FAR) {
            return refusal.put("Reason", "too far ahead");
        } else if (dimensions.containsValue(Scripted.UNWANTED)) {
            return refusal.put("Reason", Scripted.REASON);
        }
        Map<String, String> measures = new TreeMap<>();
        for (JsonNode measure : record.path("MeasureValues")) {
            String name = measure.path("Name").asText();
            String type = measure.path("Type").asText();
            String there = columns.getOrDefault(name, type);
            if (!there.equals(type)) {
                return refusal.put(
                        "Reason",
                        "The measure \"%s\" has the data type %s, but it already exists with the data type %s."
                                .formatted(name, type, there));
            }
            measures.put(name, measure.path("Value").asText());
        }
        String place = dimensions + " "
                + either(common, record, "MeasureName").asText() + " "
                + record.path("Time").asText();
        long version = either(common, record, "Version").asLong();
        return table.put(place, new ScriptedTable.Row(version, measures)) == ScriptedTable.Fate.STORED
                ? null
                : refusal.put("Reason", "a version is there").put("ExistingVersion", table.version(place));
    }

    private static JsonNode either(JsonNode common, JsonNode record, String name) {
        return record.has(name) ? record.path(name) : common.path(name);
    }

    private static Map<String, String> dimensions(JsonNode common, JsonNode record) {
        Map<String, String> dimensions = new TreeMap<>();
        for (JsonNode part : List.of(common, record)) {
            part.path("Dimensions")
                    .forEach(one -> dimensions.put(
                            one.path("Name").asText(), one.path("Value").asText()));
        }
        return dimensions;
    }
}
