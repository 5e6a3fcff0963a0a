//! A table of the store as the engine sees it: bounds on `time` reach the store, so that only rows in that range
//! are read, and only columns that a query names are built.

use std::{
    fmt,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use datafusion::{
    arrow::{
        array::{RecordBatch, RecordBatchOptions},
        datatypes::{Schema, SchemaRef},
    },
    catalog::{Session, TableProvider, memory::MemorySourceConfig},
    common::ScalarValue,
    error::Result,
    logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType, expr::Between},
    physical_plan::ExecutionPlan,
};

use super::{columns, failure::Failure, names::Found};
use crate::store::{Store, TableSchema};

/// Rows in one batch of columns.
const BATCH_ROWS: usize = 8_192;

/// Counts the bytes that the scans of one query read.
#[derive(Debug, Clone, Default)]
pub struct BytesScanned(Arc<AtomicI64>);

impl BytesScanned {
    /// The bytes so far.
    pub fn total(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// A table of the store.
pub struct Table {
    store: Arc<Store>,
    name: Found,
    columns: TableSchema,
    schema: SchemaRef,
    scanned: BytesScanned,
}

impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Table {
    /// The table as it is at this moment; columns that are written later stay unseen.
    pub fn open(store: Arc<Store>, name: Found, scanned: BytesScanned) -> Result<Self, Failure> {
        let none = RangeInclusive::new(i64::MAX, i64::MIN);
        let columns = store.snapshot(&name.database, &name.table, none)?.schema;
        let schema = columns::schema(&columns)?;
        Ok(Self { store, name, columns, schema, scanned })
    }
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Bounds on `time` narrow the scan; the engine still applies every filter.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| match bounds(filter) {
                Some(_) => TableProviderFilterPushDown::Inexact,
                None => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let range = filters
            .iter()
            .filter_map(bounds)
            .fold(i64::MIN..=i64::MAX, |all, one| *all.start().max(one.start())..=*all.end().min(one.end()));
        let snapshot =
            self.store.snapshot(&self.name.database, &self.name.table, range).map_err(Failure::from)?;
        let indexes = projection.map_or_else(|| (0..self.columns.columns.len()).collect(), Clone::clone);
        let schema: SchemaRef = Arc::new(Schema::new(
            indexes.iter().filter_map(|index| self.schema.fields().get(*index).cloned()).collect::<Vec<_>>(),
        ));
        let mut batches = Vec::new();
        for rows in snapshot.rows.chunks(BATCH_ROWS) {
            let arrays = indexes
                .iter()
                .filter_map(|index| self.columns.columns.get(*index))
                .map(|column| columns::array(column, rows))
                .collect();
            // A query such as `SELECT count(*)` needs no column, only the number of rows.
            let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)?;
            self.scanned.add(batch.get_array_memory_size());
            batches.push(batch);
        }
        Ok(MemorySourceConfig::try_new_exec(&[batches], schema, None)?)
    }
}

/// The range of `time` outside of which a filter cannot be true; none when it says nothing about that.
fn bounds(filter: &Expr) -> Option<RangeInclusive<i64>> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            match (bounds(left), bounds(right)) {
                (Some(a), Some(b)) => Some(*a.start().max(b.start())..=*a.end().min(b.end())),
                (a, b) => a.or(b),
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (is_time(left), instant(right)) {
            (true, Some(nanos)) => compared(*op, nanos),
            _ if is_time(right) => compared(op.swap()?, instant(left)?),
            _ => None,
        },
        Expr::Between(Between { expr, negated: false, low, high }) if is_time(expr) => {
            Some(instant(low)?..=instant(high)?)
        }
        _ => None,
    }
}

fn is_time(expression: &Expr) -> bool {
    matches!(expression, Expr::Column(column) if column.name == "time")
}

fn instant(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Literal(ScalarValue::TimestampNanosecond(Some(nanos), None), _) => Some(*nanos),
        _ => None,
    }
}

/// `time <op> nanos`
fn compared(op: Operator, nanos: i64) -> Option<RangeInclusive<i64>> {
    Some(match op {
        Operator::Eq => nanos..=nanos,
        Operator::Gt => nanos.checked_add(1)?..=i64::MAX,
        Operator::GtEq => nanos..=i64::MAX,
        Operator::Lt => i64::MIN..=nanos.checked_sub(1)?,
        Operator::LtEq => i64::MIN..=nanos,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    fn at(nanos: i64) -> Expr {
        lit(ScalarValue::TimestampNanosecond(Some(nanos), None))
    }

    #[test]
    fn filters_on_time_bound_the_scan() {
        for (filter, expected) in [
            (col("time").gt(at(5)), Some(6..=i64::MAX)),
            (col("time").lt_eq(at(5)), Some(i64::MIN..=5)),
            (at(5).gt(col("time")), Some(i64::MIN..=4)),
            (at(5).lt_eq(col("time")), Some(5..=i64::MAX)),
            (col("time").eq(at(5)), Some(5..=5)),
            (col("time").between(at(1), at(9)), Some(1..=9)),
            (col("time").not_between(at(1), at(9)), None),
            (col("time").gt(at(1)).and(col("time").lt(at(9))), Some(2..=8)),
            (col("time").gt(at(1)).and(col("x").lt(lit(9))), Some(2..=i64::MAX)),
            (col("time").gt(at(1)).or(col("time").lt(at(9))), None),
            (col("time").not_eq(at(5)), None),
            (col("other").gt(at(5)), None),
        ] {
            assert_eq!(bounds(&filter), expected, "{filter}");
        }
    }
}
