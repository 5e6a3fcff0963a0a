package dev.sluice.flink.source;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A {@link Delivery} in a checkpoint. */
public final class DeliveryCodec {
    private DeliveryCodec() {}

    /** Writes {@code delivery}. */
    public static void write(Delivery delivery, DataOutput out) throws IOException {
        out.writeInt(delivery.data().length);
        out.write(delivery.data());
        out.writeUTF(delivery.partitionKey());
        // With the place in an aggregate: a number alone is as it has always been.
        out.writeUTF(delivery.number());
        out.writeLong(delivery.arrivalMs());
        out.writeUTF(delivery.shardId());
    }

    /** Reads what {@link #write} wrote. */
    public static Delivery read(DataInput in) throws IOException {
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        String partitionKey = in.readUTF();
        String number = in.readUTF();
        int end = number.indexOf('-');
        Integer nth = end < 0 ? null : Integer.valueOf(number.substring(end + 1));
        return new Delivery(
                data, partitionKey, end < 0 ? number : number.substring(0, end), nth, in.readLong(), in.readUTF());
    }
}
