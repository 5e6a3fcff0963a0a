package dev.sluice.flink.source;

import dev.sluice.flink.domain.Arrival;
import dev.sluice.flink.domain.Kpl;
import java.io.Serializable;

/**
 * One record of the stream, or of an aggregate in one: the bytes of an event, and where and when it came in.
 *
 * @param data the event as it was sent; nobody may change it
 * @param partitionKey what the sender chose the shard by; it has of the topic what the model reads of it
 * @param sequenceNumber decimal digits, growing within a shard; of a record of an aggregate, the aggregate's,
 *     a point, and the place in it from 0
 * @param arrivalMs the stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z
 * @param shardId the shard
 */
public record Delivery(byte[] data, String partitionKey, String sequenceNumber, long arrivalMs, String shardId)
        implements Serializable {
    /** When and where the event came into the stream, as the domain asks for it. */
    public Arrival arrival() {
        return new Arrival(arrivalMs, sequenceNumber, partitionKey);
    }

    /** A record of this delivery, which is an aggregate: a delivery with an identity of its own. */
    public Delivery userRecord(Kpl.UserRecord record, int nth) {
        return new Delivery(record.data(), record.partitionKey(), sequenceNumber + '.' + nth, arrivalMs, shardId);
    }

    /** The identity that Lambda gives the same record: {@code shardId:sequenceNumber}. */
    public String eventId() {
        return shardId + ":" + sequenceNumber;
    }
}
