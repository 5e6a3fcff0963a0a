//! Prints the statements that make the schema of a model in an empty database, as a JSON array, so that the tests of
//! a writer in another language have the database that it writes to: those of `flink-job`.
//!
//! Arguments: the file of the model, the name of the table, and for how many days it keeps rows.

use std::io::Write;

use postgres::schema::Schema;
use telemetry::Model;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, table, days] = arguments.as_slice() else {
        return Err("usage: schema MODEL TABLE DAYS".into());
    };
    let model: Model = serde_json::from_slice(&std::fs::read(model)?)?;
    let statements = Schema::of(&model, table, days.parse()?).statements(&[])?;
    serde_json::to_writer(std::io::stdout(), &statements)?;
    Ok(std::io::stdout().flush()?)
}
