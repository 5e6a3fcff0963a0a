package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model is read whole or refused: a key that is passed over would be a rule that is not kept. */
class ModelTest {
    private static final String VALID = """
            {"topic": "dt/+/measures", "message": {"each": "values"},
             "named": {"topic_segments": [3, 4], "value": "v"},
             "device": {"dimension": "d", "field": "id", "topic_segments": [2]},
             "time": {"field": "t", "unit": "us", "format": "%Y", "zone": "Europe/Berlin"},
             "event": {"id": "n", "window_seconds": 10},
             "dimensions": [{"name": "site", "field": "s", "topic_segments": [1]}],
             "measures": [{"name": "n", "field": "f", "type": "bigint", "unit": "kg", "normal": {"min": 0, "max": 1.5},
               "points": {"time": "at", "value": "is"},
               "binary": {"encoding": "hex", "offset": 3, "type": "u16", "endian": "little", "bits": [4, 8]},
               "missing": ["-999"], "map": {"ON": true, "OFF": 0, "half": 0.5, "x": "y"}, "suffix": "kg",
               "decimal": "comma", "scale": 0.1, "offset": -40}],
             "record": {"layout": "multi", "name": "m"}, "undeclared": "quarantine"}""";

    private static final EventKind READ = new EventKind(
            null,
            "dt/+/measures",
            new Model.Each("values"),
            new Model.Named(null, List.of(3, 4), "v"),
            new Model.Device("d", "id", List.of(2)),
            new Model.TimeField("t", TimeUnit.MICROSECONDS, "%Y", "Europe/Berlin"),
            new Model.EventIdentity("n", 10),
            List.of(new Model.Dimension("site", "s", List.of(1))),
            List.of(new Model.Measure(
                    "n",
                    "f",
                    MeasureType.BIGINT,
                    "kg",
                    new Model.Range(0, 1.5),
                    new Written(
                            new Written.Points("at", "is"),
                            new Written.Binary(
                                    Written.Encoding.HEX,
                                    3,
                                    Written.BinaryType.U16,
                                    Written.Endian.LITTLE,
                                    new Written.Bits(4, 8)),
                            List.of("-999"),
                            Map.of(
                                    "ON",
                                    mapped(Scalar.Kind.BOOLEAN, "true"),
                                    "OFF",
                                    mapped(Scalar.Kind.NUMBER, "0"),
                                    "half",
                                    mapped(Scalar.Kind.NUMBER, "0.5"),
                                    "x",
                                    mapped(Scalar.Kind.TEXT, "y")),
                            "kg",
                            Written.Decimal.COMMA,
                            0.1,
                            -40.0))),
            new Model.Multi("m"),
            Model.Undeclared.QUARANTINE);

    private static Written.Mapped mapped(Scalar.Kind kind, String text) {
        return new Written.Mapped(kind, text);
    }

    @Test
    void every_key_is_read() {
        assertEquals(new Model(List.of(READ)), Model.parse(VALID));
    }

    @Test
    void kinds_have_names_where_there_are_several() {
        String plain = """
                "topic": "t", "device": {"dimension": "d", "field": "id"}, "undeclared": "ignore",
                "measures": [{"name": "n", "field": "f", "type": "double"}], "record": {"layout": "single"}}""";
        Model model = Model.parse("{\"kinds\": [{\"name\": \"a\", " + plain
                + ", {\"name\": \"b\", \"message\": \"senml\", " + plain + "]}");
        assertEquals(
                List.of("a", "b"), model.kinds().stream().map(EventKind::name).toList());
        assertEquals(
                List.of(new Model.OneEvent(), new Model.Senml()),
                model.kinds().stream().map(EventKind::message).toList());
        assertEquals(Written.PLAIN, model.kinds().get(0).measures().get(0).written());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"topic\":      | \"retopic\": \"x\", \"topic\": | retopic",
                "\"topic\": \"dt/+/measures\", || topic",
                "\"topic_segments\": [2] | \"topic_segment\": 2 | topic_segment",
                "{\"each\": \"values\"} | \"all\" | message",
                "{\"each\": \"values\"} | {\"each\": 1} | message",
                ", \"value\": \"v\" || value",
                "\"hex\" | \"base32\" | base32",
                "\"u16\" | \"u12\" | u12",
                "[4, 8] | [4, 8, 1] | bits",
                "\"scale\" | \"factor\" | factor",
                "\"x\": \"y\" | \"x\": [] | stands for one value",
                "\"comma\" | \"dot\" | dot",
                "\"unit\": \"us\" | \"unit\": \"h\"      | \"h\"",
                "\"unit\": \"us\" | \"unit\": \"us\", \"place\": \"UTC\" | place",
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
