/**
 * The domain: a message of a device becomes records of a store.
 *
 * <p>Pure: no clock, no network, no file, nothing of Flink and of no store: what that takes comes as {@link
 * dev.sluice.flink.domain.Limits}. It is the twin of the Rust crate {@code
 * lambdas/telemetry}, class by module, and equal to it: both pass {@code test-vectors/}, and {@code
 * DifferentialTest} compares them on generated messages of generated models. Whatever the bytes, {@link
 * dev.sluice.flink.domain.Decoder#decode} answers and never throws.
 *
 * <p>Outside of the decoder, everything is an immutable value; a {@code null} is named where it can be.
 */
package dev.sluice.flink.domain;
