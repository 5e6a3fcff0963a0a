package dev.sluice.flink.domain;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.YearMonth;

/**
 * A date with a time of day, and with or without its offset from UTC: ISO-8601 in the basic and the extended form, as
 * RFC 9557 extends it.
 *
 * <p>The name of a zone in brackets, as {@code ZonedDateTime.toString()} writes it behind an offset, adds
 * nothing; without an offset it is refused, because the instant would hang on a database of zones. A leap
 * second is the second before it. The grammar is that of the crate {@code jiff}, which reads these texts
 * in the Lambda consumer.
 */
final class Iso8601 {
    private static final int MAX_YEAR = 9999;
    private static final int MAX_OFFSET_HOURS = 25;
    private static final int MAX_OFFSET_SECONDS = 26 * 3600 - 1;
    private static final long NANOSECONDS_A_SECOND = 1_000_000_000;

    /** What the parts give that are not there, or not right. */
    private static final int NONE = -1;

    private final Utf8 text;
    private int at;

    private Iso8601(Utf8 text) {
        this.text = text;
    }

    /** Reads {@code text} from its first to its last byte; {@code null} when it is not a time. */
    static Times.Written read(Utf8 text) {
        return new Iso8601(text).read();
    }

    private Times.Written read() {
        LocalDate date = date();
        if (date == null || !(take('T') || take('t') || take(' '))) {
            return null;
        }
        long time = timeOfDay();
        if (time == NONE) {
            return null;
        }
        Integer offset = take('Z') || take('z') ? (Integer) 0 : null;
        if (offset == null && (text.at(at) == '+' || text.at(at) == '-')) {
            offset = offset();
            if (offset > MAX_OFFSET_SECONDS) {
                return null;
            }
        }
        if (!Annotations.areValid(text, at, offset == null ? Annotations.Zone.REFUSED : Annotations.Zone.ALLOWED)) {
            return null;
        }
        return new Times.Written(LocalDateTime.of(date, LocalTime.ofNanoOfDay(time)), offset);
    }

    /** {@code 2026-11-21}, {@code 20261121}, and years of six digits with a sign. */
    private LocalDate date() {
        boolean before = text.at(at) == '-';
        boolean signed = before || text.at(at) == '+';
        if (signed) {
            at++;
        }
        int year = number(signed ? 6 : 4);
        if (year == NONE || year > MAX_YEAR || before && year == 0) {
            return null;
        }
        boolean extended = take('-');
        int month = number(2);
        if (month < 1 || month > 12 || extended && !take('-')) {
            return null;
        }
        int day = number(2);
        int signedYear = before ? -year : year;
        boolean exists = day >= 1 && day <= YearMonth.of(signedYear, month).lengthOfMonth();
        return exists ? LocalDate.of(signedYear, month, day) : null;
    }

    /** {@code 10}, {@code 10:46}, {@code 10:46:15.25}, also without colons; in nanoseconds. */
    private long timeOfDay() {
        int hour = number(2);
        if (hour == NONE || hour > 23) {
            return NONE;
        }
        boolean extended = text.at(at) == ':';
        int minute = 0;
        int second = 0;
        int nanosecond = 0;
        if (another(extended)) {
            minute = number(2);
            if (minute == NONE || minute > 59) {
                return NONE;
            }
            if (another(extended)) {
                second = number(2);
                nanosecond = fraction();
                if (second == NONE || second > 60 || nanosecond == NONE) {
                    return NONE;
                }
            }
        }
        return (hour * 3600L + minute * 60L + Math.min(second, 59)) * NANOSECONDS_A_SECOND + nanosecond;
    }

    /** {@code +02}, {@code -0530}, {@code +05:30:15.5}; in seconds, rounded; too large if it is not one. */
    private int offset() {
        int sign = take('-') ? -1 : 1;
        if (sign > 0) {
            at++;
        }
        int hours = number(2);
        if (hours == NONE || hours > MAX_OFFSET_HOURS) {
            return Integer.MAX_VALUE;
        }
        boolean extended = text.at(at) == ':';
        int minutes = 0;
        int seconds = 0;
        int nanoseconds = 0;
        if (another(extended)) {
            minutes = number(2);
            if (minutes == NONE || minutes > 59) {
                return Integer.MAX_VALUE;
            }
            if (another(extended)) {
                seconds = number(2);
                nanoseconds = fraction();
                if (seconds == NONE || seconds > 59 || nanoseconds == NONE) {
                    return Integer.MAX_VALUE;
                }
            }
        }
        int rounded = nanoseconds * 2L >= NANOSECONDS_A_SECOND ? 1 : 0;
        int sum = hours * 3600 + minutes * 60 + seconds + rounded;
        return sum > MAX_OFFSET_SECONDS ? Integer.MAX_VALUE : sign * sum;
    }

    /** Whether another part of a time follows: behind a colon, or without colons two digits. */
    private boolean another(boolean extended) {
        return extended ? take(':') : Decimal.isDigit(text.at(at)) && Decimal.isDigit(text.at(at + 1));
    }

    /** The digits behind a point or comma, if there is one, as nanoseconds; what is finer is cut off. */
    private int fraction() {
        if (!take('.') && !take(',')) {
            return 0;
        }
        int value = 0;
        int digits = 0;
        while (digits < 9 && Decimal.isDigit(text.at(at))) {
            value = value * 10 + text.at(at++) - '0';
            digits++;
        }
        if (digits == 0) {
            return NONE;
        }
        while (Decimal.isDigit(text.at(at))) {
            at++;
        }
        for (; digits < 9; digits++) {
            value *= 10;
        }
        return value;
    }

    private int number(int digits) {
        int value = 0;
        for (int index = 0; index < digits; index++, at++) {
            if (!Decimal.isDigit(text.at(at))) {
                return NONE;
            }
            value = value * 10 + text.at(at) - '0';
        }
        return value;
    }

    private boolean take(char wanted) {
        boolean there = text.at(at) == wanted;
        if (there) {
            at++;
        }
        return there;
    }
}
