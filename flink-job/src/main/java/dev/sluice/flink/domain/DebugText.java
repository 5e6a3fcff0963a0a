package dev.sluice.flink.domain;

/** Quotes a text so that one line shows every character of it, as the Rust consumer's reasons do. */
final class DebugText {
    private DebugText() {}

    static String of(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        text.codePoints().forEach(one -> {
            switch (one) {
                case 0 -> quoted.append("\\0");
                case '\t' -> quoted.append("\\t");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                default -> {
                    if (isShown(one)) {
                        quoted.appendCodePoint(one);
                    } else {
                        quoted.append("\\u{").append(Integer.toHexString(one)).append('}');
                    }
                }
            }
        });
        return quoted.append('"').toString();
    }

    private static boolean isShown(int one) {
        return switch (Character.getType(one)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK -> false;
            case Character.SPACE_SEPARATOR -> one == ' ';
            default -> true;
        };
    }
}
