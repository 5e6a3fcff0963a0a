//! The stack of the dashboards against the emulator: it deploys, and a changed dashboard moves nothing that
//! holds data.

use std::collections::BTreeMap;
use std::future::pending;

use stacks::Inputs;
use telemetry::Model;

use crate::consent::Consent;
use crate::deploy::engine::Engine;
use crate::deploy::execute::{self, Change, Outcome};
use crate::deploy::plan::{Desired, Source};
use crate::deploy::{Settling, desired, plan, settled_plan};
use session::Session;
use test_service::Service;

const STACK: &str = "grafana";

/// The stack and its network, with a table that another would have made.
fn dashboards(session: &Session, model: &Model) -> Desired {
    let inputs = Inputs { model, environment: &session.environment };
    let stacks: Vec<_> = stacks::synthesize(&inputs)
        .into_iter()
        .filter(|stack| ["network", STACK].contains(&stack.name))
        .collect();
    let mut desired = desired(&session.environment, &stacks, &BTreeMap::new());
    let stack = desired.stacks.iter_mut().find(|stack| stack.name == STACK).expect("the stack");
    stack.depends_on.retain(|name| name == "network");
    let table = "arn:aws:timestream:us-east-1:000000000000:database/sluice_local/table/telemetry";
    stack.parameters.insert("TableArn".to_owned(), Source::Value(table.to_owned()));
    desired
}

/// Physical ids by logical ones.
async fn resources(session: &Session) -> BTreeMap<String, String> {
    let client = session.cloudformation();
    let mut pages =
        client.list_stack_resources().stack_name("sluice-local-grafana").into_paginator().items().send();
    let mut found = BTreeMap::new();
    while let Some(resource) = pages.next().await {
        let resource = resource.expect("a resource");
        let (logical, physical) = (resource.logical_resource_id(), resource.physical_resource_id());
        found.insert(logical.expect("an id").to_owned(), physical.expect("an id").to_owned());
    }
    found
}

/// Deploys, and returns what happened and the resources that the plan named.
async fn deploy(session: &Session, desired: &Desired) -> (Change, Vec<String>) {
    let consent = Consent::default();
    let engine = Engine::new(session, &consent, &());
    let planned =
        async { settled_plan(&engine, desired, plan(&engine, desired).await?, Settling::RollsBack).await };
    let plan = planned.await.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    let planned = plan.stacks.iter().find(|stack| stack.name == STACK).expect("the stack");
    let named = planned.resources.iter().map(|change| change.logical_id.clone()).collect();
    let outcomes = execute::execute(&engine, &plan, pending()).await;
    match outcomes.into_iter().find(|(name, _)| name == STACK).expect("an outcome") {
        (_, Outcome::Done(change, ..)) => (change, named),
        (name, other) => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn a_changed_dashboard_replaces_nothing_that_holds_data() {
    let service = Service::emulator();
    let session = service.session().await;
    let model = session.model.clone();
    let (change, _) = deploy(&session, &dashboards(&session, &model)).await;
    assert_eq!(change, Change::Created);
    let before = resources(&session).await;

    let mut changed = model.clone();
    changed.kinds[0].measures[0].unit = Some("fahrenheit".to_owned());
    let (change, named) = deploy(&session, &dashboards(&session, &changed)).await;
    assert_eq!(change, Change::Updated);
    assert_eq!(named, ["Service", "Task"], "the service follows its task definition, which is replaced");
    let after = resources(&session).await;
    let moved: Vec<_> =
        after.iter().filter(|(id, physical)| before[*id] != **physical).map(|(id, _)| id).collect();
    assert_eq!(moved, ["Task"], "a task definition is never changed, and holds nothing");
    assert_eq!(before.len(), after.len());

    // The service runs the new one.
    let described = session
        .ecs()
        .describe_services()
        .cluster(&after["Cluster"])
        .services(&after["Service"])
        .send()
        .await
        .expect("ECS answers");
    let running = described.services()[0].task_definition().expect("a task definition");
    assert_eq!(running, after["Task"]);

    let (change, named) = deploy(&session, &dashboards(&session, &changed)).await;
    assert_eq!((change, named), (Change::Unchanged, Vec::new()), "nothing is left to do");
}
