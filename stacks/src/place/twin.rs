//! Whether a model and the devices of an environment fit into `TwinMaker` and into one template.
//!
//! Found out before anything is deployed: the service would say it in the middle of an update.

use std::collections::BTreeMap;

use telemetry::canary::CANARY;
use telemetry::twin::{alarm_component, alarm_key, alarms, component};

use crate::cfn::TEMPLATE_LIMIT_BYTES;
use crate::config::Fault;
use crate::device::{DeviceFault, check_device};
use crate::twin::ComponentTypes;
use crate::{Inputs, catalog};

/// Most properties of a component that
/// [`GetEntity`](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_ComponentResponse.html)
/// returns.
const MAX_PROPERTIES: usize = 800;

/// Longest name of a component, in characters.
const MAX_COMPONENT_NAME: usize = 256;

/// Why the twin cannot show a model.
#[derive(Debug, thiserror::Error)]
pub(super) enum FitFault {
    #[error("{0}")]
    Device(DeviceFault),
    #[error(
        "cannot show a model of {count} dimensions and measures: TwinMaker returns at most {MAX_PROPERTIES} of a device"
    )]
    ManyProperties { count: usize },
    #[error(
        "cannot show the alarm of the measure \"{measure}\": its name is too long by {characters} characters"
    )]
    LongMeasure { measure: String, characters: usize },
    #[error(
        "cannot show the alarm of the measure \"{measure}\" of the kind \"{kind}\": the kind \"{other}\" has a component \"{name}\" too"
    )]
    SameComponent { name: String, measure: String, kind: String, other: String },
    #[error("make a template of {bytes} bytes, but CloudFormation takes at most {TEMPLATE_LIMIT_BYTES}")]
    LargeTemplate { bytes: usize },
}

impl Fault for FitFault {
    fn help(&self) -> String {
        match self {
            Self::Device(fault) => fault.help(),
            Self::ManyProperties { .. } => {
                "split the devices over two models, or write `enabled = false` under [twin]".into()
            }
            Self::LongMeasure { .. } => {
                "shorten it in the model, remove its `normal`, or write `enabled = false` under [twin]".into()
            }
            Self::SameComponent { .. } => {
                "rename the measure or one of the kinds, or write `enabled = false` under [twin]".into()
            }
            Self::LargeTemplate { .. } => {
                "list fewer: `cargo xtask twin sync` makes the entities of the others once they have sent something".into()
            }
        }
    }
}

/// Everything that does not fit, each with the key of the environment's file that is to blame.
pub(super) fn check(inputs: &Inputs) -> Vec<(String, FitFault)> {
    const TWIN: &str = "twin";
    let model = inputs.model;
    let mut faults = Vec::new();
    for types in ComponentTypes::of(model).kinds() {
        let count = types.telemetry.properties().count();
        if count > MAX_PROPERTIES {
            faults.push((TWIN.to_owned(), FitFault::ManyProperties { count }));
        }
    }
    let mut names: BTreeMap<String, &str> =
        model.kinds.iter().map(|kind| (component(kind).to_owned(), component(kind))).collect();
    for (kind, measure) in model.kinds.iter().flat_map(|kind| alarms(kind).map(move |one| (kind, one))) {
        let name = alarm_component(kind, measure);
        // What holds for the canary holds for every model: it is always there.
        let characters = [&name, &alarm_key(kind, CANARY, measure)]
            .map(|text| text.chars().count().saturating_sub(MAX_COMPONENT_NAME));
        let characters = characters.into_iter().max().unwrap_or_default();
        let measure = measure.name.clone();
        if characters > 0 {
            faults.push((TWIN.to_owned(), FitFault::LongMeasure { measure: measure.clone(), characters }));
        }
        if let Some(other) = names.insert(name.clone(), component(kind)) {
            let (kind, other) = (component(kind).to_owned(), other.to_owned());
            faults.push((TWIN.to_owned(), FitFault::SameComponent { name, measure, kind, other }));
        }
    }
    if !faults.is_empty() {
        return faults;
    }
    for (index, device) in inputs.environment.twin.devices.iter().enumerate() {
        if let Err(fault) = check_device(model, device) {
            faults.push((format!("{TWIN}.devices[{index}]"), FitFault::Device(fault)));
        }
    }
    // The whole template, as it is uploaded: tags and names count as much as devices.
    let bytes = catalog::synthesize_only(TWIN, inputs).map_or(0, |stack| stack.template.to_json().len());
    if bytes > TEMPLATE_LIMIT_BYTES {
        faults.push((format!("{TWIN}.devices"), FitFault::LargeTemplate { bytes }));
    }
    faults
}
