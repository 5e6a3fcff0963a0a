package dev.sluice.flink.domain;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Random;

/** Aggregates of the Kinesis Producer Library, as producers make them, and damaged. */
public final class Aggregates {
    private static final int VARINT = 0;
    private static final int BYTES = 2;

    private Aggregates() {}

    /** An aggregate of {@code records}. */
    public static byte[] of(List<Kpl.UserRecord> records) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        for (Kpl.UserRecord record : records) {
            bytes(message, 1, record.partitionKey().getBytes(StandardCharsets.UTF_8));
        }
        for (int index = 0; index < records.size(); index++) {
            bytes(message, 3, record(index, records.get(index).data()));
        }
        return closed(message.toByteArray());
    }

    /** The same; now and then with what only later versions know, or with a fault. */
    static byte[] of(List<Kpl.UserRecord> records, Random random) {
        byte[] sound = of(records);
        byte[] message = new byte[sound.length - 20];
        System.arraycopy(sound, 4, message, 0, message.length);
        switch (random.nextInt(6)) {
            case 0 -> {
                ByteArrayOutputStream more = new ByteArrayOutputStream();
                more.writeBytes(message);
                switch (random.nextInt(4)) {
                    case 0 -> bytes(more, 2, "17".getBytes(StandardCharsets.UTF_8));
                    case 1 -> number(more, random.nextInt(6), random.nextLong());
                    case 2 -> bytes(more, random.nextInt(40), new byte[random.nextInt(5)]);
                    default -> bytes(more, 3, record(random.nextInt(3), new byte[] {'{', '}'}));
                }
                return closed(more.toByteArray());
            }
            case 1 -> {
                if (message.length > 0) {
                    message[random.nextInt(message.length)] = (byte) random.nextInt(256);
                }
                return random.nextInt(8) > 0 ? closed(message) : of(List.of(), random);
            }
            case 2 -> {
                sound[4 + random.nextInt(sound.length - 4)] ^= (byte) (1 << random.nextInt(8));
                return sound;
            }
            default -> {
                return sound;
            }
        }
    }

    private static byte[] record(long key, byte[] data) {
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        number(record, 1, key);
        bytes(record, 3, data);
        return record.toByteArray();
    }

    private static byte[] closed(byte[] message) {
        ByteArrayOutputStream aggregate = new ByteArrayOutputStream();
        aggregate.writeBytes(new byte[] {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2});
        aggregate.writeBytes(message);
        try {
            aggregate.writeBytes(MessageDigest.getInstance("MD5").digest(message));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has MD5", impossible);
        }
        return aggregate.toByteArray();
    }

    private static void bytes(ByteArrayOutputStream out, int field, byte[] bytes) {
        varint(out, (long) field << 3 | BYTES);
        varint(out, bytes.length);
        out.writeBytes(bytes);
    }

    private static void number(ByteArrayOutputStream out, int field, long number) {
        varint(out, (long) field << 3 | VARINT);
        varint(out, number);
    }

    private static void varint(ByteArrayOutputStream out, long number) {
        long rest = number;
        for (; (rest & ~0x7FL) != 0; rest >>>= 7) {
            out.write((int) (rest & 0x7F | 0x80));
        }
        out.write((int) rest);
    }
}
