package dev.sluice.flink;

import dev.sluice.flink.source.Delivery;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import org.apache.flink.connector.datagen.source.GeneratorFunction;

/** The smart-home event of the articles from 50 devices in turn, each at its own microsecond. */
final class GeneratedDeliveries implements GeneratorFunction<Long, Delivery> {
    private static final long serialVersionUID = 1;

    /** More than any run takes, and so few that the last is not yet in the future. */
    static final long COUNT = 40_000_000_000L;

    private static final int DEVICES = 50;
    private static final int VARIANTS = 1_000;
    private static final String TIME = "0000000000000.000";
    private static final String EVENT = "{\"Time\": " + TIME
            + ", \"DeviceID\": \"12345678-9012-3456-7890-1234567890%02d\", \"temperature_measure\": %.2f,"
            + " \"humidity_measure\": %.1f, \"voltage_measure\": %.3f, \"watt_measure\": %.1f}";

    private final byte[][] templates = new byte[VARIANTS][];
    private final long beginMs;

    GeneratedDeliveries(long nowMs) {
        Random random = new Random(42);
        for (int variant = 0; variant < VARIANTS; variant++) {
            templates[variant] = String.format(
                            Locale.ROOT,
                            EVENT,
                            variant % DEVICES,
                            10 + random.nextDouble() * 5,
                            50 + random.nextDouble() * 50,
                            30 + random.nextDouble() * 40,
                            200 + random.nextDouble() * 200)
                    .getBytes(StandardCharsets.UTF_8);
        }
        this.beginMs = nowMs - COUNT / DEVICES / 1_000;
    }

    @Override
    public Delivery map(Long index) {
        byte[] event = templates[(int) (index % VARIANTS)].clone();
        long micros = beginMs * 1_000 + index / DEVICES;
        for (int at = "{\"Time\": ".length() + TIME.length() - 1; micros > 0; at--) {
            if (event[at] != '.') {
                event[at] = (byte) ('0' + micros % 10);
                micros /= 10;
            }
        }
        String sequenceNumber = "4959033827149025660855969253836157000000" + index;
        return new Delivery(event, "partition", sequenceNumber, System.currentTimeMillis(), "shardId-000000000000");
    }
}
