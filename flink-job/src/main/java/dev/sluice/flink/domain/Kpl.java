package dev.sluice.flink.domain;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Takes <a href="https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md">aggregates
 * of the Kinesis Producer Library</a> apart: many records of a producer in one of the stream.
 *
 * <p>An aggregate is four bytes that tell it from other records, a message of Protocol Buffers, and the MD5 of
 * that message.
 */
public final class Kpl {
    private static final byte[] MAGIC = {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2};
    private static final int CHECKSUM_BYTES = 16;

    /** What the bytes of a record of the stream are. */
    public sealed interface Split {}

    /** One event, as it was sent. */
    public enum Plain implements Split {
        /** Nothing to take apart. */
        PLAIN
    }

    /**
     * The records of an aggregate.
     *
     * @param records in their order
     */
    public record Aggregate(List<UserRecord> records) implements Split {}

    /**
     * An aggregate that cannot be taken apart.
     *
     * @param fault why
     */
    public record Damaged(Fault fault) implements Split {}

    /**
     * A record of a producer.
     *
     * @param partitionKey its own
     * @param data its bytes
     */
    public record UserRecord(String partitionKey, byte[] data) {}

    /** What is no message of the wanted form. */
    private static final class DamagedException extends Exception {
        private static final long serialVersionUID = 1;

        DamagedException(String message) {
            super(message, null, false, false);
        }
    }

    private Kpl() {}

    /** Whether {@code data} begins as an aggregate does. No text in UTF-8 does. */
    static boolean isAggregate(byte[] data) {
        return data.length >= MAGIC.length && Arrays.equals(data, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    /** Takes {@code data}, the bytes of a record of the stream, apart if they are an aggregate. */
    public static Split split(byte[] data) {
        if (!isAggregate(data)) {
            return Plain.PLAIN;
        }
        try {
            return new Aggregate(records(message(data)));
        } catch (DamagedException damage) {
            return new Damaged(Fault.kplAggregate(damage.getMessage()));
        }
    }

    /** The message between the mark and the checksum. */
    private static ByteBuffer message(byte[] data) throws DamagedException {
        int length = data.length - MAGIC.length - CHECKSUM_BYTES;
        if (length < 0) {
            throw new DamagedException("it has no checksum");
        }
        ByteBuffer message = ByteBuffer.wrap(data, MAGIC.length, length).slice();
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(message.duplicate());
            if (!ByteBuffer.wrap(md5.digest()).equals(ByteBuffer.wrap(data, MAGIC.length + length, CHECKSUM_BYTES))) {
                throw new DamagedException("its checksum is another");
            }
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has MD5", impossible);
        }
        return message;
    }

    private static List<UserRecord> records(ByteBuffer message) throws DamagedException {
        List<String> keys = new ArrayList<>();
        List<ByteBuffer> written = new ArrayList<>();
        while (message.hasRemaining()) {
            long tag = varint(message);
            if (tag == tag(1, Wire.BYTES)) {
                keys.add(text(bytes(message)));
            } else if (tag == tag(3, Wire.BYTES)) {
                written.add(bytes(message));
            } else {
                skip(message, tag);
            }
        }
        List<UserRecord> records = new ArrayList<>(written.size());
        for (ByteBuffer record : written) {
            records.add(record(record, keys));
        }
        return records;
    }

    private static UserRecord record(ByteBuffer message, List<String> keys) throws DamagedException {
        Long key = null;
        ByteBuffer data = null;
        while (message.hasRemaining()) {
            long tag = varint(message);
            if (tag == tag(1, Wire.VARINT)) {
                key = varint(message);
            } else if (tag == tag(3, Wire.BYTES)) {
                data = bytes(message);
            } else {
                skip(message, tag);
            }
        }
        if (key == null || data == null) {
            throw new DamagedException("a record has no partition key or no data");
        }
        if (key < 0 || key >= keys.size()) {
            throw new DamagedException("a record has a partition key that is not there");
        }
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        return new UserRecord(keys.get(key.intValue()), bytes);
    }

    /** The ways in which Protocol Buffers write a field, by number. */
    private static final class Wire {
        private static final int VARINT = 0;
        private static final int EIGHT_BYTES = 1;
        private static final int BYTES = 2;
        private static final int FOUR_BYTES = 5;
    }

    private static long tag(int field, int wire) {
        return (long) field << 3 | wire;
    }

    private static void skip(ByteBuffer message, long tag) throws DamagedException {
        switch ((int) (tag & 7)) {
            case Wire.VARINT -> varint(message);
            case Wire.EIGHT_BYTES -> bytes(message, Long.BYTES);
            case Wire.BYTES -> bytes(message);
            case Wire.FOUR_BYTES -> bytes(message, Integer.BYTES);
            default -> throw new DamagedException("a field is of no known form");
        }
    }

    private static long varint(ByteBuffer message) throws DamagedException {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (!message.hasRemaining()) {
                throw new DamagedException("it ends too early");
            }
            byte one = message.get();
            value |= shift < Long.SIZE ? (long) (one & 0x7F) << shift : 0;
            if (one >= 0) {
                return value;
            }
        }
        throw new DamagedException("a number is too long");
    }

    private static ByteBuffer bytes(ByteBuffer message) throws DamagedException {
        return bytes(message, varint(message));
    }

    private static ByteBuffer bytes(ByteBuffer message, long length) throws DamagedException {
        if (length < 0 || length > message.remaining()) {
            throw new DamagedException("it ends too early");
        }
        ByteBuffer bytes = message.slice(message.position(), (int) length);
        message.position(message.position() + (int) length);
        return bytes;
    }

    private static String text(ByteBuffer bytes) throws DamagedException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException cause) {
            throw new DamagedException("a partition key is not UTF-8");
        }
    }
}
