package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;

/**
 * One message on its way from bytes to records.
 *
 * <p>The order matters: the document, then what is the same for all of its events, then of each event who and
 * when (without which nothing can be stored) and every measure by itself, then the clock, and last the limits of
 * the store. A fault of one measure never costs another its place, nor one of an event another event.
 */
final class MessageDecoder {
    /** What is wrong with an aggregate that is a record of another. */
    private static final String NESTED = "one within another is not taken apart";

    private static final String WHOLE = "$";

    private final PreparedKind kind;
    private final byte[] payload;
    private final Rejection.Builder rejection = new Rejection.Builder();
    private final Undeclared undeclared;
    private final Readings readings;
    private final Whole whole;
    private final Context context;

    MessageDecoder(PreparedKind kind, byte[] payload, Arrival arrival, int nth, String[] levels) {
        this.kind = kind;
        this.payload = payload;
        this.undeclared = new Undeclared(kind.keepNames());
        this.readings = new Readings(kind, arrival, rejection);
        this.whole = Whole.of(kind, levels, readings, rejection);
        this.context = new Context(kind, arrival, nth, whole, readings, rejection, undeclared);
    }

    Decoded decode() {
        Reason refusal = read();
        if (refusal != null) {
            return Decoded.refused(refusal);
        }
        Decoded stored = readings.stored();
        if (stored.records().isEmpty() && rejection.isEmpty()) {
            rejection.add(null, Fault.NO_MEASURES);
        }
        if (kind.keepNames() > 0) {
            for (String name : undeclared.names()) {
                rejection.add(name, Fault.UNDECLARED_FIELD);
            }
            rejection.omit(undeclared.count() - undeclared.names().size());
        }
        return new Decoded(
                stored.records(), rejection.build(), stored.corrected(), undeclared.count(), stored.outOfRange());
    }

    /** Reads the events of the message, or says why there are none. */
    private Reason read() {
        int valid = Utf8.validUpTo(payload);
        if (valid < payload.length) {
            return new Reason(null, Kpl.isAggregate(payload) ? Fault.kplAggregate(NESTED) : Fault.notUtf8(valid));
        }
        Utf8 text = new Utf8(payload, 0, payload.length);
        return switch (kind.form()) {
            case EVENT -> event(text);
            case VALUE -> value(text);
            case EACH -> eventsWithin(text);
            case ARRAY -> {
                List<Utf8> elements = new ArrayList<>();
                Reason refusal = elements(text, elements);
                if (refusal == null) {
                    whole.read(null);
                    events(elements, "");
                }
                yield refusal;
            }
            case SENML -> {
                List<Utf8> records = new ArrayList<>();
                Reason refusal = elements(text, records);
                if (refusal == null) {
                    whole.read(null);
                    new Pack(context, text).read(records);
                }
                yield refusal;
            }
        };
    }

    /** The message is one event. */
    private Reason event(Utf8 text) {
        Outcome.OfDocument read = Fields.read(text, kind.tree(), "", undeclared);
        if (!(read instanceof Fields fields)) {
            return new Reason(null, (Fault) read);
        }
        whole.read(null);
        new Event(context, fields, "", 0, text, text).read();
        return null;
    }

    /** The message is one value: any in JSON, or text. */
    private Reason value(Utf8 text) {
        JsonScanner scanner = new JsonScanner(text);
        Utf8 json = scanner.value();
        boolean wellFormed = json != null && scanner.ends();
        if (wellFormed && scanner.deepest() > Fields.MAX_DEPTH) {
            return new Reason(null, Fault.NESTED_TOO_DEEP);
        }
        whole.read(null);
        new Event(context, Fields.none(kind.tree()), "", 0, text, wellFormed ? json : null).read();
        return null;
    }

    /** The message is an object with an array of events in it. */
    private Reason eventsWithin(Utf8 text) {
        Outcome.OfDocument read = Fields.read(text, kind.messageTree(), "", undeclared);
        if (!(read instanceof Fields around)) {
            return new Reason(null, (Fault) read);
        }
        whole.read(around);
        PreparedKind.Source each = kind.each();
        Fault fault = around.fault(each.slot());
        Utf8 array = around.get(each.slot());
        if (array != null && array.startsWith('[')) {
            events(JsonScanner.elements(array), each.field());
        } else if (array != null && Scalar.parse(array) != Nothing.NOTHING) {
            fault = Fault.notAnArray(array);
        }
        if (fault != null) {
            rejection.add(each.field(), fault);
        }
        return null;
    }

    /** Adds the elements of a message that is an array. An object is one of one. */
    private static Reason elements(Utf8 text, List<Utf8> elements) {
        JsonScanner scanner = new JsonScanner(text);
        Utf8 json = scanner.value();
        if (json == null || !scanner.ends()) {
            return new Reason(null, Fault.notJson(scanner.at(), text.to()));
        }
        if (scanner.deepest() > Fields.MAX_DEPTH) {
            return new Reason(null, Fault.NESTED_TOO_DEEP);
        }
        if (json.startsWith('[')) {
            elements.addAll(JsonScanner.elements(json));
        } else if (json.startsWith('{')) {
            elements.add(json);
        } else if (Scalar.parse(json) != Nothing.NOTHING) {
            return new Reason(WHOLE, Fault.notAnArray(json));
        }
        return null;
    }

    private void events(List<Utf8> elements, String path) {
        for (int index = 0; index < elements.size(); index++) {
            Utf8 json = elements.get(index);
            String at = path + "[" + index + "]";
            Outcome.OfDocument read = Fields.read(json, kind.tree(), at + ".", undeclared);
            if (read instanceof Fields fields) {
                new Event(context, fields, at + ".", index, json, json).read();
            } else {
                rejection.add(at, (Fault) read);
            }
        }
    }

    private void pack(List<Utf8> records) {}
}
