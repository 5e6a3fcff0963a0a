package dev.sluice.flink.domain;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Models of every feature, each as one that {@code cargo xtask check} lets pass: no path leads through a field,
 * and no two fields are one unless both are parts of the same bytes. The same seed gives the same models.
 */
final class GeneratedModels {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Fields of an event, none of which leads through another. */
    private static final List<String> FIELDS = List.of(
            "a",
            "b",
            "c",
            "größe (°C)",
            "o.t",
            "o.h",
            "o.deep.x",
            "o.deep.y[1]",
            "o.\"t.max\"",
            "s[0].t",
            "s[0].v",
            "s[2].t",
            "m[1][0]",
            "\"dotted.name\"",
            "t[C]",
            "list[3]");

    private static final List<String> FORMATS = List.of(
            "%Y-%m-%d %H:%M:%S",
            "%d.%m.%Y %H:%M:%S",
            "%m/%d/%y %I:%M:%S %p",
            "%b %e %Y %H:%M:%S.%f",
            "%Y%m%d%H%M%S",
            "%d %B %Y, %I:%M%p %z",
            "%Y-%m-%dT%H:%M:%S%z",
            "%%%H:%M  %d%m%Y");

    static final List<String> ZONES = List.of(
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "America/Sao_Paulo",
            "Pacific/Apia",
            "Africa/Cairo",
            "UTC");

    private final Random random;

    GeneratedModels(long seed) {
        this.random = new Random(seed);
    }

    /** A model, as {@code model.json} has it. */
    String model() {
        if (random.nextInt(3) > 0) {
            return kind(null).toString();
        }
        ObjectNode model = NODES.objectNode();
        ArrayNode kinds = model.putArray("kinds");
        int count = 1 + random.nextInt(3);
        for (int index = 0; index < count; index++) {
            kinds.add(kind("kind-" + index));
        }
        return model.toString();
    }

    private ObjectNode kind(String name) {
        ObjectNode kind = NODES.objectNode();
        if (name != null) {
            kind.put("name", name);
        }
        kind.put("topic", random.nextBoolean() ? "dt/+/+/+" : "dt/all");
        String shape = pick(List.of("event", "event", "event", "event", "values", "o.rows", "$", "senml"));
        boolean senml = shape.equals("senml");
        boolean each = !senml && !shape.equals("event");
        if (senml) {
            kind.put("message", "senml");
        } else if (each) {
            kind.putObject("message").put("each", shape);
        }
        boolean around = each && !shape.equals("$");
        List<String> fields = new ArrayList<>(FIELDS);
        Collections.shuffle(fields, random);

        boolean named = !senml && random.nextInt(4) == 0;
        if (named) {
            ObjectNode node = kind.putObject("named");
            boolean bare = !each && random.nextInt(3) == 0;
            if (bare || random.nextBoolean()) {
                segments(node);
            }
            if (!node.has("topic_segments") || random.nextInt(4) == 0) {
                node.put("field", random.nextInt(4) == 0 ? "o.n" : "n");
            }
            node.put("value", bare ? "$" : pick(List.of("v", "o.v", "v[1]")));
        }
        ObjectNode device = kind.putObject("device").put("dimension", "device");
        if (senml) {
            device.put("field", "bn");
        } else {
            place(device, random.nextInt(4) == 0 ? "o.id" : "id", around);
        }
        if (!senml && random.nextInt(3) > 0) {
            ObjectNode time = kind.putObject("time").put("field", around && random.nextInt(4) == 0 ? "$.time" : "time");
            time.put("unit", pick(List.of("s", "ms", "us", "ns")));
            if (random.nextInt(3) == 0) {
                time.put("format", pick(FORMATS));
            }
            if (random.nextInt(3) == 0) {
                time.put("zone", pick(ZONES));
            }
        }
        if (random.nextInt(6) == 0) {
            ObjectNode event = kind.putObject("event");
            if (!senml && random.nextBoolean()) {
                event.put("id", "nr");
            }
            event.put("window_seconds", 1 + random.nextInt(30));
        }
        if (random.nextInt(2) == 0) {
            ObjectNode dimension = kind.putArray("dimensions").addObject().put("name", "site");
            if (senml) {
                dimension.put("field", "site");
                segments(dimension);
            } else {
                place(dimension, "o.site", around);
            }
        }
        ArrayNode measures = kind.putArray("measures");
        int count = 1 + random.nextInt(6);
        for (int index = 0; index < count; index++) {
            String field = named || senml ? pick(List.of("temp", "hum/x", "o.t", "1", "on")) : fields.get(index);
            measure(measures, index, named || senml ? field + (index == 0 ? "" : index) : field);
        }
        ObjectNode record = kind.putObject("record");
        if (random.nextBoolean()) {
            record.put("layout", "single");
        } else {
            record.put("layout", "multi").put("name", name == null ? "telemetry" : name);
        }
        kind.put("undeclared", random.nextBoolean() ? "ignore" : "quarantine");
        return kind;
    }

