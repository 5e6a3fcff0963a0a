//! From a translated query to rows: name resolution, type check and execution.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::RecordBatch,
        datatypes::{DataType, Field, SchemaRef},
    },
    common::{TableReference, config::ConfigOptions},
    datasource::provider_as_source,
    error::Result,
    execution::{SessionState, SessionStateBuilder, context::SessionConfig},
    functions::core,
    logical_expr::{
        AggregateUDF, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF,
        planner::{ContextProvider, RelationPlanner},
    },
    physical_plan::collect,
    sql::{
        planner::{NullOrdering, ParserOptions, SqlToRel},
        sqlparser::ast::{Query, Statement},
    },
};

use super::{
    aggregates,
    call_site::CallSite,
    check, comparison,
    failure::Failure,
    functions, lambdas,
    names::Found,
    table::{BytesScanned, Table},
    unnest::Unnest,
};
use crate::store::Store;

/// What a query computes, before it runs.
pub struct Plan {
    state: SessionState,
    logical: LogicalPlan,
    scanned: BytesScanned,
}

/// What a query computed.
pub struct Rows {
    /// The columns.
    pub schema: SchemaRef,
    /// The rows.
    pub batches: Vec<RecordBatch>,
    /// The bytes that were read for it.
    pub bytes_scanned: i64,
}

impl Plan {
    /// Plans a translated query.
    pub fn new(query: Query, store: &Arc<Store>) -> Result<Self, Failure> {
        // One partition: the data is small, and rows without an order then come in the same order every time.
        let mut config = SessionConfig::new().with_target_partitions(1);
        config.options_mut().sql_parser.default_null_ordering.replace_range(.., "nulls_last");
        let state = SessionStateBuilder::new().with_config(config).build();
        let scanned = BytesScanned::default();
        let tables = Tables {
            store: Arc::clone(store),
            options: state.config_options().as_ref().clone(),
            scanned: scanned.clone(),
            relations: vec![Arc::new(Unnest)],
        };
        let options = ParserOptions::new()
            .with_enable_ident_normalization(false)
            .with_collect_spans(true)
            .with_map_string_types_to_utf8view(false)
            .with_default_null_ordering(NullOrdering::NullsLast);
        let logical = SqlToRel::new_with_options(&tables, options)
            .sql_statement_to_plan(Statement::Query(Box::new(query)))
            .map_err(|error| Failure::from_engine(&error))?;
        check::types(&logical)?;
        let logical = comparison::apply(logical)?;
        Ok(Self { state, logical, scanned })
    }

    /// The columns of the result. A mistake that only the optimizer finds is found here, too.
    pub fn fields(&self) -> Result<Vec<Arc<Field>>, Failure> {
        let optimized = self.state.optimize(&self.logical).map_err(|error| Failure::from_engine(&error))?;
        Ok(optimized.schema().fields().iter().cloned().collect())
    }

    /// Runs it.
    pub async fn run(self) -> Result<Rows, Failure> {
        let Self { state, logical, scanned } = self;
        let run = async {
            let physical = state.create_physical_plan(&logical).await?;
            let schema = physical.schema();
            let batches = collect(physical, state.task_ctx()).await?;
            Ok((schema, batches))
        };
        let (schema, batches) = run.await.map_err(|error| Failure::from_engine(&error))?;
        Ok(Rows { schema, batches, bytes_scanned: scanned.total() })
    }
}

/// Everything that a name in a query can mean.
struct Tables {
    store: Arc<Store>,
    options: ConfigOptions,
    scanned: BytesScanned,
    relations: Vec<Arc<dyn RelationPlanner>>,
}

impl ContextProvider for Tables {
    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        &self.relations
    }

    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        let TableReference::Partial { schema, table } = &name else {
            return Err(Failure::Unplaced(format!(
                "Database must be specified for table '{}'",
                name.table()
            ))
            .into());
        };
        let name = Found { database: schema.to_string(), table: table.to_string() };
        let table = Table::open(Arc::clone(&self.store), name, self.scanned.clone())?;
        Ok(provider_as_source(Arc::new(table)))
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        match name {
            "coalesce" => Some(core::coalesce()),
            "nullif" => Some(core::nullif()),
            "get_field" => Some(core::get_field()),
            _ => functions::call(&CallSite::parse(name)?),
        }
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        lambdas::call(&CallSite::parse(name)?)
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        aggregates::aggregate(name)
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        aggregates::window(name)
    }

    fn get_variable_type(&self, _variable_names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.options
    }

    fn udf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}
