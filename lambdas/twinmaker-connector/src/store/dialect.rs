//! What statements are made of, and where the dialects of the stores differ in them.

pub use sql::columns::Column;
pub use sql::{Finite, Identifier, Literal, TableName};

use sql::Sql;
use telemetry::MeasureType;

use crate::instant::Instant;
use crate::operator::Operator;

/// What a dialect writes in its own way.
pub trait Dialect: sql::Dialect + Clone + Default + 'static {
    /// The instant of a row, selected as `time`.
    const TIME: &'static str;

    /// The order that has the newest row first.
    const NEWEST: &'static str;

    /// The order of two texts: by their code points.
    const TEXT_ORDER: &'static str;

    /// The column of a measure.
    fn column(column: &Column) -> Sql<Self>;

    /// The condition for rows between two instants, themselves included.
    fn between(from: Instant, to: Instant) -> Sql<Self>;

    /// The condition for rows from an instant on.
    fn since(from: Instant) -> Sql<Self>;

    /// The nanoseconds since 1970 of an instant that was selected.
    fn nanoseconds(time: &'static str) -> Sql<Self>;

    /// The value with the least time in a group.
    fn first(value: &Sql<Self>) -> Sql<Self>;

    /// The value with the greatest time in a group.
    fn last(value: &Sql<Self>) -> Sql<Self>;

    /// The type of values of a measure.
    fn type_name(kind: MeasureType) -> &'static str;

    /// A comparison with a value.
    fn compare(compared: &Sql<Self>, operator: Operator, literal: &Literal) -> Sql<Self> {
        let mut sql = compared.clone();
        if operator.orders() && matches!(literal, Literal::Text(_)) {
            sql.text(Self::TEXT_ORDER);
        }
        sql.text(" ").text(operator.symbol()).text(" ").literal(literal);
        sql
    }
}
