package dev.sluice.flink.domain;

/** What stands there is no value: a null, or text of nothing but white space. */
enum Nothing implements Outcome.OfScalar, Outcome.OfReading, Outcome.OfInstant, Outcome.OfElement {
    NOTHING
}
