/**
 * The job in one process, for a machine without an account: a small cluster, its web UI, and a folder that
 * holds everything that has to survive the process.
 *
 * <p>Nothing in here runs on the service, and nothing in the job knows of it.
 */
package dev.sluice.flink.local;
