package dev.sluice.flink.domain;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Messages as devices, gateways and attackers send them: mostly shaped by a model, with every kind of value in
 * every place, and then damaged. The same seed gives the same messages.
 */
final class GeneratedEvents extends GeneratedReadings {
    private static final List<String> KEYS = List.of(
            "", "1", "n/a", "dt/a/measures", "/", "a//b", "°C \ud83d\ude00", "x".repeat(256), "x".repeat(2_049));

    /** What stands at a place of a message that is being made. */
    private static final class Place {
        private final Map<String, Place> members = new LinkedHashMap<>();
        private final TreeMap<Integer, Place> elements = new TreeMap<>();
        private String json;

        Place at(List<Path.Step> steps) {
            Place place = this;
            for (Path.Step step : steps) {
                place = step instanceof Path.Member member
                        ? place.members.computeIfAbsent(member.name(), name -> new Place())
                        : place.elements.computeIfAbsent(((Path.Element) step).index(), index -> new Place());
            }
            return place;
        }
    }

    GeneratedEvents(long seed) {
        super(seed);
    }

    /** When it arrives: nearly always about the time of the events, and sometimes at the ends of all numbers. */
    Arrival arrival(EventKind kind) {
        long time = switch (random.nextInt(12)) {
            case 0 -> random.nextLong();
            case 1 -> pick(List.of(0L, 1L, -1L, Long.MIN_VALUE, Long.MAX_VALUE, 9223372036854L));
            case 2 -> 1_609_757_175_225L - 900_000L + random.nextInt(3) - 1;
            default -> 1_609_757_175_225L + random.nextInt(2_000_000) - 1_000_000;
        };
        String sequence = switch (random.nextInt(8)) {
            case 0 -> pick(List.of("0", "7", "999999", "1000001", "shard:12", "12x3", "000007"));
            default -> "4959033827149025660855969253836157" + random.nextInt(Integer.MAX_VALUE);
        };
        return new Arrival(time, sequence, key(kind));
    }

    private String key(EventKind kind) {
        String key = pick(KEYS);
        if (random.nextInt(8) > 0) {
            List<String> levels = new ArrayList<>();
            for (int level = 0; level < Math.max(1, kind.topicLevels().size()); level++) {
                String name = pick(kind.measures()).field();
                levels.add(name.contains("/") || random.nextInt(4) == 0 ? pick(List.of("a", "x", "")) : name);
            }
            key = String.join("/", levels);
        }
        return kind.name() == null || random.nextInt(30) == 0 ? key : kind.name() + "/" + key;
    }

    /** A message of {@code kind}, or an aggregate of several, whole or not. */
    byte[] payload(EventKind kind) {
        if (random.nextInt(20) > 0) {
            return message(kind);
        }
        List<Kpl.UserRecord> records = new ArrayList<>();
        for (int count = random.nextInt(4); count > 0; count--) {
            byte[] data = random.nextInt(20) > 0 ? message(kind) : Aggregates.of(List.of(), random);
            records.add(new Kpl.UserRecord(key(kind), data));
        }
        return Aggregates.of(records, random);
    }

    private byte[] message(EventKind kind) {
        ahead = random.nextInt(6) == 0 ? pick(List.of(900_000L, 3_600_000L, 31_536_000_000L)) : 0;
        if (kind.message() instanceof Model.Senml) {
            return damaged(pack(kind));
        }
        if (kind.message() instanceof Model.Each each) {
            String events = events(kind);
            if (each.path().equals("$")) {
                return damaged(events);
            }
            Place message = new Place();
            outside(message, kind);
            put(message, each.path(), events);
            return damaged(written(message, kind));
        }
        if (kind.named() != null && kind.named().value().equals("$")) {
            return damaged(bare(kind));
        }
        return damaged(event(kind));
    }

    private String events(EventKind kind) {
        if (random.nextInt(30) == 0) {
            return any(2);
        }
        List<String> events = new ArrayList<>();
        int count = random.nextInt(20) == 0 ? 30 : random.nextInt(4);
        for (int index = 0; index < count; index++) {
            events.add(random.nextInt(30) > 0 ? event(kind) : any(2));
        }
        return space() + "[" + String.join(",", events) + "]" + space();
    }

