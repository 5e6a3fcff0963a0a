/**
 * From decoded events to a store, whichever it is, with quarantine for what the store refuses.
 *
 * <p>A record that is in here is written, replaced by a later version of itself, or in quarantine; until
 * one of these is so it is in a request or in the state of the job. There is no other end, and no answer
 * of the store that fails the job.
 */
package dev.sluice.flink.sink;
