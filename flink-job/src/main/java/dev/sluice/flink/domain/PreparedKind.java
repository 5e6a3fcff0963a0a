package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A kind of events, prepared for decoding. Keeps nothing of an event, so that threads may share it. */
final class PreparedKind {
    /** The path of the message or event itself. */
    private static final String WHOLE = "$";

    private static final String[] NO_LEVELS = {};

    /** Where a value comes from and what it is called in the store. */
    static final class Source {
        /** Slot of the field; negative where it is no field. */
        private final int slot;

        private final boolean fromMessage;
        private final String field;
        private final String name;

        /** Which parts of the partition key it is; {@code null} where it is a field. */
        private final int[] levels;

        private Source(int slot, boolean fromMessage, String field, String name, int[] levels) {
            this.slot = slot;
            this.fromMessage = fromMessage;
            this.field = field;
            this.name = name;
            this.levels = levels;
        }

        int slot() {
            return slot;
        }

        /** Whether it is a field of the message around the events. */
        boolean isFromMessage() {
            return fromMessage;
        }

        String field() {
            return field;
        }

        String name() {
            return name;
        }

        boolean isOfTopic() {
            return levels != null;
        }

        /** Whether all events of a message have the same. */
        boolean isShared() {
            return isOfTopic() || fromMessage;
        }

        /** The text that the topic holds; {@code null} where that is nothing. */
        String ofTopic(String[] parts) {
            String text = parts[levels[0]];
            if (levels.length > 1) {
                text = Arrays.stream(levels).mapToObj(level -> parts[level]).collect(Collectors.joining("/"));
            }
            return text.isEmpty() ? null : text;
        }
    }

    /** Where the events are in a message. */
    enum Form {
        /** The message is one event. */
        EVENT,
        /** The message is one value, in JSON or not. */
        VALUE,
        /** The message holds an array of events. */
        EACH,
        /** The message is an array of events. */
        ARRAY,
        /** A pack of SenML. */
        SENML
    }

    /** What makes copies of an event one: its id, {@code null} for its bytes, and a window in nanoseconds. */
    record Copies(Source id, long window) {}

    /**
     * Where an event names its measure.
     *
     * @param name of the measure
     * @param value of the measure; {@code null}: the event itself
     */
    record Named(Source name, Source value) {}

    private final Limits limits;
    private final FieldTree tree = new FieldTree();
    private final FieldTree messageTree = new FieldTree();
    private final List<Integer> topicLevels;
    private final Form form;
    private final Source each;
    private final Source time;
    private final Times times;
    private final Source[] dimensions;
    private final Copies copies;
    private final Named named;
    private final SenmlLabels labels;
    private final Map<String, List<Integer>> byName = new HashMap<>();
    private final PreparedMeasure[] measures;
    private final Source[] measured;
    private final boolean shared;
    private final Model.RecordLayout layout;
    private final int keepNames;

    /** Prepares {@code kind}, which is taken as valid, for a store. */
    PreparedKind(EventKind kind, Limits limits) {
        this.limits = limits;
        this.topicLevels = kind.topicLevels();
        this.form = form(kind);
        this.each = kind.message() instanceof Model.Each all && !all.path().equals(WHOLE)
                ? new Source(messageTree.declare(Path.of(all.path())), true, all.path(), "", null)
                : null;
        // In the order in which devices usually write them.
        this.time = kind.time() == null || form == Form.SENML
                ? null
                : source(kind.time().field(), "", List.of());
        this.times = new Times(kind.time());
        List<Source> series = new ArrayList<>();
        Model.Device device = kind.device();
        series.add(source(device.field(), device.dimension(), device.topicSegments()));
        for (Model.Dimension dimension : kind.dimensions()) {
            series.add(source(dimension.field(), dimension.name(), dimension.topicSegments()));
        }
        this.dimensions = series.toArray(Source[]::new);
        this.copies = kind.event() == null
                ? null
                : new Copies(
                        kind.event().id() == null ? null : source(kind.event().id(), "", List.of()),
                        EventTime.window(kind.event()));
        this.named = kind.named() == null ? null : named(kind.named());
        this.labels = form == Form.SENML ? SenmlLabels.declare(tree) : null;
        for (int index = 0; index < kind.measures().size(); index++) {
            byName.computeIfAbsent(kind.measures().get(index).field(), name -> new ArrayList<>())
                    .add(index);
        }
        this.measures = kind.measures().stream()
                .map(measure -> new PreparedMeasure(measure, times, limits))
                .toArray(PreparedMeasure[]::new);
        this.measured = kind.measures().stream()
                .map(measure ->
                        named == null && labels == null ? source(measure.field(), measure.name(), List.of()) : null)
                .toArray(Source[]::new);
        tree.withLiterals();
        messageTree.withLiterals();
        this.shared = form == Form.EACH
                || named != null && named.name().isShared()
                || Arrays.stream(dimensions).anyMatch(Source::isShared);
        this.layout = kind.layout();
        this.keepNames = switch (kind.undeclared()) {
            case IGNORE -> 0;
            case QUARANTINE -> Rejection.MAX_REASONS;
        };
    }

