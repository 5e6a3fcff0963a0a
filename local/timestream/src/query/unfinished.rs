//! Results that clients have not read to their end, within a bound of bytes.
//!
//! A result that is read to its end is released, and only the text of its last page stays, for a client whose
//! answer was lost. When the bound is reached, the results that were read longest ago are released; a token of
//! a released result is as invalid as an expired one.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use datafusion::arrow::array::{Array, ArrayData, RecordBatch};
use datafusion::arrow::buffer::{Buffer, NullBuffer};
use serde_json::Value;

use super::{
    failure::Failure,
    result::{ResultSet, Rows},
};

/// How long a token is good.
const LIFETIME: Duration = Duration::from_hours(1);
/// How often a token is good.
const USES: u32 = 5;
/// What a value of JSON takes beside its text, in bytes: its place in a list or map, and the list's growth.
const VALUE_BYTES: usize = 2 * size_of::<Value>();

/// The results, the one that was read longest ago first.
#[derive(Debug)]
pub struct Unfinished {
    results: VecDeque<One>,
    bytes: usize,
    limit: usize,
}

#[derive(Debug)]
struct One {
    query_id: String,
    query: String,
    kept: Kept,
    bytes: usize,
    since: Instant,
    /// The furthest row that a token was used for, and how often.
    furthest: usize,
    uses: u32,
}

/// What is there of a result.
#[derive(Debug, Clone)]
pub enum Kept {
    /// All of it.
    Whole(Arc<ResultSet>),
    /// The answer with its last page, as text.
    LastPage(Arc<str>),
}

impl Unfinished {
    /// Keeps at most `limit` bytes.
    pub fn within(limit: usize) -> Self {
        Self { results: VecDeque::new(), bytes: 0, limit }
    }

    /// Keeps a result, for which older ones may be released. One that does not fit at all is refused: none of
    /// its tokens could ever be good.
    pub fn keep(&mut self, query_id: String, query: &str, result: ResultSet) -> Result<(), Failure> {
        let bytes = query.len() + result_bytes(&result);
        if bytes > self.limit {
            let megabytes = |bytes: usize| bytes.div_ceil(1_000_000);
            return Err(Failure::Unplaced(format!(
                "The result has more than one page and takes {} MB, and this endpoint keeps {} MB of results for \
                 their next pages: narrow the query, or start local-timestream with a larger --unfinished-mb",
                megabytes(bytes),
                megabytes(self.limit)
            )));
        }
        self.remove(|one| one.since.elapsed() >= LIFETIME);
        while self.bytes + bytes > self.limit
            && let Some(oldest) = self.results.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
        self.bytes += bytes;
        self.results.push_back(One {
            query_id,
            query: query.to_owned(),
            kept: Kept::Whole(Arc::new(result)),
            bytes,
            since: Instant::now(),
            furthest: 0,
            uses: 0,
        });
        Ok(())
    }

    /// What a token stands for, which is used with this. `None`: it is not good.
    pub fn take_up(&mut self, query_id: &str, query: &str, start: usize) -> Option<Kept> {
        let index = self.results.iter().position(|one| {
            one.query_id == query_id && one.query == query && one.since.elapsed() < LIFETIME
        })?;
        let one = &mut self.results[index];
        let again = one.furthest == start && one.uses > 0;
        let beyond = match &one.kept {
            Kept::Whole(result) => start > result.rows.len(),
            Kept::LastPage(_) => start != one.furthest,
        };
        if start < one.furthest || (again && one.uses >= USES) || beyond {
            return None;
        }
        one.uses = if again { one.uses + 1 } else { 1 };
        one.furthest = start;
        let kept = one.kept.clone();
        let one = self.results.remove(index)?;
        self.results.push_back(one);
        Some(kept)
    }

    /// Releases a result whose last page is answered, but for that answer.
    pub fn finish(&mut self, query_id: &str, answer: &Value) {
        if let Some(one) = self.results.iter_mut().find(|one| one.query_id == query_id) {
            let text: Arc<str> = answer.to_string().into();
            let bytes = one.query.len() + text.len();
            self.bytes = self.bytes - one.bytes + bytes;
            one.bytes = bytes;
            one.kept = Kept::LastPage(text);
        }
    }

    /// Forgets a result; answers whether it was there and not read to its end.
    pub fn forget(&mut self, query_id: &str) -> bool {
        let mut unfinished = false;
        self.remove(|one| {
            let meant = one.query_id == query_id;
            unfinished |= meant && matches!(one.kept, Kept::Whole(_));
            meant
        });
        unfinished
    }

    /// The memory that is taken.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn remove(&mut self, mut is_meant: impl FnMut(&One) -> bool) {
        self.results.retain(|one| !is_meant(one));
        self.bytes = self.results.iter().map(|one| one.bytes).sum();
    }
}

/// The memory that a result takes.
fn result_bytes(result: &ResultSet) -> usize {
    let columns: usize = result.columns.iter().map(value_bytes).sum();
    let rows: usize = match &result.rows {
        Rows::Ready(rows) => rows.iter().map(value_bytes).sum(),
        Rows::Computed(batches) => {
            // Batches may be parts of one buffer, which is there once.
            let mut seen = HashSet::new();
            let columns = batches.iter().flat_map(RecordBatch::columns);
            columns.map(|column| data_bytes(&column.to_data(), &mut seen)).sum()
        }
    };
    columns + rows
}

fn data_bytes(data: &ArrayData, seen: &mut HashSet<*const u8>) -> usize {
    let nulls = data.nulls().map(NullBuffer::buffer);
    let own = data.buffers().iter().chain(nulls);
    let own: usize = own.filter(|buffer| seen.insert(buffer.data_ptr().as_ptr())).map(Buffer::capacity).sum();
    own + data.child_data().iter().map(|child| data_bytes(child, seen)).sum::<usize>()
}

fn value_bytes(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(value_bytes).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + value_bytes(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    VALUE_BYTES + inside
}