    /** What the message has around its events. */
    private void outside(Place message, EventKind kind) {
        Stream<String> fields = Stream.concat(
                Stream.of(
                        kind.device().field(),
                        kind.time() == null ? "" : kind.time().field()),
                kind.dimensions().stream().map(Model.Dimension::field));
        fields.filter(field -> field.startsWith("$.")).forEach(field -> {
            if (random.nextInt(8) > 0) {
                boolean time = kind.time() != null && kind.time().field().equals(field);
                put(message, field, time ? when(kind) : random.nextInt(8) > 0 ? "\"a\"" : any(2));
            }
        });
    }

    private String event(EventKind kind) {
        Place event = new Place();
        if (random.nextInt(20) > 0 && !kind.device().field().startsWith("$.")) {
            put(event, kind.device().field(), random.nextInt(20) > 0 ? pick(List.of("\"a\"", "\"b\"")) : any(2));
        }
        if (kind.time() != null && random.nextInt(4) > 0 && !kind.time().field().startsWith("$.")) {
            put(event, kind.time().field(), random.nextInt(12) > 0 ? when(kind) : any(2));
        }
        if (kind.event() != null && kind.event().id() != null && random.nextInt(4) > 0) {
            put(event, kind.event().id(), any(2));
        }
        for (Model.Dimension dimension : kind.dimensions()) {
            if (random.nextBoolean() && !dimension.field().startsWith("$.")) {
                put(
                        event,
                        dimension.field(),
                        random.nextInt(8) > 0 ? pick(List.of("\"x\"", "7", "true", "null")) : any(2));
            }
        }
        if (kind.named() == null) {
            for (Model.Measure measure : kind.measures()) {
                if (random.nextInt(4) > 0) {
                    put(event, measure.field(), measured(measure, kind));
                }
            }
        } else {
            Model.Measure measure = pick(kind.measures());
            if (kind.named().field() != null && random.nextInt(12) > 0) {
                put(event, kind.named().field(), random.nextInt(8) > 0 ? quoted(measure.field()) : any(1));
            }
            if (random.nextInt(12) > 0) {
                put(event, kind.named().value(), measured(measure, kind));
            }
        }
        return written(event, kind);
    }

    /** A message that is one value. */
    private String bare(EventKind kind) {
        String value = random.nextInt(20) > 0 ? measured(pick(kind.measures()), kind) : event(kind);
        boolean text = value.startsWith("\"") && value.length() > 1 && random.nextBoolean();
        return space() + (text ? value.substring(1, value.length() - 1) : value) + space();
    }

    /** A pack of SenML. */
    private String pack(EventKind kind) {
        List<String> records = new ArrayList<>();
        for (int count = random.nextInt(6); count >= 0; count--) {
            List<String> fields = new ArrayList<>();
            Model.Measure measure = pick(kind.measures());
            boolean whole = random.nextInt(6) == 0;
            if (records.isEmpty() ? random.nextInt(8) > 0 : random.nextInt(6) == 0) {
                fields.add(field(
                        "bn",
                        random.nextInt(8) > 0
                                ? pick(List.of("\"a:\"", "\"b/\"", "\"c\"", "\"urn:d::/\"", "\"\""))
                                : any(1)));
            }
            if (random.nextInt(records.isEmpty() ? 2 : 6) == 0) {
                fields.add(field("bt", random.nextInt(4) > 0 ? seconds() : any(1)));
            }
            if (random.nextInt(8) == 0) {
                fields.add(field("bv", random.nextInt(4) > 0 ? number() : any(1)));
            }
            if (random.nextInt(12) > 0) {
                String name = (whole ? pick(List.of("x:", "x/", "x:y/", ":")) : "") + measure.field();
                fields.add(field("n", random.nextInt(12) > 0 ? quoted(name) : any(1)));
            }
            if (random.nextInt(3) > 0) {
                fields.add(field(
                        "t",
                        random.nextInt(4) > 0 ? pick(List.of("-60", "0", "1.5", "-0.000000001", seconds())) : any(1)));
            }
            for (int values = random.nextInt(12); values < 12; values += 6) {
                fields.add(field(pick(List.of("v", "v", "vs", "vb", "vd")), measured(measure, kind)));
            }
            if (random.nextInt(6) == 0) {
                fields.add(field(
                        pick(List.of("u", "bu", "s", "bs", "ut", "bver", "x", "x_", "_", "bver_", "\u00fc_")), any(1)));
            }
            if (random.nextInt(4) == 0) {
                Collections.shuffle(fields, random);
            }
            records.add(random.nextInt(30) > 0 ? object(fields) : any(2));
        }
        return random.nextInt(40) == 0 ? any(3) : space() + "[" + String.join(",", records) + "]" + space();
    }

