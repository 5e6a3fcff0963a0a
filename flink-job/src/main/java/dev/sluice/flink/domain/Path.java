package dev.sluice.flink.domain;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a value stands in an event: {@code temperature}, {@code object.temperature}, {@code status[0].temp}.
 *
 * <p>A name with one of <code>. [ ] "</code> in it is written in double quotes, in which <code>\"</code> and
 * <code>\\</code> stand for <code>"</code> and <code>\</code>. A path without quotes also finds a member of the
 * event that is called like the whole path, dots and all, as devices that flatten their events send it.
 *
 * <p>In a kind whose message holds several events, a path begins at an event, and one that begins with
 * {@code $.} at the message.
 *
 * @param fromMessage whether it begins at the message, and not at the event
 * @param steps the steps; none for {@code $} alone
 * @param literal the member that is called like the whole path, where that is another than the steps lead to,
 *     else {@code null}
 */
record Path(boolean fromMessage, List<Step> steps, String literal) {
    /** What a name without quotes does not have. */
    private static final String SPECIAL = ".[]\"";

    /** A step of a path. */
    sealed interface Step {}

    /** To a member of an object. */
    record Member(String name) implements Step {}

    /** To an element of an array, from 0. */
    record Element(int index) implements Step {}

    /** A text that is no path. It may still be the name of a member. */
    private static final class NoPathException extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** Takes {@code text} apart. A text that is no path is the name of a member, as it stands. */
    static Path of(String text) {
        try {
            return parse(text);
        } catch (NoPathException name) {
            return new Path(false, List.of(new Member(text)), null);
        }
    }

    private static Path parse(String text) throws NoPathException {
        if (text.equals("$")) {
            return new Path(true, List.of(), null);
        }
        boolean fromMessage = text.startsWith("$.");
        List<Step> steps = new Reader(text, fromMessage ? 2 : 0).read();
        boolean plain = steps.size() == 1 && steps.get(0).equals(new Member(text));
        return new Path(fromMessage, List.copyOf(steps), plain || text.indexOf('"') >= 0 ? null : text);
    }

    /** {@code path} and a step further, as it is written: names in quotes where they need them. */
    static String below(String path, Step step) {
        if (step instanceof Element element) {
            return path + "[" + Integer.toUnsignedString(element.index()) + "]";
        }
        String name = ((Member) step).name();
        boolean plain = !name.isEmpty() && name.chars().noneMatch(one -> SPECIAL.indexOf(one) >= 0);
        return joined(path, plain ? name : '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"');
    }

    /** {@code path} and the name of a member below it. */
    static String joined(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** A path being read. */
    private static final class Reader {
        private final String text;
        private final List<Step> steps = new ArrayList<>();
        private int at;

        Reader(String text, int at) {
            this.text = text;
            this.at = at;
        }

        List<Step> read() throws NoPathException {
            while (true) {
                steps.add(new Member(next() == '"' ? quoted() : plain()));
                while (next() == '[') {
                    steps.add(new Element(index()));
                }
                if (at == text.length()) {
                    return steps;
                }
                if (next() != '.') {
                    throw new NoPathException();
                }
                at++;
            }
        }

        private int next() {
            return at < text.length() ? text.charAt(at) : -1;
        }

        private String plain() throws NoPathException {
            int from = at;
            while (at < text.length() && SPECIAL.indexOf(text.charAt(at)) < 0) {
                at++;
            }
            if (at == from || next() == ']' || next() == '"') {
                throw new NoPathException();
            }
            return text.substring(from, at);
        }

        private String quoted() throws NoPathException {
            StringBuilder name = new StringBuilder();
            for (at++; next() != '"'; at++) {
                if (next() == '\\') {
                    at++;
                    if (next() != '"' && next() != '\\') {
                        throw new NoPathException();
                    }
                }
                if (at >= text.length()) {
                    throw new NoPathException();
                }
                name.append(text.charAt(at));
            }
            at++;
            return name.toString();
        }

        private int index() throws NoPathException {
            int end = text.indexOf(']', at);
            String digits = end < 0 ? "" : text.substring(at + 1, end);
            at = end + 1;
            if (digits.isEmpty() || !digits.chars().allMatch(Decimal::isDigit)) {
                throw new NoPathException();
            }
            try {
                return Integer.parseUnsignedInt(digits);
            } catch (NumberFormatException tooLarge) {
                throw new NoPathException();
            }
        }
    }
}
