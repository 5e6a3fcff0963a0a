package dev.sluice.flink;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.flink.Scripted.Answered;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** ExecuteStatement of the Data API with the function that writes rows behind it, on the wire. */
final class ScriptedDataApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DEVICE = "DeviceID";

    /** Columns of a row that are no measures, in the model of the tests. */
    private static final Set<String> FIXED = Set.of(DEVICE, "measure_name", "time", "nanosecond", "version");

    private final ScriptedTable table;
    private int mostRows;
    private int mostBytes;

    ScriptedDataApi(ScriptedTable table) {
        this.table = table;
    }

    /** Rows of the request that had most. */
    int mostRows() {
        return mostRows;
    }

    /** Bytes of rows of the request that had most. */
    int mostBytes() {
        return mostBytes;
    }

    static Answered unavailable() {
        return Scripted.error(504, "DatabaseUnavailableException", Scripted.REASON);
    }

    static Answered invalid() {
        return Scripted.error(
                400, "DatabaseErrorException", "ERROR: " + Scripted.REASON + "\n  Position: 1; SQLState: 22P02");
    }

    Answered write(JsonNode request) throws JsonProcessingException {
        JsonNode parameter = request.path("parameters").path(0);
        if (!request.path("sql").asText().equals("SELECT sluice.write(:rows::json)")
                || !parameter.path("name").asText().equals("rows")) {
            throw new IllegalStateException("nothing executes " + request);
        }
        String text = parameter.path("value").path("stringValue").asText();
        JsonNode rows = JSON.readTree(text);
        mostRows = Math.max(mostRows, rows.size());
        mostBytes = Math.max(mostBytes, text.getBytes(StandardCharsets.UTF_8).length);
        for (JsonNode row : rows) {
            if (row.path(DEVICE).asText().equals(Scripted.POISON)) {
                return invalid();
            }
        }
        ObjectNode said = JSON.createObjectNode();
        ArrayNode superseded = said.putArray("superseded");
        ArrayNode refused = said.putArray("refused");
        for (int index = 0; index < rows.size(); index++) {
            JsonNode row = rows.get(index);
            if (row.path(DEVICE).asText().equals(Scripted.UNWANTED)) {
                refused.addObject().put("index", index).put("reason", Scripted.REASON);
                continue;
            }
            switch (put(row)) {
                case STORED -> {}
                case SUPERSEDED -> superseded.add(index);
                case CONTRADICTED ->
                    refused.addObject()
                            .put("index", index)
                            .put("reason", "the table has another row of the same version");
            }
        }
        ObjectNode body = JSON.createObjectNode().put("numberOfRecordsUpdated", 0);
        body.putArray("records").addArray().addObject().put("stringValue", JSON.writeValueAsString(said));
        return new Answered(200, body);
    }

    private ScriptedTable.Fate put(JsonNode row) {
        Map<String, String> measures = new TreeMap<>();
        for (Map.Entry<String, JsonNode> field : row.properties()) {
            if (!FIXED.contains(field.getKey())) {
                measures.put(field.getKey(), field.getValue().asText());
            }
        }
        String place = String.join(
                " ",
                row.path(DEVICE).asText(),
                row.path("measure_name").asText(),
                row.path("time").asText(),
                row.path("nanosecond").asText());
        return table.put(place, new ScriptedTable.Row(row.path("version").asLong(), measures));
    }
}
