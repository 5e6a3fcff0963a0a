//! One query for all properties of a request: a branch each, with its filters, order and limit.
//!
//! No branch is without a bound on both sides of time.

use sql::Sql;
use telemetry::twin::{ALARM_ACTIVE, ALARM_NORMAL, alarm_prefix};
use telemetry::{MeasureType, Range, canary};

use super::dialect::{Dialect, Finite, Literal, TableName};
use crate::catalog::{Columns, DimensionProperty, MeasureProperty};
use crate::instant::Instant;
use crate::plan::{Component, Condition, Plan, Says, Selection, Source, Target};
use crate::request::Order;

/// What is the same for all branches.
#[derive(Debug)]
pub struct Scope<'a> {
    /// What is asked.
    pub plan: &'a Plan<'a>,
    /// Where.
    pub table: &'a TableName,
    /// What the table has.
    pub columns: &'a Columns,
    /// The direction of time.
    pub order: Order,
}

/// A property, and what is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'a> {
    /// The index of the property.
    pub index: usize,
    /// Its points.
    pub selection: &'a Selection<'a>,
    /// Which of them.
    pub slice: Slice,
}

/// What one branch returns at most.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// The earliest time, itself included.
    pub from: Instant,
    /// The latest time, itself included.
    pub to: Instant,
    /// Rows.
    pub limit: usize,
}

/// The grid of an interpolation.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// The first point.
    pub start: Instant,
    /// Nanoseconds between two points.
    pub interval: i64,
    /// The index of the next point to return.
    pub next: i64,
}

/// Where the columns of a row are. The first is always the index of the property.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The external id, where it tells rows apart.
    pub external_id: Option<usize>,
    /// The first of the dimensions.
    pub dimensions: usize,
    /// How many there are.
    pub dimension_count: usize,
    /// The types of the columns that hold values, which follow the dimensions.
    pub types: Vec<MeasureType>,
}

/// Columns of a row of points before those of the series: index, time.
const POINT_COLUMNS: usize = 2;

/// Columns of a row of gaps before those of the series: see [`crate::interpolation::Gap`].
const GAP_COLUMNS: usize = 8;

impl Layout {
    fn new(scope: &Scope<'_>, before: usize, types: Vec<MeasureType>) -> Self {
        let external_id = scope.plan.device.is_none().then_some(before);
        let dimensions = before + usize::from(external_id.is_some());
        let dimension_count = scope.plan.dimensions(scope.columns).len();
        Self { external_id, dimensions, dimension_count, types }
    }

    /// Of rows that are stored points.
    pub fn points(scope: &Scope<'_>) -> Self {
        let mut types: Vec<MeasureType> = Vec::new();
        for selection in &scope.plan.selections {
            if !types.contains(&selection.stored) {
                types.push(selection.stored);
            }
        }
        Self::new(scope, POINT_COLUMNS, types)
    }

    /// Of rows that are gaps between stored points.
    pub fn gaps(scope: &Scope<'_>) -> Self {
        Self::new(scope, GAP_COLUMNS, Vec::new())
    }

    /// The column that holds values of a type.
    pub fn value(&self, stored: MeasureType) -> Option<usize> {
        let index = self.types.iter().position(|one| *one == stored)?;
        Some(self.dimensions + self.dimension_count + index)
    }
}