    private String seconds() {
        return switch (random.nextInt(5)) {
            case 0 -> "1609757175.225499123";
            case 1 -> pick(List.of("268435455", "268435456", "268435455.999999999", "-268435456", "1.609757175e9"));
            case 2 -> Long.toString(random.nextInt(1000) - 500);
            default -> Long.toString(1_609_757_175L + ahead / 1000 + random.nextInt(9));
        };
    }

    /** Puts {@code json} to where {@code field} leads, or nearby. */
    private void put(Place event, String field, String json) {
        Path path = Path.of(field);
        List<Path.Step> steps = path.steps();
        if (path.literal() != null && random.nextInt(8) == 0) {
            event.at(List.of(new Path.Member(path.literal()))).json = json;
            if (random.nextInt(4) > 0) {
                return;
            }
        }
        if (steps.size() > 1 && random.nextInt(16) == 0) {
            steps = steps.subList(0, 1 + random.nextInt(steps.size() - 1));
            event.at(steps).json = random.nextBoolean() ? any(2) : pick(List.of("null", "5", "\" \"", "{}", "[]"));
            return;
        }
        event.at(steps).json = json;
    }

    private String written(Place place, EventKind kind) {
        if (place.members.isEmpty() && place.elements.isEmpty()) {
            return place.json == null ? pick(List.of("{}", "null")) : place.json;
        }
        if (place.members.isEmpty()) {
            List<String> elements = new ArrayList<>();
            for (int index = 0; index <= place.elements.lastKey() + random.nextInt(2); index++) {
                Place element = place.elements.get(index);
                elements.add(element == null ? any(1) : written(element, kind));
            }
            return space() + "[" + String.join(",", elements) + "]" + space();
        }
        List<String> fields = new ArrayList<>();
        place.members.forEach((name, member) -> {
            fields.add(field(name, written(member, kind)));
            if (random.nextInt(60) == 0) {
                fields.add(field(name, member.json == null || random.nextBoolean() ? written(member, kind) : any(2)));
            }
            if (member.json != null && !(member.members.isEmpty() && member.elements.isEmpty())) {
                fields.add(field(name, member.json));
            }
        });
        while (random.nextInt(6) == 0) {
            fields.add(field(pick(names(kind)), any(3)));
        }
        if (random.nextInt(60) == 0) {
            for (int count = random.nextInt(40); count > 0; count--) {
                fields.add(field("u" + count, any(1)));
            }
        }
        if (random.nextInt(4) == 0) {
            Collections.shuffle(fields, random);
        }
        return object(fields);
    }

    private static List<String> names(EventKind kind) {
        return Stream.concat(
                        Stream.of(
                                "x",
                                "",
                                "ts",
                                "value",
                                "ü",
                                "$",
                                "n".repeat(200),
                                kind.device().field()),
                        kind.measures().stream().map(Model.Measure::field))
                .toList();
    }

    private byte[] damaged(String message) {
        byte[] sound = message.getBytes(StandardCharsets.UTF_8);
        byte[] damaged = sound;
        if (random.nextInt(20) == 0 && sound.length > 0) {
            damaged = sound.clone();
            for (int count = random.nextInt(3); count >= 0; count--) {
                damaged[random.nextInt(sound.length)] = random.nextBoolean()
                        ? (byte) random.nextInt(256)
                        : (byte) pick("{}[],:\"\\0e.- tn".chars().boxed().toList())
                                .intValue();
            }
        }
        if (random.nextInt(60) == 0) {
            damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length + 1));
        }
        if (random.nextInt(200) == 0) {
            byte[] kpl = {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2, (byte) random.nextInt(256)};
            damaged = Arrays.copyOf(kpl, 1 + random.nextInt(5));
        }
        if (random.nextInt(200) == 0) {
            damaged = new byte[random.nextInt(40)];
            random.nextBytes(damaged);
        }
        if (random.nextInt(100) == 0) {
            damaged = any(2).getBytes(StandardCharsets.UTF_8);
        }
        return damaged;
    }
}
