/**
 * PostgreSQL as the store, reached in one of two ways: what it takes, the form of its requests, and what its answers
 * mean.
 *
 * <p>The twin of the Rust crate {@code lambdas/postgres}, which makes the schema. What a row is, when one replaces
 * another and which are refused is decided by a function of the database, for every writer alike.
 */
package dev.sluice.flink.postgres;
