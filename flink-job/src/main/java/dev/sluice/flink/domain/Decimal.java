package dev.sluice.flink.domain;

/**
 * A number as it is written, digit by digit, in the grammar of JSON and not yet given a size. Leading
 * zeros are let through, because gateways that send numbers as text pad them.
 *
 * <p>A time of {@code 1609757175225.499} ms and an integer above 2^53 do not survive a detour through
 * floating point, so neither takes one here.
 */
final class Decimal {
    /** Powers of ten that a double holds exactly. */
    private static final double[] EXACT_POWERS = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22
    };

    /** Integers up to here are doubles. */
    private static final long EXACT_INTEGER = 1L << 53;

    private final Utf8 text;
    private final boolean negative;
    private final int wholeFrom;
    private final int wholeTo;
    private final int fractionFrom;
    private final int fractionTo;

    /** Beyond 64 bits it behaves as the largest one: every number is then zero or too large. */
    private final long exponent;

    private Decimal(
            Utf8 text, boolean negative, int wholeFrom, int wholeTo, int fractionFrom, int fractionTo, long exponent) {
        this.text = text;
        this.negative = negative;
        this.wholeFrom = wholeFrom;
        this.wholeTo = wholeTo;
        this.fractionFrom = fractionFrom;
        this.fractionTo = fractionTo;
        this.exponent = exponent;
    }

    /**
     * An integer cut out of a decimal.
     *
     * @param value the digits before the point, towards zero
     * @param exact whether the digits that were cut off were all zero
     */
    record Whole(long value, boolean exact) {}

    /** Reads {@code text} from its first to its last byte; {@code null} when it is anything but a number. */
    static Decimal parse(Utf8 text) {
        int at = 0;
        boolean negative = text.at(at) == '-';
        if (negative) {
            at++;
        }
        int wholeFrom = at;
        int wholeTo = digits(text, wholeFrom);
        if (wholeTo == wholeFrom) {
            return null;
        }
        at = wholeTo;
        int fractionFrom = at;
        int fractionTo = at;
        if (text.at(at) == '.') {
            fractionFrom = at + 1;
            fractionTo = digits(text, fractionFrom);
            if (fractionTo == fractionFrom) {
                return null;
            }
            at = fractionTo;
        }
        long exponent = 0;
        if (text.at(at) == 'e' || text.at(at) == 'E') {
            at++;
            boolean down = text.at(at) == '-';
            if (down || text.at(at) == '+') {
                at++;
            }
            int end = digits(text, at);
            if (end == at) {
                return null;
            }
            for (; at < end; at++) {
                exponent = exponent > Integer.MAX_VALUE ? exponent : exponent * 10 + (text.at(at) - '0');
            }
            exponent = down ? -exponent : exponent;
        }
        if (at != text.length()) {
            return null;
        }
        return new Decimal(text, negative, wholeFrom, wholeTo, fractionFrom, fractionTo, exponent);
    }

    /** The end of the digits that begin at {@code at}. */
    private static int digits(Utf8 text, int at) {
        int end = at;
        while (isDigit(text.at(end))) {
            end++;
        }
        return end;
    }

    static boolean isDigit(int one) {
        return one >= '0' && one <= '9';
    }

    /** The integer part of this number times ten to the {@code power}; {@code null} beyond 64 bits. */
    Whole whole(int power) {
        int length = wholeTo - wholeFrom + fractionTo - fractionFrom;
        long kept = Math.max(0, wholeTo - wholeFrom + exponent + power);
        // Below zero there is one integer more than above.
        long value = 0;
        boolean exact = true;
        for (int at = 0; at < length; at++) {
            int digit = digit(at);
            if (at < kept) {
                if (overflows(value, digit)) {
                    return null;
                }
                value = value * 10 - digit;
            } else if (digit != 0) {
                exact = false;
                break;
            }
        }
        if (value != 0) {
            // At most twenty rounds: the next one overflows.
            for (long at = length; at < kept; at++) {
                if (overflows(value, 0)) {
                    return null;
                }
                value *= 10;
            }
        }
        if (negative) {
            return new Whole(value, exact);
        }
        return value == Long.MIN_VALUE ? null : new Whole(-value, exact);
    }

    private int digit(int at) {
        int whole = wholeTo - wholeFrom;
        return text.at(at < whole ? wholeFrom + at : fractionFrom + at - whole) - '0';
    }

    private static boolean overflows(long value, int digit) {
        return value < Long.MIN_VALUE / 10 || value * 10 < Long.MIN_VALUE + digit;
    }

    /** The nearest double, which may be infinite; zero has no sign. */
    double nearest() {
        double magnitude = exactMagnitude();
        if (magnitude < 0) {
            magnitude = Double.parseDouble(text.part(wholeFrom, text.length()).toString());
        }
        // Subtracting from zero rather than negating keeps -0.0 out.
        return negative ? 0.0 - magnitude : magnitude;
    }

    /**
     * The magnitude of a number of few digits, as nearly all are: both the digits and the power of ten are
     * doubles then, and one operation rounds once. -1 for any other.
     */
    private double exactMagnitude() {
        int length = wholeTo - wholeFrom + fractionTo - fractionFrom;
        long power = exponent - (fractionTo - fractionFrom);
        if (length > 18 || power >= EXACT_POWERS.length || -power >= EXACT_POWERS.length) {
            return -1;
        }
        long digits = 0;
        for (int at = 0; at < length; at++) {
            digits = digits * 10 + digit(at);
        }
        if (digits > EXACT_INTEGER) {
            return -1;
        }
        return power < 0 ? digits / EXACT_POWERS[(int) -power] : digits * EXACT_POWERS[(int) power];
    }
}
