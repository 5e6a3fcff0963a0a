//! The way by the Data API, whose errors the crate of that name knows.

use data_api::{Database, Failure, only_text, text};
use postgres::schema::WRITE;

use crate::effect::{Busy, Effect};

/// Writes rows in one attempt. Gives the database's answer.
pub(super) async fn write(database: &Database, rows: String) -> Result<String, Effect> {
    match database.execute(WRITE, vec![text("rows", rows)]).await {
        Ok(answer) => Ok(only_text(&answer).unwrap_or_default().to_owned()),
        Err(Failure::Throttled(_)) => Err(Effect::Busy(Busy::Throttled)),
        Err(Failure::Unavailable(_)) => Err(Effect::Busy(Busy::Unavailable)),
        Err(Failure::Refused { message, .. }) => Err(Effect::Invalid(message)),
        Err(failure @ (Failure::Unusable(_) | Failure::Schema { .. })) => {
            Err(Effect::Unusable(failure.to_string()))
        }
    }
}
