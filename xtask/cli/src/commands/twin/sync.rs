//! `twin sync`: an entity for each device that the store has seen, made of the model's component types.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use sql::Identifier;
use stacks::id_of;
use stacks::twin::{ComponentType, ComponentTypes, check_device, components};
use telemetry::canary::{CANARY, is_canary};

use super::super::Outcome;
use crate::Global;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, Report, STRONG, paint};
use crate::store::{Devices, Store};
use engine::inventory::Inventory;
use engine::twin::sync::{Change, Components, Creation, Plan, is_ours};
use engine::twin::{Component, Entity, TwinError, Workspace};
use session::{Exit, Failure, Session};

/// Give each device that the store has seen an entity of the twin, and bring older ones up to date
///
/// Entities are made of the component types that the stack `twin` deployed. An entity of an older model is
/// moved to them, and types that nothing uses any more go. Entities that somebody else made, and devices of
/// `verify`, are left alone.
#[derive(Debug, Args)]
pub struct Sync {
    /// How far back to look for devices.
    #[arg(long, default_value = "720h", value_name = "DURATION", value_parser = crate::commands::duration)]
    since: Duration,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was done, or would be.
#[derive(Debug, Serialize)]
struct Synced {
    workspace: String,
    dry_run: bool,
    #[serde(flatten)]
    plan: Plan,
    /// Devices that cannot have an entity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused>,
}

#[derive(Debug, Serialize)]
struct Refused {
    device: String,
    reason: String,
}

impl Sync {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let (session, inventory) = global.connect_to_deployed().await?;
        let workspace = Workspace::of(&session, &inventory)?;
        let types = ComponentTypes::of(&session.model);
        let made_of = |device: &str| components(&session.model, &types, device);
        same_types(&session, &inventory, &types)?;
        let canary = inventory.output(&session, "twin", "CanaryEntity")?;
        same_components(workspace.entity(canary).await?.as_ref(), &made_of(CANARY))?;

        let step = report.step("comparing the twin with the store");
        let (devices, found) = futures::future::try_join(self.devices(&session, &inventory), async {
            workspace.read(&session.environment.name, made_of).await.map_err(Failure::from)
        })
        .await?;
        let (devices, refused) = sorted(&session, devices);
        let plan = engine::twin::sync::plan(&devices, &found, made_of);
        let entities = found.entities.iter().filter(|entity| !is_canary(&entity.name)).count();
        step.done(format_args!("{} devices, {entities} entities", devices.len()));

        if !self.dry_run && !plan.is_empty() {
            let step = report.step("changing the twin");
            let steps = plan.steps();
            let tags = stacks::tags::of(&session.environment, "twin");
            let seen = |done| step.update(format_args!("changing the twin: {done} of {steps}"));
            workspace.sync(&plan, &tags, made_of, seen).await?;
            step.done("");
        }
        report.print(&Synced { workspace: workspace.id, dry_run: self.dry_run, plan, refused });
        Ok(Exit::Done)
    }

    /// Names of the devices that the store has seen.
    async fn devices(&self, session: &Session, inventory: &Inventory) -> Result<Vec<String>, Failure> {
        let device = Identifier::device(&session.model.first().device);
        let store = Store::deployed(session, inventory).await?;
        store.devices(&device, Devices::Real, self.since.as_secs().max(1)).await
    }
}

/// Devices that can have an entity, and those that cannot.
fn sorted(session: &Session, devices: Vec<String>) -> (BTreeSet<String>, Vec<Refused>) {
    let mut refused = Vec::new();
    let mut fit = BTreeSet::new();
    for device in devices {
        match check_device(&session.model, &device) {
            Ok(()) => _ = fit.insert(device),
            Err(fault) => refused.push(Refused { device, reason: fault.to_string() }),
        }
    }
    (fit, refused)
}

/// Makes sure that what the model makes is what is deployed.
fn same_types(session: &Session, inventory: &Inventory, types: &ComponentTypes) -> Result<(), Failure> {
    for (kind, types) in session.model.kinds.iter().zip(types.kinds()) {
        let alarm = types.alarm.as_ref().map(ComponentType::id);
        for (id, model) in [("ComponentType", Some(types.telemetry.id())), ("AlarmComponentType", alarm)] {
            let output = id_of(kind, id);
            let deployed = inventory.output(session, "twin", output.as_str()).ok();
            if deployed != model.as_deref() {
                let said = |id: Option<&str>| match id {
                    Some(id) => format!("component type {id}"),
                    None => format!("no {output}"),
                };
                let (deployed, model) = (said(deployed), said(model.as_deref()));
                return Err(TwinError::OtherModel { deployed, model }.into());
            }
        }
    }
    Ok(())
}

