package dev.sluice.flink.source;

import dev.sluice.flink.domain.Arrival;
import dev.sluice.flink.domain.Kpl;
import java.io.Serializable;

/**
 * One record of the stream, or of an aggregate in one: the bytes of an event, and where and when it came in.
 *
 * @param data the event as it was sent; nobody may change it
 * @param partitionKey what the sender chose the shard by; it has of the topic what the model reads of it
 * @param sequenceNumber decimal digits, growing within a shard; of a record of an aggregate, the aggregate's
 * @param nth which record of an aggregate it is, from 0; {@code null}: it is none of an aggregate
 * @param arrivalMs the stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z
 * @param shardId the shard
 */
public record Delivery(
        byte[] data, String partitionKey, String sequenceNumber, Integer nth, long arrivalMs, String shardId)
        implements Serializable {
    /** A record of the stream. */
    public Delivery(byte[] data, String partitionKey, String sequenceNumber, long arrivalMs, String shardId) {
        this(data, partitionKey, sequenceNumber, null, arrivalMs, shardId);
    }

    /** When and where the event came into the stream, as the domain asks for it. */
    public Arrival arrival() {
        return new Arrival(arrivalMs, sequenceNumber, partitionKey);
    }

    /** A record of this delivery, which is an aggregate. */
    public Delivery userRecord(Kpl.UserRecord record, int place) {
        return new Delivery(record.data(), record.partitionKey(), sequenceNumber, place, arrivalMs, shardId);
    }

    /** The sequence number; of a record of an aggregate, with its place. No two events of a shard have the same. */
    public String number() {
        return nth == null ? sequenceNumber : sequenceNumber + '-' + nth;
    }

    /** The identity that Lambda gives the same record: {@code shardId:sequenceNumber}. */
    public String eventId() {
        return shardId + ":" + sequenceNumber;
    }
}
