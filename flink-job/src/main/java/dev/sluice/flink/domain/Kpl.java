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
    public record Damaged(Fault fault) implements Split {
        /** What becomes of it. */
        public Decoded decoded() {
            return Decoded.refused(new Reason(null, fault));
        }
    }

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
            throw new DamagedException("it ends before its checksum");
        }
        ByteBuffer message = ByteBuffer.wrap(data, MAGIC.length, length).slice();
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(message.duplicate());
            if (!ByteBuffer.wrap(md5.digest()).equals(ByteBuffer.wrap(data, MAGIC.length + length, CHECKSUM_BYTES))) {
                throw new DamagedException("its checksum is wrong");
            }
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has MD5", impossible);
        }
        return message;
    }

    private static List<UserRecord> records(ByteBuffer message) throws DamagedException {
        List<String> partitionKeys = new ArrayList<>();
        List<String> hashKeys = new ArrayList<>();
        List<Written> written = new ArrayList<>();
        while (message.hasRemaining()) {
            long tag = tag(message);
            switch (field(tag)) {
                case 1 -> partitionKeys.add(text(bytes(message, tag)));
                case 2 -> hashKeys.add(text(bytes(message, tag)));
                case 3 -> written.add(Written.read(bytes(message, tag)));
                default -> skip(message, tag);
            }
        }
        if (written.isEmpty()) {
            throw new DamagedException("it holds no record");
        }
        // Tables may come behind the records that point to them.
        List<UserRecord> records = new ArrayList<>(written.size());
        for (Written record : written) {
            if (record.hashKey != null) {
                at(hashKeys, record.hashKey);
            }
            records.add(new UserRecord(at(partitionKeys, record.partitionKey), record.data));
        }
        return records;
    }

    /** A record as it is written: indexes of the tables, the second of which may be {@code null}, and the data. */
    private record Written(long partitionKey, Long hashKey, byte[] data) {
        static Written read(ByteBuffer message) throws DamagedException {
            Long partitionKey = null;
            Long hashKey = null;
            ByteBuffer data = null;
            while (message.hasRemaining()) {
                long tag = tag(message);
                switch (field(tag)) {
                    case 1 -> partitionKey = number(message, tag);
                    case 2 -> hashKey = number(message, tag);
                    case 3 -> data = bytes(message, tag);
                    default -> skip(message, tag);
                }
            }
            if (partitionKey == null || data == null) {
                throw malformed();
            }
            byte[] copy = new byte[data.remaining()];
            data.get(copy);
            return new Written(partitionKey, hashKey, copy);
        }
    }

    private static String at(List<String> table, long index) throws DamagedException {
        if (index < 0 || index >= table.size()) {
            throw malformed();
        }
        return table.get((int) index);
    }

    private static DamagedException malformed() {
        return new DamagedException("it is not as its format says");
    }

    /** The ways in which Protocol Buffers write a field, by number. Groups are not written any more. */
    private static final class Wire {
        private static final int VARINT = 0;
        private static final int EIGHT_BYTES = 1;
        private static final int BYTES = 2;
        private static final int FOUR_BYTES = 5;
    }

    private static long tag(ByteBuffer message) throws DamagedException {
        long tag = varint(message);
        if (tag >>> 3 == 0) {
            throw malformed();
        }
        return tag;
    }

    /** The number of the field; what no field of these messages has, as 0. */
    private static int field(long tag) {
        return tag >>> 3 <= 3 ? (int) (tag >>> 3) : 0;
    }

    private static void skip(ByteBuffer message, long tag) throws DamagedException {
        switch ((int) (tag & 7)) {
            case Wire.VARINT -> varint(message);
            case Wire.EIGHT_BYTES -> part(message, Long.BYTES);
            case Wire.BYTES -> part(message, varint(message));
            case Wire.FOUR_BYTES -> part(message, Integer.BYTES);
            default -> throw malformed();
        }
    }

    private static long number(ByteBuffer message, long tag) throws DamagedException {
        if ((tag & 7) != Wire.VARINT) {
            throw malformed();
        }
        return varint(message);
    }

    private static ByteBuffer bytes(ByteBuffer message, long tag) throws DamagedException {
        if ((tag & 7) != Wire.BYTES) {
            throw malformed();
        }
        return part(message, varint(message));
    }

    /** A number of variable length: seven bits a byte, the lowest first, and no more than 64. */
    private static long varint(ByteBuffer message) throws DamagedException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE && message.hasRemaining(); shift += 7) {
            byte one = message.get();
            long bits = one & 0x7F;
            if (bits << shift >>> shift != bits) {
                throw malformed();
            }
            value |= bits << shift;
            if (one >= 0) {
                return value;
            }
        }
        throw malformed();
    }

    private static ByteBuffer part(ByteBuffer message, long length) throws DamagedException {
        if (length < 0 || length > message.remaining()) {
            throw malformed();
        }
        ByteBuffer part = message.slice(message.position(), (int) length);
        message.position(message.position() + (int) length);
        return part;
    }

    private static String text(ByteBuffer bytes) throws DamagedException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException cause) {
            throw malformed();
        }
    }
}