/// Makes sure that the canary, which is always the stack's, is made of what the model makes of it: the
/// types alone do not tell which measures have an alarm. Components of others do not count.
fn same_components(canary: Option<&Entity>, model: &Components) -> Result<(), TwinError> {
    let deployed = || canary.into_iter().flat_map(|entity| &entity.components);
    let lacks = model.keys().find(|name| deployed().all(|(found, _)| found != *name));
    let differs = |(name, found): &(&String, &Component)| match model.get(*name) {
        Some(wanted) => wanted.component_type != found.kind,
        None => is_ours(&found.kind),
    };
    let said = |name: &str, kind: Option<&String>| match kind {
        Some(kind) => format!("component `{name}` of type {kind} in `{CANARY}`"),
        None => format!("no component `{name}` in `{CANARY}`"),
    };
    let wanted = |name: &str| model.get(name).map(|component| &component.component_type);
    if let Some((name, found)) = deployed().find(differs) {
        let (deployed, model) = (said(name, Some(&found.kind)), said(name, wanted(name)));
        return Err(TwinError::OtherModel { deployed, model });
    }
    match lacks {
        Some(name) => {
            Err(TwinError::OtherModel { deployed: said(name, None), model: said(name, wanted(name)) })
        }
        None => Ok(()),
    }
}

impl Document for Synced {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { workspace, dry_run, plan, refused } = self;
        let done = |done: &'static str, would: &'static str| if *dry_run { would } else { done };
        for Creation { device, entity } in &plan.create {
            let id = if device == entity { String::new() } else { format!(" ({entity})") };
            let word = paint(GOOD, done("created", "would create"));
            writeln!(out, "{word} {device}{}", paint(FAINT, id))?;
        }
        for Change { device, remove, add, .. } in &plan.change {
            let word = paint(GOOD, done("changed", "would change"));
            let replaced = add.iter().filter(|name| remove.contains(name)).map(|name| format!("~{name}"));
            let added = add.iter().filter(|name| !remove.contains(name)).map(|name| format!("+{name}"));
            let removed = remove.iter().filter(|name| !add.contains(name)).map(|name| format!("-{name}"));
            let parts: Vec<String> = replaced.chain(added).chain(removed).collect();
            writeln!(out, "{word} {device} {}", paint(FAINT, parts.join(" ")))?;
        }
        for kind in &plan.remove_types {
            let word = paint(GOOD, done("removed", "would remove"));
            writeln!(out, "{word} component type {kind}: nothing uses it any more")?;
        }
        for name in &plan.foreign {
            writeln!(out, "{} {name}: somebody else made it", paint(CAUTION, "left alone"))?;
        }
        for Refused { device, reason } in refused {
            writeln!(out, "{} {device:?} {reason}", paint(BAD, "refused"))?;
        }
        let (created, changed) = (plan.create.len(), plan.change.len());
        if plan.is_empty() {
            return writeln!(out, "{}: {} entities, nothing to do", paint(STRONG, workspace), plan.unchanged);
        }
        writeln!(
            out,
            "{}: {created} {}, {changed} {}, {} unchanged",
            paint(STRONG, workspace),
            done("created", "to create"),
            done("changed", "to change"),
            plan.unchanged
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use session::Explain as _;

    const TELEMETRY: (&str, &str) = ("telemetry", "sluice.telemetry.0");
    const ALARM: (&str, &str) = ("watt_alarm", "sluice.alarm.0");

    #[test]
    fn a_canary_of_which_the_model_makes_something_else_is_of_another_model() {
        let newer = ("telemetry", "sluice.telemetry.1");
        let note = ("note", "their.own");
        for (what, deployed, model, same) in [
            ("nothing changed", vec![TELEMETRY, ALARM], vec![TELEMETRY, ALARM], true),
            ("somebody added a component", vec![TELEMETRY, note], vec![TELEMETRY], true),
            ("an alarm is gone from the model", vec![TELEMETRY, ALARM], vec![TELEMETRY], false),
            ("an alarm is new in the model", vec![TELEMETRY], vec![TELEMETRY, ALARM], false),
            ("a measure changed", vec![TELEMETRY], vec![newer], false),
            ("there is no canary", vec![], vec![TELEMETRY], false),
        ] {
            let component = |kind: &str| Component { kind: kind.to_owned(), ..Component::default() };
            let canary = Entity {
                id: CANARY.to_owned(),
                name: CANARY.to_owned(),
                arn: String::new(),
                components: deployed
                    .iter()
                    .map(|(name, kind)| ((*name).to_owned(), component(kind)))
                    .collect(),
            };
            let wanted = |kind: &str| stacks::twin::Component {
                component_type: kind.to_owned(),
                properties: std::collections::BTreeMap::new(),
            };
            let model = model.iter().map(|(name, kind)| ((*name).to_owned(), wanted(kind))).collect();
            let found = (!canary.components.is_empty()).then_some(&canary);
            let told = same_components(found, &model);
            assert_eq!(told.is_ok(), same, "{what}: {told:?}");
            assert!(told.err().is_none_or(|error| error.exit() == Exit::Configuration), "{what}");
        }
    }
}