    private static Form form(EventKind kind) {
        if (kind.message() instanceof Model.Each each) {
            return each.path().equals(WHOLE) ? Form.ARRAY : Form.EACH;
        }
        if (kind.message() instanceof Model.Senml) {
            return Form.SENML;
        }
        boolean bare = kind.named() != null && kind.named().value().equals(WHOLE);
        return bare ? Form.VALUE : Form.EVENT;
    }

    private Named named(Model.Named named) {
        boolean byTopic = !named.topicSegments().isEmpty();
        String value = named.value();
        return new Named(
                source(byTopic ? null : named.field(), "", named.topicSegments()),
                value.equals(WHOLE) ? null : new Source(tree.declare(Path.of(value)), false, value, "", null));
    }

    private Source source(String field, String name, List<Integer> segments) {
        if (!segments.isEmpty()) {
            // Declared, so that it is no surprise: what an event says there is not read.
            if (field != null) {
                tree.declare(Path.of(field));
            }
            return new Source(
                    -1,
                    false,
                    field,
                    name,
                    segments.stream().mapToInt(topicLevels::indexOf).toArray());
        }
        Path path = Path.of(field);
        boolean fromMessage = path.fromMessage() && form != Form.EVENT && form != Form.VALUE;
        return new Source((fromMessage ? messageTree : tree).declare(path), fromMessage, field, name, null);
    }

    /** The levels of the topic in a partition key of this kind; {@code null} where it has not as many as the kind needs. */
    String[] levels(String key) {
        if (topicLevels.size() <= 1) {
            return topicLevels.isEmpty() ? NO_LEVELS : new String[] {key};
        }
        String[] parts = key.split("/", -1);
        return parts.length == topicLevels.size() ? parts : null;
    }

    /** The fault of a partition key that has not as many parts as the kind needs. */
    Fault keyMismatch(String key) {
        return Fault.keyMismatch(Utf8.of(key).quoted(), key.split("/", -1).length, topicLevels.size());
    }

    Limits limits() {
        return limits;
    }

    /** The fields of an event. */
    FieldTree tree() {
        return tree;
    }

    /** The fields of the message around events. */
    FieldTree messageTree() {
        return messageTree;
    }

    Form form() {
        return form;
    }

    /** Whether all events of a message have something that is the same. */
    boolean isShared() {
        return shared;
    }

    /** The array of events in a message; {@code null} where there is none, or it is the message. */
    Source each() {
        return each;
    }

    /** {@code null} when the arrival time is the time. */
    Source time() {
        return time;
    }

    Times times() {
        return times;
    }

    /** The device first. */
    Source[] dimensions() {
        return dimensions;
    }

    /** {@code null} where each copy of an event is an event. */
    Copies copies() {
        return copies;
    }

    /** {@code null} where each measure has a field of its own. */
    Named named() {
        return named;
    }

    /** The labels of a record of SenML; {@code null} in another form. */
    SenmlLabels labels() {
        return labels;
    }

    /** The measures by their names in an event that names them. */
    Map<String, List<Integer>> byName() {
        return byName;
    }

    PreparedMeasure[] measures() {
        return measures;
    }

    /** The field of a measure. */
    Source measured(int measure) {
        return measured[measure];
    }

    /** Where a value of a measure stands in the message, as reasons say it, in an event with this prefix. */
    String path(int measure, String prefix, int element) {
        Source source = measured[measure];
        String field = (source != null && source.isFromMessage() ? "" : prefix) + measures[measure].field();
        return element == Readings.NO_ARRAY ? field : field + "[" + element + "]";
    }

    Model.RecordLayout layout() {
        return layout;
    }

    /** How many names of undeclared fields are reasons. */
    int keepNames() {
        return keepNames;
    }
}
