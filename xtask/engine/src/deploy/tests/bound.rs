//! Plans that somebody agreed to, against implementations of the API: what they show happens, and no more.

use std::future::pending;

use serde_json::json;

use crate::consent::Consent;
use crate::deploy::change_set;
use crate::deploy::difference::{Change, Origin};
use crate::deploy::execute::{self, Outcome, Outcomes, StackError};
use crate::deploy::plan::{Action, Desired, Plan};
use crate::deploy::preview::{PreviewError, Previews, Purpose};
use crate::deploy::tests::engine::{Deployment, desired, name_of, outputs, pair, queue, stack, words};
use test_service::Service;

/// The names of the change sets that wait to be executed.
async fn waiting(deployment: &Deployment, stack_name: &str) -> Vec<String> {
    let client = deployment.session.cloudformation();
    let listed = client.list_change_sets().stack_name(stack_name).send().await.expect("an answer");
    let mut found = listed.summaries.unwrap_or_default();
    found.retain(|one| one.execution_status().is_some_and(|status| status.as_str() == "AVAILABLE"));
    found.into_iter().filter_map(|one| one.change_set_name).collect()
}

async fn previewed(
    deployment: &Deployment,
    desired: &Desired,
    purpose: Purpose,
) -> (Plan, Previews, Result<(), PreviewError>) {
    let mut plan = deployment.plan(desired).await;
    let previews = Previews::default();
    let made = previews.add(&deployment.engine(), &mut plan, purpose).await;
    (plan, previews, made)
}

async fn execute_bound(deployment: &Deployment, plan: &Plan) -> Outcomes {
    execute::execute(&deployment.engine().bound(), plan, pending()).await
}

#[tokio::test]
async fn a_look_leaves_nothing_behind_whatever_happens() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    deployment.deploy(&pair(30)).await;

    let (plan, previews, made) = previewed(&deployment, &pair(31), Purpose::Look).await;
    made.expect("change sets");
    let change = &plan.stacks[0].resources[0];
    assert_eq!((change.change, change.origin), (Change::Modify, Origin::Both));
    assert_eq!(
        change.properties[0].before,
        Some(json!(30)),
        "the emulator gives no values, the template does"
    );
    assert_eq!(plan.stacks[0].change_set, None);
    assert_eq!(waiting(&deployment, "sluice-local-ingest").await.len(), 1);
    previews.discard(&deployment.engine()).await;
    assert_eq!(waiting(&deployment, "sluice-local-ingest").await, [""; 0]);

    // One stack's change set is refused: the other one's goes as well.
    let unknown =
        json!({"Resources": {"Thing": {"Type": "AWS::No::Such"}}, "Outputs": {"Name": {"Value": "x"}}});
    let mut broken = pair(32);
    broken.stacks[0] = stack("store", &unknown, &[]);
    let (_, previews, made) = previewed(&deployment, &broken, Purpose::Keep).await;
    let error = made.expect_err("an unknown type");
    assert_eq!(error.stack_name, "sluice-local-store");
    previews.discard(&deployment.engine()).await;
    for stack_name in ["sluice-local-ingest", "sluice-local-store"] {
        assert_eq!(waiting(&deployment, stack_name).await, [""; 0], "{stack_name}");
    }
}

#[tokio::test]
async fn a_stack_that_is_not_there_gets_no_change_set() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    let (plan, _, made) = previewed(&deployment, &pair(30), Purpose::Keep).await;
    made.expect("nothing to ask");
    assert!(plan.stacks.iter().all(|stack| stack.change_set.is_none()));
    let listed = deployment.session.cloudformation().describe_stacks().send().await.expect("an answer");
    assert!(listed.stacks().is_empty(), "{:?}", listed.stacks());
}

