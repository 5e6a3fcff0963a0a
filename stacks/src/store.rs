//! `store`: where events are stored, and the bucket for what is rejected.
//!
//! The environment chooses the kind. Both give the consumers, the connector and Grafana what they need to find it as
//! outputs of this stack.

mod postgres;
mod timestream;
mod way;

use std::collections::BTreeMap;

use telemetry::Model;

use crate::Inputs;
use crate::buckets;
use crate::cfn::{LogicalId, Template};
use crate::environment::StoreKind;

pub(crate) use postgres::PORT;
pub use postgres::STORE_SETUP;
pub(crate) use way::{TRANSACTIONS, Use, Way};

/// Where Timestream puts its reports, inside the bucket of rejected data.
pub const REPORT_PREFIX: &str = "timestream";
/// Where the consumer puts what is too large for the quarantine queue, inside that bucket.
pub const QUARANTINE_PREFIX: &str = "quarantine";

/// Metadata of the table: what the model has it store, by name, `dimension` or the type of a measure.
///
/// Timestream gives a name the [type](https://docs.aws.amazon.com/timestream/latest/developerguide/writes.html)
/// that it first has and keeps it as long as the table is there, so a plan compares this with what was deployed.
pub const STORED: &str = "sluice:stored";

/// What a name of the table is, where it is no measure.
pub const DIMENSION: &str = "dimension";

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: the time series store", environment.name));

    let rejected = buckets::add_versioned(
        &mut template,
        LogicalId::new("RejectedBucket"),
        buckets::UNDO_DAYS,
        Vec::new(),
    );
    match &environment.store.kind {
        StoreKind::Timestream => timestream::add(&mut template, inputs, &rejected),
        StoreKind::Postgres(store) => postgres::add(&mut template, inputs, store),
    }
    template.output("RejectedBucket", "Bucket of rejected and of oversized data", rejected.reference());
    template.output("RejectedBucketArn", "ARN of that bucket", rejected.attribute("Arn"));
    template
}

/// What a model has the table store, by name, whichever kinds have it: `dimension`, or the type of a measure.
pub fn stored(model: &Model) -> BTreeMap<&str, &'static str> {
    let names = model.kinds.iter().flat_map(|kind| {
        let dimensions = kind.dimensions.iter().map(|dimension| dimension.name.as_str());
        let dimensions = std::iter::once(kind.device.dimension.as_str()).chain(dimensions);
        let measures = kind.measures.iter().map(|measure| (measure.name.as_str(), measure.kind.name()));
        dimensions.map(|name| (name, DIMENSION)).chain(measures)
    });
    names.collect()
}
