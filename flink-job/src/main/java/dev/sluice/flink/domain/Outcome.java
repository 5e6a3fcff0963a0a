package dev.sluice.flink.domain;

/** What each step of decoding gives, or the fault in its place. */
final class Outcome {
    private Outcome() {}

    /** The fields of an event, or why the document is none. */
    sealed interface OfDocument permits Fields, Fault {}

    /** A scalar, nothing, or why a JSON value is neither. */
    sealed interface OfScalar permits Scalar, Nothing, Fault {}

    /** A value of the wanted type, or why there is none. */
    sealed interface OfValue extends OfReading permits Value, Fault {}

    /** An instant, or why there is none. */
    sealed interface OfTime extends OfInstant permits Times.Moment, Fault {}

    /** An instant, nothing, or why what stands in its place is neither. */
    sealed interface OfInstant permits OfTime, Nothing, Fault {}

    /** A value, nothing, or why what stands in its place is neither. */
    sealed interface OfReading permits OfValue, Nothing, Fault {}

    /** What came of an element of an array. */
    sealed interface OfElement permits Points.Point, Nothing, Fault {}
}