impl Scope<'_> {
    /// The points of all branches; `None` where the table cannot have any.
    pub fn points<D: Dialect>(&self, branches: &[Branch<'_>], layout: &Layout) -> Option<Sql<D>> {
        let branches: Vec<_> = branches.iter().filter_map(|branch| self.points_of(branch, layout)).collect();
        self.together(&branches, "time")
    }

    /// The gaps of all branches; `None` where the table cannot have any.
    pub fn gaps<D: Dialect>(&self, branches: &[(Branch<'_>, Grid)]) -> Option<Sql<D>> {
        let branches: Vec<_> =
            branches.iter().filter_map(|(branch, grid)| self.gaps_of(branch, *grid)).collect();
        self.together(&branches, "s")
    }

    fn points_of<D: Dialect>(&self, branch: &Branch<'_>, layout: &Layout) -> Option<Sql<D>> {
        let Branch { index, selection, slice } = *branch;
        let base = self.base::<D>(selection, slice)?;
        let mut sql = Sql::new("SELECT ");
        sql.count(index).text(" AS p, time");
        self.series(&mut sql, ", ");
        for (position, kind) in layout.types.iter().enumerate() {
            if *kind == selection.stored {
                sql.text(", v");
            } else {
                sql.text(", CAST(NULL AS ").text(D::type_name(*kind)).text(")");
            }
            sql.text(" AS v").count(position);
        }
        sql.text(" FROM (").part(&base).text(") AS points");
        self.ordered(&mut sql, "time");
        sql.text(" LIMIT ").count(slice.limit);
        Some(sql)
    }

    /// The gaps between stored points that hold points of a grid: one row for each interval of the grid in
    /// which a point is stored, with the first such point and the last one before that interval. The rows
    /// begin with those that hold the next points.
    fn gaps_of<D: Dialect>(&self, branch: &Branch<'_>, grid: Grid) -> Option<Sql<D>> {
        let Branch { index, selection, slice } = *branch;
        let base = self.base::<D>(selection, slice)?;
        let number = |sql: &mut Sql<D>, number: i64| {
            sql.literal(&Literal::Bigint(number));
        };
        let mut cell = Sql::new("(");
        cell.part(&D::nanoseconds("time")).text(" - ");
        number(&mut cell, grid.start.nanos());
        cell.text(") / ");
        number(&mut cell, grid.interval);

        let mut cells = Sql::new("SELECT ");
        let mut value = Sql::new("CAST(v AS ");
        value.text(D::type_name(MeasureType::Double)).text(")");
        cells.part(&cell).text(" AS b, min(time) AS t1, ").part(&D::first(&value)).text(" AS v1");
        cells.text(", max(time) AS t2, ").part(&D::last(&value)).text(" AS v2");
        self.series(&mut cells, ", ");
        cells.text(" FROM (").part(&base).text(") AS points GROUP BY ").part(&cell);
        self.series(&mut cells, ", ");

        let mut window = Sql::new(" OVER (");
        if self.has_series() {
            window.text("PARTITION BY ");
            window.joined(&self.series_names(), ", ").text(" ");
        }
        window.text("ORDER BY b)");
        let mut gaps = Sql::new("SELECT b, t1, v1, lag(b)");
        gaps.part(&window).text(" AS a, lag(t2)").part(&window).text(" AS t0, lag(v2)").part(&window);
        gaps.text(" AS v0");
        self.series(&mut gaps, ", ");
        gaps.text(" FROM (").part(&cells).text(") AS cells");

        let mut sql = Sql::new("SELECT ");
        sql.count(index).text(" AS p, ");
        sql.text(match self.order {
            Order::Ascending => "greatest(coalesce(a + 1, b), ",
            Order::Descending => "least(b, ",
        });
        number(&mut sql, grid.next);
        sql.text(") AS s, b, t1, v1, a, t0, v0");
        self.series(&mut sql, ", ");
        sql.text(" FROM (").part(&gaps).text(") AS gaps WHERE ");
        sql.text(match self.order {
            Order::Ascending => "b >= ",
            Order::Descending => "coalesce(a + 1, b) <= ",
        });
        number(&mut sql, grid.next);
        // Before the first point of a series there is nothing, unless it is a point of the grid.
        sql.text(" AND (a IS NOT NULL OR (").part(&D::nanoseconds("t1")).text(" - ");
        number(&mut sql, grid.start.nanos());
        sql.text(") % ");
        number(&mut sql, grid.interval);
        sql.text(" = 0)");
        self.ordered(&mut sql, "s");
        sql.text(" LIMIT ").count(slice.limit);
        Some(sql)
    }

    /// All branches, and the order that their rows had in them.
    fn together<D: Dialect>(&self, branches: &[Sql<D>], by: &'static str) -> Option<Sql<D>> {
        match branches {
            [] => None,
            [one] => Some(one.clone()),
            several => {
                let mut sql = Sql::new("SELECT * FROM (");
                for (index, branch) in several.iter().enumerate() {
                    sql.text(if index > 0 { " UNION ALL SELECT * FROM (" } else { "SELECT * FROM (" });
                    sql.part(branch).text(") AS branch").count(index);
                }
                // An order of something else than columns needs them to be of one query.
                sql.text(") AS branches ORDER BY p, ");
                self.order_by(&mut sql, by);
                Some(sql)
            }
        }
    }

    fn ordered<D: Dialect>(&self, sql: &mut Sql<D>, by: &'static str) {
        sql.text(" ORDER BY ");
        self.order_by(sql, by);
    }

    fn order_by<D: Dialect>(&self, sql: &mut Sql<D>, by: &'static str) {
        sql.text(by).text(match self.order {
            Order::Ascending => " ASC",
            Order::Descending => " DESC",
        });
        for name in self.series_names::<D>() {
            sql.text(", ").part(&name).text(D::TEXT_ORDER);
        }
    }

    fn has_series(&self) -> bool {
        self.plan.device.is_none() || !self.plan.dimensions(self.columns).is_empty()
    }

    /// The columns that tell series apart: the external id `e`, unless it is fixed, and dimensions `d0`, …
    fn series_names<D: Dialect>(&self) -> Vec<Sql<D>> {
        let mut names = Vec::new();
        if self.plan.device.is_none() {
            names.push(Sql::new("e"));
        }
        for index in 0..self.plan.dimensions(self.columns).len() {
            let mut name = Sql::new("d");
            name.count(index);
            names.push(name);
        }
        names
    }

    fn series<D: Dialect>(&self, sql: &mut Sql<D>, before: &'static str) {
        for name in self.series_names() {
            sql.text(before).part(&name);
        }
    }

    /// `time`, the series, and `v`, of everything that a selection is made of.
    fn base<D: Dialect>(&self, selection: &Selection<'_>, slice: Slice) -> Option<Sql<D>> {
        let parts: Vec<Sql<D>> =
            selection.sources.iter().filter_map(|source| self.source(source, slice)).collect();
        if parts.is_empty() {
            return None;
        }
        let mut sql = Sql::default();
        sql.joined(&parts, " UNION ALL ");
        Some(sql)
    }

    fn source<D: Dialect>(&self, source: &Source<'_>, slice: Slice) -> Option<Sql<D>> {
        let plan = self.plan;
        let measure = source.measure;
        if !self.columns.has(&measure.column.name) {
            return None;
        }
        let value = value::<D>(source)?;
        let external_id = self.external_id(measure);
        let mut sql = Sql::new("SELECT ");
        sql.text(D::TIME);
        if plan.device.is_none() {
            sql.text(", ").part(&external_id).text(" AS e");
        }
        let dimensions = plan.dimensions(self.columns);
        for (index, dimension) in dimensions.iter().enumerate() {
            sql.text(", ").identifier(&dimension.sql).text(" AS d").count(index);
        }
        sql.text(", ").part(&value).text(" AS v");
        self.from(&mut sql, measure, slice)?;
        sql.text(" AND ").part(&D::column(&measure.column)).text(" IS NOT NULL");

        let mut elsewhere: Vec<(&MeasureProperty, Vec<&Condition<'_>>)> = Vec::new();
        for condition in &plan.conditions {
            let compared = match condition.target {
                Target::ExternalId => external_id.clone(),
                Target::Value => value.clone(),
                Target::Dimension(dimension) => self.dimension(dimension)?,
                Target::Measure(other) if other.column.record == measure.column.record => {
                    self.columns.has(&other.column.name).then(|| D::column(&other.column))?
                }
                Target::Measure(other) => {
                    match elsewhere.iter_mut().find(|(there, _)| there.property == other.property) {
                        Some((_, conditions)) => conditions.push(condition),
                        None => elsewhere.push((other, vec![condition])),
                    }
                    continue;
                }
            };
            sql.text(" AND ").part(&D::compare(&compared, condition.operator, &condition.literal));
        }
        if elsewhere.is_empty() {
            return Some(sql);
        }
        self.with_records_of_others(&sql, &elsewhere, &dimensions, slice)
    }

    /// In the layout with one measure a record, a condition on another measure is one on another record:
    /// that of the same series and time.
    fn with_records_of_others<D: Dialect>(
        &self,
        points: &Sql<D>,
        elsewhere: &[(&MeasureProperty, Vec<&Condition<'_>>)],
        dimensions: &[&DimensionProperty],
        slice: Slice,
    ) -> Option<Sql<D>> {
        let mut sql = Sql::new("SELECT x.time");
        for name in self.series_names() {
            sql.text(", x.").part(&name);
        }
        sql.text(", x.v FROM (").part(points).text(") x");
        for (index, (measure, conditions)) in elsewhere.iter().enumerate() {
            if !self.columns.has(&measure.column.name) {
                return None;
            }
            sql.text(" INNER JOIN (SELECT DISTINCT ").text(D::TIME);
            if self.plan.device.is_none() {
                sql.text(", ").part(&self.external_id(measure)).text(" AS e");
            }
            // No dimension is empty text, so that stands for none.
            for (position, dimension) in dimensions.iter().enumerate() {
                sql.text(", coalesce(").identifier(&dimension.sql).text(", '') AS d").count(position);
            }
            self.from(&mut sql, measure, slice)?;
            for condition in conditions {
                let compared =
                    D::compare(&D::column(&measure.column), condition.operator, &condition.literal);
                sql.text(" AND ").part(&compared);
            }
            sql.text(") f").count(index).text(" ON x.time = f").count(index).text(".time");
            if self.plan.device.is_none() {
                sql.text(" AND x.e = f").count(index).text(".e");
            }
            for position in 0..dimensions.len() {
                sql.text(" AND coalesce(x.d").count(position).text(", '') = f").count(index);
                sql.text(".d").count(position);
            }
        }
        Some(sql)
    }

    /// `FROM` and what holds for every row of a measure: the range of time, the record and the series. Of all
    /// devices, canaries are none; who asks for one by its name is answered.
    fn from<D: Dialect>(&self, sql: &mut Sql<D>, measure: &MeasureProperty, slice: Slice) -> Option<()> {
        let plan = self.plan;
        let text = |text: &str| Literal::Text(text.to_owned());
        let device = self.dimension(&plan.catalog.device)?;
        sql.text(" FROM ").table(self.table).text(" WHERE ").part(&D::between(slice.from, slice.to));
        sql.text(" AND measure_name = ").literal(&text(&measure.column.record));
        let names_devices = || plan.conditions.iter().any(|one| matches!(one.target, Target::ExternalId));
        match &plan.device {
            Some(name) => {
                sql.text(" AND ").part(&device).text(" = ").literal(&text(name));
            }
            None if !names_devices() => {
                sql.text(" AND ").part(&device).text(" NOT LIKE ").literal(&text(canary::PATTERN));
            }
            None => {}
        }
        for (dimension, value) in &plan.attributes {
            sql.text(" AND ").part(&self.dimension(dimension)?).text(" = ").literal(&text(value));
        }
        Some(())
    }

    /// A dimension, where the table has it.
    fn dimension<D: Dialect>(&self, dimension: &DimensionProperty) -> Option<Sql<D>> {
        self.columns.has(&dimension.column).then(|| {
            let mut sql = Sql::default();
            sql.identifier(&dimension.sql);
            sql
        })
    }

    /// What stands before the device in the key of an alarm, with a comma behind it.
    fn alarm_prefix<D: Dialect>(&self) -> Sql<D> {
        let mut sql = Sql::default();
        if let Some(kind) = &self.plan.catalog.kind {
            sql.literal(&Literal::Text(alarm_prefix(Some(kind)))).text(", ");
        }
        sql
    }

    fn external_id<D: Dialect>(&self, measure: &MeasureProperty) -> Sql<D> {
        let mut sql = Sql::default();
        match self.plan.component {
            Component::Telemetry => sql.identifier(&self.plan.catalog.device.sql),
            Component::Alarm => sql
                .text("concat(")
                .part(&self.alarm_prefix())
                .identifier(&self.plan.catalog.device.sql)
                .text(", ")
                .literal(&Literal::Text(format!("/{}", measure.property)))
                .text(")"),
        };
        sql
    }
}

/// What a property says of its measure. `None`: nothing is normal, so nothing is an alarm.
fn value<D: Dialect>(source: &Source<'_>) -> Option<Sql<D>> {
    let column = D::column(&source.measure.column);
    let Says::Status(Range { min, max }) = source.says else { return Some(column) };
    let bound = |number| Finite::new(number).map(Literal::Double);
    let mut sql = Sql::new("CASE WHEN CAST(");
    sql.part(&column).text(" AS ").text(D::type_name(MeasureType::Double)).text(") BETWEEN ");
    sql.literal(&bound(min)?).text(" AND ").literal(&bound(max)?);
    sql.text(" THEN ").literal(&Literal::Text(ALARM_NORMAL.to_owned()));
    sql.text(" ELSE ").literal(&Literal::Text(ALARM_ACTIVE.to_owned())).text(" END");
    Some(sql)
}
