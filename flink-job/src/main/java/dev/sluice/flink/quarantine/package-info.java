/**
 * What cannot be stored is kept: its bytes, where it was in the stream, and why it is here.
 *
 * <p>A message in the queue says all of it, in the form of the Lambda consumer's. Bytes that are too large
 * for a message lie in the bucket, and the message says where. What cannot be kept now is kept later: it
 * stays in the state of the job until then, and is never dropped.
 */
package dev.sluice.flink.quarantine;
