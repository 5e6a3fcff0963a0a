//! Aggregates over a moving frame, computed anew for each frame.
//!
//! The engine keeps running sums, from which it takes what leaves the frame. What was lost to rounding never comes
//! back so, and an infinity never leaves.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef},
        compute::concat,
        datatypes::{DataType, FieldRef, Schema},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature,
        expr::{AggregateFunctionParams, WindowFunctionParams},
        function::{AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs},
        utils::AggregateOrderSensitivity,
    },
    physical_expr::PhysicalExpr,
};

/// How many pieces of a frame are kept apart.
const PIECES: usize = 64;

/// An aggregate that computes each moving frame anew, and is otherwise `inner`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PerFrame {
    inner: Arc<AggregateUDF>,
}

impl PerFrame {
    pub(super) fn of(inner: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
        Arc::new(AggregateUDF::new_from_impl(Self { inner }))
    }
}

impl AggregateUDFImpl for PerFrame {
    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        // Sums of integers are exact whichever way they are kept.
        if *arguments.return_type() == DataType::Int64 {
            let kept = self.inner.accumulator(arguments.clone())?;
            if kept.supports_retract_batch() {
                return Ok(kept);
            }
        }
        Ok(Box::new(Frame {
            inner: Arc::clone(&self.inner),
            result: arguments.return_field,
            schema: arguments.schema.clone(),
            name: arguments.name.to_owned(),
            expressions: arguments.exprs.to_vec(),
            fields: arguments.expr_fields.to_vec(),
            pieces: VecDeque::new(),
        }))
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.inner.schema_name(params)
    }

    fn display_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.inner.display_name(params)
    }

    fn window_function_schema_name(&self, params: &WindowFunctionParams) -> Result<String> {
        self.inner.window_function_schema_name(params)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field(&self, arguments: &[FieldRef]) -> Result<FieldRef> {
        self.inner.return_field(arguments)
    }

    fn is_nullable(&self) -> bool {
        self.inner.is_nullable()
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.inner.accumulator(arguments)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(arguments)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(arguments)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        self.inner.simplify()
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn default_value(&self, kind: &DataType) -> Result<ScalarValue> {
        self.inner.default_value(kind)
    }
}

/// The rows of a frame.
#[derive(Debug)]
struct Frame {
    inner: Arc<AggregateUDF>,
    result: FieldRef,
    schema: Schema,
    name: String,
    expressions: Vec<Arc<dyn PhysicalExpr>>,
    fields: Vec<FieldRef>,
    /// The arguments, the rows that came first first.
    pieces: VecDeque<Vec<ArrayRef>>,
}

impl Frame {
    fn computed(&self) -> Result<Box<dyn Accumulator>> {
        let mut accumulator = self.inner.accumulator(AccumulatorArgs {
            return_field: Arc::clone(&self.result),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: &self.name,
            is_distinct: false,
            exprs: &self.expressions,
            expr_fields: &self.fields,
        })?;
        self.pieces.iter().try_for_each(|piece| accumulator.update_batch(piece))?;
        Ok(accumulator)
    }

    fn join_pieces(&mut self) -> Result<()> {
        let columns = self.pieces.front().map_or(0, Vec::len);
        let joined = (0..columns).map(|index| {
            let parts: Vec<&dyn Array> = self.pieces.iter().map(|piece| &*piece[index]).collect();
            concat(&parts)
        });
        let joined = joined.collect::<std::result::Result<Vec<_>, _>>()?;
        self.pieces = VecDeque::from([joined]);
        Ok(())
    }
}

fn rows(piece: &[ArrayRef]) -> usize {
    piece.first().map_or(0, Array::len)
}

impl Accumulator for Frame {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if rows(values) > 0 {
            self.pieces.push_back(values.to_vec());
        }
        if self.pieces.len() > PIECES { self.join_pieces() } else { Ok(()) }
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut leaving = rows(values);
        while leaving > 0
            && let Some(first) = self.pieces.front_mut()
        {
            let there = rows(first);
            if there > leaving {
                for array in first {
                    *array = array.slice(leaving, there - leaving);
                }
                return Ok(());
            }
            leaving -= there;
            self.pieces.pop_front();
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.computed()?.evaluate()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.pieces.iter().flatten().map(Array::get_array_memory_size).sum::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.computed()?.state()
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> Result<()> {
        Err(crate::query::failure::Failure::Internal("a frame is computed at once".to_owned()).into())
    }
}