    /** Where a device or dimension is: in the event, around it, or in the topic. */
    private void place(ObjectNode node, String field, boolean around) {
        boolean outside = around && random.nextInt(4) == 0;
        node.put("field", outside ? "$." + field : field);
        if (!outside && random.nextInt(4) == 0) {
            segments(node);
        }
    }

    private void segments(ObjectNode node) {
        ArrayNode segments = node.putArray("topic_segments").add(2 + random.nextInt(3));
        if (random.nextInt(3) == 0) {
            segments.add(1 + random.nextInt(4));
        }
    }

    private void measure(ArrayNode measures, int index, String field) {
        MeasureType type = pick(List.of(MeasureType.values()));
        ObjectNode measure = measures.addObject()
                .put("name", "m" + index)
                .put("field", field)
                .put("type", type.label());
        if (random.nextInt(6) == 0) {
            measure.putObject("normal").put("min", -10.0).put("max", 50.5);
        }
        if (random.nextInt(4) == 0) {
            measure.putObject("points").put("time", "t").put("value", "v");
        }
        if (random.nextInt(5) == 0 && type != MeasureType.TIMESTAMP) {
            binary(measure, type);
            if (random.nextInt(2) == 0) {
                binary(again(measures, measure), type);
            }
        }
        written(measure, type);
    }

    /** Another part of the same bytes. */
    private static ObjectNode again(ArrayNode measures, ObjectNode measure) {
        ObjectNode again = measure.deepCopy();
        measures.add(again.put("name", measure.get("name").textValue() + "b"));
        return again;
    }

    private void binary(ObjectNode measure, MeasureType type) {
        ObjectNode binary = measure.putObject("binary")
                .put("encoding", random.nextBoolean() ? "hex" : "base64")
                .put("offset", random.nextInt(6));
        Written.BinaryType packed = pick(List.of(Written.BinaryType.values()));
        boolean unsigned = packed.number() == Written.BinaryType.Number.UNSIGNED;
        if (type == MeasureType.BOOLEAN && !unsigned) {
            packed = Written.BinaryType.U8;
            unsigned = true;
        }
        binary.put("type", packed.name().toLowerCase(java.util.Locale.ROOT));
        if (random.nextBoolean()) {
            binary.put("endian", "little");
        }
        if (unsigned && (type == MeasureType.BOOLEAN || random.nextBoolean())) {
            int lowest = random.nextInt(packed.bytes() * 8);
            int count = type == MeasureType.BOOLEAN ? 1 : 1 + random.nextInt(packed.bytes() * 8 - lowest);
            binary.putArray("bits").add(lowest).add(count);
        }
    }

    private void written(ObjectNode measure, MeasureType type) {
        if (random.nextInt(4) == 0) {
            measure.putArray("missing").add("unavailable").add("-999").add("0");
        }
        if (random.nextInt(4) == 0) {
            ObjectNode map = measure.putObject("map");
            switch (type) {
                case DOUBLE -> map.put("low", 0.5).put("high", 100).put("1", 1e17);
                case BIGINT -> map.put("low", 1).put("high", 100).put("1", 7);
                case BOOLEAN -> map.put("ON", true).put("OFF", false).put("1", 0);
                case VARCHAR ->
                    map.put("1", "one").put("2", 2).put("true", "yes").put("half", 0.5);
                case TIMESTAMP -> map.put("never", 0).put("1", 1609757175225L);
            }
        }
        if (random.nextInt(5) == 0 && (type == MeasureType.DOUBLE || type == MeasureType.BIGINT)) {
            measure.put("suffix", pick(List.of("°C", "%", " kWh")));
        }
        if (random.nextInt(5) == 0 && (type == MeasureType.DOUBLE || type == MeasureType.BIGINT)) {
            measure.put("decimal", "comma");
        }
        if (type == MeasureType.DOUBLE) {
            if (random.nextInt(4) == 0) {
                measure.put("scale", pick(List.of(0.1, 0.01, 0.001, 1.0 / 3, 0.25, 2.5, -0.1, 1e300, 1.0)));
            }
            if (random.nextInt(4) == 0) {
                measure.put("offset", pick(List.of(-40.0, 273.15, 0.1, -1e308)));
            }
        }
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
