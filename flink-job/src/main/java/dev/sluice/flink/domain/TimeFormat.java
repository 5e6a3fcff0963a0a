package dev.sluice.flink.domain;

import java.time.LocalDateTime;
import java.time.YearMonth;
import java.util.List;

/**
 * How a time is written that is not ISO-8601: text in which {@code %Y}, {@code %m} and the like, as {@code
 * strptime} has them, stand for the parts of a time. White space stands for any that there is, or none.
 */
final class TimeFormat {
    private static final List<String> MONTHS = List.of(
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december");

    private static final int SHORT_NAME = 3;

    /** Two digits from here on are a year of the last century, as POSIX has it. */
    private static final int FIRST_OF_1900 = 69;

    private static final int HALF_A_DAY = 12;

    /** What the parts give that are not there, or not right. */
    private static final int NONE = -1;

    private final Utf8 format;

    TimeFormat(String format) {
        this.format = Utf8.of(format);
    }

    /** Reads {@code text} from its first to its last byte; {@code null} when it is not written so. */
    Times.Written read(Utf8 text) {
        return new Reader(text).read();
    }

    /** A text being read. */
    private final class Reader {
        private final Utf8 text;
        private int at;
        private int year = NONE;
        private int month = NONE;
        private int day = NONE;
        private int hour;
        private int hourOfHalf = NONE;
        private int half = NONE;
        private int minute;
        private int second;
        private int nanosecond;
        private Integer offset;

        Reader(Utf8 text) {
            this.text = text;
        }

        Times.Written read() {
            for (int place = 0; place < format.length(); ) {
                int space = format.whiteSpaceAt(place);
                if (space > 0) {
                    skipSpace();
                    place += space;
                } else if (format.at(place) == '%') {
                    if (!part(format.at(place + 1))) {
                        return null;
                    }
                    place += 2;
                } else if (at < text.length() && text.at(at) == format.at(place)) {
                    at++;
                    place++;
                } else {
                    return null;
                }
            }
            return at == text.length() ? written() : null;
        }

        /** Reads what {@code directive} stands for, and answers whether it is there. */
        private boolean part(int directive) {
            return switch (directive) {
                case 'Y' -> (year = number(4, 4, 0, 9999)) != NONE;
                case 'y' -> (year = shortYear()) != NONE;
                case 'm' -> (month = number(1, 2, 1, 12)) != NONE;
                case 'b', 'B' -> (month = monthName()) != NONE;
                case 'd', 'e' -> (day = day()) != NONE;
                case 'H' -> (hour = number(1, 2, 0, 23)) != NONE;
                case 'I' -> (hourOfHalf = number(1, 2, 1, HALF_A_DAY)) != NONE;
                case 'p' -> (half = half()) != NONE;
                case 'M' -> (minute = number(1, 2, 0, 59)) != NONE;
                case 'S' -> (second = number(1, 2, 0, 60)) != NONE;
                case 'f' -> (nanosecond = fraction()) != NONE;
                case 'z' -> (offset = offset()) != null;
                default -> directive == '%' && take('%');
            };
        }

        private Times.Written written() {
            if (year == NONE
                    || month == NONE
                    || day == NONE
                    || day > YearMonth.of(year, month).lengthOfMonth()) {
                return null;
            }
            int hourOfDay =
                    hourOfHalf == NONE ? hour : half == NONE ? hourOfHalf : hourOfHalf % HALF_A_DAY + half * HALF_A_DAY;
            // A leap second is the second before it.
            return new Times.Written(
                    LocalDateTime.of(year, month, day, hourOfDay, minute, Math.min(second, 59), nanosecond), offset);
        }

        private int number(int minDigits, int maxDigits, int min, int max) {
            int value = 0;
            int digits = 0;
            for (; digits < maxDigits && Decimal.isDigit(text.at(at)); digits++) {
                value = value * 10 + text.at(at++) - '0';
            }
            return digits < minDigits || value < min || value > max ? NONE : value;
        }

        private int shortYear() {
            int value = number(2, 2, 0, 99);
            return value == NONE ? NONE : value + (value < FIRST_OF_1900 ? 2000 : 1900);
        }

        private int day() {
            skipSpace();
            return number(1, 2, 1, 31);
        }

        /** In English, whole or its first three letters, in any case. */
        private int monthName() {
            for (int index = 0; index < MONTHS.size(); index++) {
                String name = MONTHS.get(index);
                for (int length : new int[] {name.length(), SHORT_NAME}) {
                    if (at + length <= text.length()
                            && text.part(at, at + length).isIgnoringCase(name.substring(0, length))) {
                        at += length;
                        return index + 1;
                    }
                }
            }
            return NONE;
        }

        private int half() {
            if (at + 2 > text.length()) {
                return NONE;
            }
            Utf8 word = text.part(at, at + 2);
            at += 2;
            return word.isIgnoringCase("am") ? 0 : word.isIgnoringCase("pm") ? 1 : NONE;
        }

        /** The digits of a fraction of a second, as nanoseconds; what is finer is cut off. */
        private int fraction() {
            int value = 0;
            int from = at;
            int place = 100_000_000;
            for (; Decimal.isDigit(text.at(at)); at++) {
                value += (text.at(at) - '0') * place;
                place /= 10;
            }
            return at == from ? NONE : value;
        }

        /** {@code Z}, {@code +02}, {@code +0200} or {@code +02:00}, in seconds; {@code null} if it is none. */
        private Integer offset() {
            if (take('Z')) {
                return 0;
            }
            int sign = take('-') ? -1 : 1;
            if (sign > 0 && !take('+')) {
                return null;
            }
            int hours = number(2, 2, 0, 23);
            int behind = at;
            take(':');
            int minutes = number(2, 2, 0, 99);
            if (minutes == NONE) {
                at = behind;
                minutes = 0;
            }
            return hours == NONE || minutes > 59 ? null : (Integer) (sign * (hours * 3600 + minutes * 60));
        }

        private void skipSpace() {
            for (int width = text.whiteSpaceAt(at); width > 0; width = text.whiteSpaceAt(at)) {
                at += width;
            }
        }

        private boolean take(char wanted) {
            boolean there = text.at(at) == wanted;
            if (there) {
                at++;
            }
            return there;
        }
    }
}
