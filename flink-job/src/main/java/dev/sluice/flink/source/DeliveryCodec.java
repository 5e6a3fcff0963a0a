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
        out.writeUTF(delivery.sequenceNumber());
        out.writeLong(delivery.arrivalMs());
        out.writeUTF(delivery.shardId());
    }

    /** Reads what {@link #write} wrote. */
    public static Delivery read(DataInput in) throws IOException {
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return new Delivery(data, in.readUTF(), in.readUTF(), in.readLong(), in.readUTF());
    }
}
