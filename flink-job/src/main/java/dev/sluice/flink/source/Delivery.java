package dev.sluice.flink.source;

import dev.sluice.flink.domain.Arrival;
import java.io.Serializable;

/**
 * One record of the stream: the bytes of an event, and where and when it came in.
 *
 * @param data the event as it was sent; nobody may change it
 * @param partitionKey what the sender chose the shard by; it names the device where the model says so
 * @param sequenceNumber decimal digits, growing within a shard
 * @param arrivalMs the stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z
 * @param shardId the shard
 */
public record Delivery(byte[] data, String partitionKey, String sequenceNumber, long arrivalMs, String shardId)
        implements Serializable {
    /** When and where the event came into the stream, as the domain asks for it. */
    public Arrival arrival() {
        return new Arrival(arrivalMs, sequenceNumber, partitionKey);
    }

    /** The identity that Lambda gives the same record: {@code shardId:sequenceNumber}. */
    public String eventId() {
        return shardId + ":" + sequenceNumber;
    }
}
