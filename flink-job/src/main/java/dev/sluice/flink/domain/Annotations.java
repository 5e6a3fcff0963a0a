package dev.sluice.flink.domain;

/**
 * What may follow a time in brackets (RFC 9557): the zone, then keys with values, for instance {@code
 * [Europe/Berlin][u-ca=iso8601]}. They are checked and mean nothing here; a key that says of itself that
 * it must not be ignored ({@code [!u-ca=hebrew]}) makes the time unreadable.
 */
final class Annotations {
    /** Whether a zone may be named. */
    enum Zone {
        ALLOWED,
        REFUSED
    }

    private final Utf8 text;
    private int at;

    private Annotations(Utf8 text, int at) {
        this.text = text;
        this.at = at;
    }

    /** Whether {@code text} from {@code at} on is nothing but annotations, or nothing. */
    static boolean areValid(Utf8 text, int at, Zone zone) {
        return new Annotations(text, at).areValid(zone);
    }

    private boolean areValid(Zone allowed) {
        int start = at;
        if (zone()) {
            if (allowed == Zone.REFUSED) {
                return false;
            }
        } else {
            at = start;
        }
        while (at < text.length()) {
            if (!keyAndValue()) {
                return false;
            }
        }
        return true;
    }

    private boolean zone() {
        if (!take('[')) {
            return false;
        }
        take('!');
        return (text.at(at) == '+' || text.at(at) == '-' ? offset() : name()) && take(']');
    }

    private boolean offset() {
        at++;
        int hours = number();
        if (hours < 0 || hours > 25) {
            return false;
        }
        boolean minutes = take(':') || Decimal.isDigit(text.at(at)) && Decimal.isDigit(text.at(at + 1));
        if (!minutes) {
            return true;
        }
        int value = number();
        return value >= 0 && value <= 59;
    }

    /** A number of two digits; -1 if there is none. */
    private int number() {
        if (!Decimal.isDigit(text.at(at)) || !Decimal.isDigit(text.at(at + 1))) {
            return -1;
        }
        int value = (text.at(at) - '0') * 10 + text.at(at + 1) - '0';
        at += 2;
        return value;
    }

    private boolean name() {
        do {
            int first = text.at(at);
            if (!(isLetter(first) || first == '_' || first == '.')) {
                return false;
            }
            while (isAlphanumeric(text.at(at)) || isOneOf("_.+-", text.at(at))) {
                at++;
            }
        } while (take('/'));
        return true;
    }

    private boolean keyAndValue() {
        if (!take('[') || !(isLower(text.at(at)) || text.at(at) == '_')) {
            return false;
        }
        while (isLower(text.at(at)) || Decimal.isDigit(text.at(at)) || isOneOf("_-", text.at(at))) {
            at++;
        }
        if (!take('=')) {
            return false;
        }
        do {
            if (!isAlphanumeric(text.at(at))) {
                return false;
            }
            while (isAlphanumeric(text.at(at))) {
                at++;
            }
        } while (take('-'));
        return take(']');
    }

    private boolean take(char wanted) {
        boolean there = text.at(at) == wanted;
        if (there) {
            at++;
        }
        return there;
    }

    private static boolean isOneOf(String characters, int one) {
        return characters.indexOf(one) >= 0;
    }

    private static boolean isLower(int one) {
        return one >= 'a' && one <= 'z';
    }

    private static boolean isLetter(int one) {
        return isLower(one) || one >= 'A' && one <= 'Z';
    }

    private static boolean isAlphanumeric(int one) {
        return isLetter(one) || Decimal.isDigit(one);
    }
}
