package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model is read whole or refused: a key that is passed over would be a rule that is not kept. */
class ModelTest {
    private static final String VALID = """
            {"topic": "dt/+/measures", "device": {"dimension": "d", "field": "id", "topic_segment": 2},
             "time": {"field": "t", "unit": "us"}, "event": {"id": "n", "window_seconds": 10},
             "dimensions": [{"name": "site", "field": "s"}],
             "measures": [{"name": "n", "field": "f", "type": "bigint", "unit": "kg", "normal": {"min": 0, "max": 1.5}}],
             "record": {"layout": "multi", "name": "m"}, "undeclared": "quarantine"}""";

    @Test
    void every_key_is_read() {
        Model expected = new Model(
                "dt/+/measures",
                new Model.Device("d", "id", 2),
                new Model.TimeField("t", TimeUnit.MICROSECONDS),
                new Model.EventIdentity("n", 10),
                List.of(new Model.Dimension("site", "s")),
                List.of(new Model.Measure("n", "f", MeasureType.BIGINT, "kg", new Model.Range(0, 1.5))),
                new Model.Multi("m"),
                Model.Undeclared.QUARANTINE);
        assertEquals(expected, Model.parse(VALID));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"topic\":      | \"retopic\": \"x\", \"topic\": | retopic",
                "\"topic\": \"dt/+/measures\", || topic",
                "\"topic_segment\": 2 | \"segment\": 2   | segment",
                "\"unit\": \"us\" | \"unit\": \"h\"      | \"h\"",
                "\"unit\": \"us\" | \"unit\": \"us\", \"zone\": \"UTC\" | zone",
                "\"window_seconds\": 10 | \"window\": 10 | window",
                ", \"window_seconds\": 10 || window_seconds",
                "\"type\": \"bigint\" | \"type\": \"int\" | \"int\"",
                "\"type\": \"bigint\" | \"type\": 1      | MeasureType",
                "\"max\": 1.5    | \"max\": 1.5, \"step\": 1 | step",
                "\"max\": 1.5    | \"max\": null         | null",
                ", \"max\": 1.5  || max",
                "\"layout\": \"multi\" | \"layout\": \"wide\" | wide",
                "\"undeclared\": \"quarantine\" | \"undeclared\": null | undeclared",
                "\"undeclared\": \"quarantine\" | \"undeclared\": \"drop\" | drop",
                "\"topic\":      | \"topic\": \"x\", \"topic\": | Duplicate",
                "\"quarantine\"} | \"quarantine\"} {}    | Trailing",
                "\"field\": \"s\" | \"field\": null      | field",
            })
    void what_is_no_model_is_refused(String part, String instead, String named) {
        String text = VALID.replace(part, instead == null ? "" : instead);
        assertTrue(!text.equals(VALID), part);
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> Model.parse(text));
        assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
    }

    @Test
    void null_is_no_model() {
        assertThrows(IllegalArgumentException.class, () -> Model.parse("null"));
        assertThrows(IllegalArgumentException.class, () -> Model.parse(""));
    }
}