#[tokio::test]
async fn the_change_set_of_the_plan_is_executed_or_none() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    let client = deployment.session.cloudformation();
    deployment.deploy(&pair(30)).await;

    let (plan, _, made) = previewed(&deployment, &pair(31), Purpose::Keep).await;
    made.expect("change sets");
    let id = plan.stacks[0].change_set.clone().expect("a change set");
    assert_eq!(words(&execute_bound(&deployment, &plan).await), ["ingest updated", "store unchanged"]);
    let (status, _) = change_set::find(&client, &id).await.expect("an answer").expect("a change set");
    assert_eq!(status, "EXECUTE_COMPLETE");

    let (plan, previews, made) = previewed(&deployment, &pair(32), Purpose::Keep).await;
    made.expect("change sets");
    previews.discard(&deployment.engine()).await;
    let outcomes = execute_bound(&deployment, &plan).await;
    let Outcome::Failed(error) = &outcomes[0].1 else { panic!("{outcomes:?}") };
    assert!(matches!(error, StackError::ChangeSetGone(_)) && error.is_refusal(), "{error}");
    assert_eq!(words(&outcomes), ["ingest failed", "store skipped"]);
}

/// `store` waits for the name of a queue that is replaced, so its change set is made at its turn.
#[tokio::test]
async fn what_the_plan_does_not_show_does_not_happen() {
    let service = Service::emulator();
    let mut deployment = Deployment::new(&service).await;
    let copy = json!({
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {"Copy": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Name}-copy"}}}},
        "Outputs": {"Copy": {"Value": {"Fn::GetAtt": ["Copy", "QueueName"]}}},
    });
    let named = |name: &str| {
        let mut template = queue(30);
        template["Resources"]["Queue"]["Properties"]["QueueName"] = json!(name);
        desired(vec![stack("store", &copy, &[("Name", name_of("ingest"))]), stack("ingest", &template, &[])])
    };
    deployment.deploy(&named("one")).await;
    deployment.consent = Consent::to(&["ingest.Queue".to_owned(), "store.Copy".to_owned()]);

    let (plan, _, made) = previewed(&deployment, &named("two"), Purpose::Keep).await;
    made.expect("change sets");
    let store = &plan.stacks[1];
    assert_eq!(
        (store.action, &store.change_set, &store.parameters["Name"].after),
        (Action::Update, &None, &None)
    );
    assert_eq!(store.resources[0].change, Change::Replace, "as far as the templates tell");

    // As if the plan did not say that the other queue is replaced too.
    let mut hidden = plan.clone();
    hidden.stacks[1].resources.clear();
    let outcomes = execute_bound(&deployment, &hidden).await;
    assert_eq!(words(&outcomes), ["ingest updated", "store failed"]);
    let Outcome::Failed(StackError::Beyond(beyond)) = &outcomes[1].1 else { panic!("{outcomes:?}") };
    assert_eq!(beyond[0].logical_id, "Copy");
    assert_eq!(waiting(&deployment, "sluice-local-store").await, [""; 0]);

    // A new plan finishes it.
    let (plan, _, made) = previewed(&deployment, &named("two"), Purpose::Keep).await;
    made.expect("change sets");
    assert!(plan.stacks[1].change_set.is_some(), "now the name is known");
    let outcomes = execute_bound(&deployment, &plan).await;
    assert_eq!(words(&outcomes), ["ingest unchanged", "store updated"]);
    assert_eq!(outputs(&outcomes, "store")["Copy"], "two-copy");

    // A value that turns out to be another one than the plan shows.
    let mut other = deployment.plan(&named("two")).await;
    other.stacks[1].parameters.get_mut("Name").expect("a parameter").after = Some("three".to_owned());
    let outcomes = execute_bound(&deployment, &other).await;
    let Outcome::Failed(error) = &outcomes[1].1 else { panic!("{outcomes:?}") };
    assert_eq!(error.to_string(), "parameter `Name` is now two, and three in the plan");
}

/// Another implementation of the API, which has no values of properties either.
#[tokio::test]
async fn another_implementation_is_read_as_well() {
    let service = Service::moto();
    let deployment = Deployment::new(&service).await;
    let ingest = |seconds| desired(vec![stack("ingest", &queue(seconds), &[])]);
    deployment.deploy(&ingest(30)).await;
    let (plan, previews, made) = previewed(&deployment, &ingest(31), Purpose::Look).await;
    made.expect("a change set");
    let resources = &plan.stacks[0].resources;
    assert_eq!(resources.len(), 1, "{resources:?}");
    assert_eq!((resources[0].logical_id.as_str(), resources[0].origin), ("Queue", Origin::Both));
    assert_eq!(resources[0].properties[0].after, Some(json!(31)));
    previews.discard(&deployment.engine()).await;
    assert_eq!(waiting(&deployment, "sluice-local-ingest").await, [""; 0]);
}
