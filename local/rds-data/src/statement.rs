//! Statements: how one is run, and what is told of its result.

use futures::TryStreamExt as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_postgres::types::Type;

use crate::{
    cell::{Options, Raw},
    metadata,
    parameter::{Bound, Parameter},
    pool::Connection,
    sql,
    wire::Error,
};

/// Bytes of an [answer](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html).
pub const ANSWER_BYTES: usize = 1024 * 1024;
/// Bytes of an answer that is one JSON text.
const FORMATTED_BYTES: usize = 10 * 1024 * 1024;
/// Bytes of a row of an answer.
pub const ROW_BYTES: usize = 64 * 1024;
/// Characters of a statement, of the service's model.
pub const STATEMENT_CHARACTERS: usize = 65_536;

/// What a request says of a statement, beside its parameters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Form {
    include_result_metadata: bool,
    /// Whether it goes on when it has run for longer than a request waits.
    pub continue_after_timeout: bool,
    result_set_options: Options,
    format_records_as: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Format {
    #[default]
    None,
    Json,
}

/// A statement that PostgreSQL takes, with the values of each run.
#[derive(Debug)]
pub struct Statement {
    text: String,
    /// For each run, the values in the order of their numbers.
    runs: Vec<Vec<Bound>>,
}

impl Statement {
    /// Replaces the named parameters. There are as many runs as there are sets of parameters.
    pub fn new(text: &str, sets: &[Vec<Parameter>]) -> Result<Self, Error> {
        if text.chars().count() > STATEMENT_CHARACTERS {
            let message = format!("The statement has more than {STATEMENT_CHARACTERS} characters.");
            return Err(Error::bad_request(message));
        }
        let numbered = sql::numbered(text);
        let bind = |set: &Vec<Parameter>| {
            let bind = |name: &&str| {
                let given = set.iter().find(|parameter| parameter.name == **name);
                given
                    .ok_or_else(|| Error::bad_request(format!("The parameter \"{name}\" has no value.")))?
                    .bind()
            };
            numbered.names.iter().map(bind).collect()
        };
        let runs = sets.iter().map(bind).collect::<Result<_, _>>()?;
        Ok(Self { text: numbered.text, runs })
    }

    /// How often it is run.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Runs it once for each set of parameters; returns what is told of the last.
    pub async fn run(&self, connection: &Connection, form: &Form) -> Result<Value, Error> {
        let mut answer = json!({});
        for values in &self.runs {
            answer = self.run_with(connection, values, form).await?;
        }
        Ok(answer)
    }

    async fn run_with(
        &self,
        Connection { client, .. }: &Connection,
        values: &[Bound],
        form: &Form,
    ) -> Result<Value, Error> {
        let kinds: Vec<Type> = values.iter().map(|value| value.kind.clone()).collect();
        let statement = client.prepare_typed(&self.text, &kinds).await?;
        let columns = statement.columns();
        let rows = client.query_raw(&statement, values.iter()).await?;
        let mut rows = std::pin::pin!(rows);
        let format = if columns.is_empty() { Format::None } else { form.format_records_as };
        let (mut records, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            let mut row_bytes = 0;
            let mut fields = Vec::with_capacity(columns.len());
            let mut members = Map::new();
            for (index, column) in columns.iter().enumerate() {
                let raw: Raw = row.try_get(index)?;
                row_bytes += raw.bytes.map_or(0, <[u8]>::len);
                match format {
                    Format::None => fields.push(raw.field(form.result_set_options)?),
                    Format::Json => {
                        members.insert(column.name().to_owned(), raw.json(form.result_set_options)?);
                    }
                }
            }
            if row_bytes > ROW_BYTES {
                return Err(Error::bad_request("Packet for query is too large"));
            }
            let record = if format == Format::Json { Value::Object(members) } else { Value::Array(fields) };
            bytes += record.to_string().len();
            let limit = if format == Format::Json { FORMATTED_BYTES } else { ANSWER_BYTES };
            if bytes > limit {
                return Err(Error::bad_request("Database response exceeded size limit"));
            }
            records.push(record);
        }
        if columns.is_empty() {
            let updated = rows.rows_affected().unwrap_or_default();
            return Ok(json!({ "numberOfRecordsUpdated": updated, "generatedFields": [] }));
        }
        if format == Format::Json {
            let formatted = Value::Array(records).to_string();
            return Ok(json!({ "numberOfRecordsUpdated": 0, "formattedRecords": formatted }));
        }
        let mut answer = json!({ "numberOfRecordsUpdated": 0, "records": records });
        if form.include_result_metadata {
            answer["columnMetadata"] = columns.iter().map(metadata::of).collect();
        }
        Ok(answer)
    }
}
