//! The pages as people read them, and what must hold whatever they say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::samples::{asked, deployed, dev, edit, first, nothing, retyped, shortened, update};
use super::{Deployed, Next, PlanDocument, Refused, Way};
use crate::report::Document;
use engine::deploy::application::Running;
use engine::deploy::difference::Data;
use engine::deploy::engine::Binding;
use engine::deploy::events::{Event, RootCause};
use engine::deploy::execute::{Change, Outcome, Outcomes, StackError};
use engine::deploy::moved::{Moved, Refusal, What};
use engine::deploy::options::Options;
use engine::deploy::plan::{self, Loss, Plan};

fn text(document: &impl Document) -> String {
    let mut text = String::new();
    document.text(&mut text).expect("a string takes it");
    anstream::adapter::strip_str(&text).to_string()
}

fn markdown(document: &impl Document) -> String {
    let mut text = String::new();
    document.markdown(&mut text).expect("a string takes it");
    text
}

/// Compares both pages with what was reviewed.
fn check(name: &str, document: &impl Document) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}.text"), text(document));
        insta::assert_snapshot!(format!("{name}.markdown"), markdown(document));
    });
}

#[test]
fn plans() {
    check("plan-first", &PlanDocument::of(&first()));
    check(
        "plan-update",
        &PlanDocument::of(&update()).next(&Next::Saved("plan.json".into()), &Options::default()),
    );
    check("plan-asked", &PlanDocument::of(&asked()).next(&Next::Save, &Options::default()));
    check("plan-shortened", &PlanDocument::of(&shortened()));
    check("plan-retyped", &PlanDocument::of(&retyped()));
    check("plan-nothing", &PlanDocument::of(&nothing()));
}

#[test]
fn refusals() {
    let moved = |stack: &str, what, name: Option<&str>, before: Option<&str>, after: Option<&str>| Moved {
        stack: stack.to_owned(),
        stack_name: format!("sluice-dev-{stack}"),
        what,
        name: name.map(str::to_owned),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let refusal = Refusal {
        environment: "dev".to_owned(),
        made: "2026-11-20T16:30:00Z".to_owned(),
        options: Options::default(),
        moved: vec![
            moved("ingest", What::Template, None, Some(&"1f".repeat(32)), Some(&"c0".repeat(32))),
            moved("ingest", What::Parameter, Some("Key"), Some("a.zip"), Some("b.zip")),
            moved("lake", What::Status, None, Some("UPDATE_COMPLETE"), Some("UPDATE_ROLLBACK_COMPLETE")),
            moved("simulator", What::Vanished, None, Some("CREATE_COMPLETE"), None),
        ],
    };
    check("refusal-moved", &Refused::moved(&refusal));
    let plan = update();
    let next = Next::Saved("plan.json".into());
    check("refusal-losses", &Refused::losses(&plan, &plan.losses(), &next, &Options::default()));
    let plan = shortened();
    let losses = plan.losses();
    check("refusal-shortened", &Refused::losses(&plan, &losses, &Next::Deploy, &Options::default()));
}

/// Every stack of a plan, with what became of it.
fn outcomes(plan: &Plan, of: impl Fn(&str) -> Outcome) -> Outcomes {
    plan.stacks.iter().map(|stack| (stack.name.clone(), of(&stack.name))).collect()
}

fn done(change: Change, outputs: &[(&str, &str)]) -> Outcome {
    let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Outcome::Done(change, outputs.collect(), Vec::new())
}

#[test]
fn what_came_of_deployments() {
    let plan = first();
    let options = Options::default();
    let way = Way { binding: Binding::Loose, options: &options };
    let outcomes_of_success = outcomes(&plan, |stack| match stack {
        "grafana" => done(Change::Created, &[("GrafanaUrl", "http://dev-1.eu-central-1.elb.amazonaws.com/")]),
        "store" => done(
            Change::Updated,
            &[("TableArn", "arn:aws:timestream:eu-central-1:111122223333:database/sluice_dev")],
        ),
        "ingest" | "artifacts" => done(Change::Unchanged, &[]),
        _ => done(Change::Created, &[]),
    });
    let started = Ok(vec![Running { name: "sluice-dev-consumer".to_owned(), before: false }]);
    check("deployed", &Deployed::of(&plan, &outcomes_of_success, &started, way));

    let failed = outcomes(&plan, |stack| match stack {
        "store" => Outcome::Failed(StackError::Failed {
            status: "ROLLBACK_COMPLETE".to_owned(),
            cause: Some(Box::new(RootCause {
                logical_id: "Table".to_owned(),
                kind: "AWS::Timestream::Table".to_owned(),
                code: Some("AccessDenied".to_owned()),
                reason: "Resource handler returned message: \"Only existing Timestream for LiveAnalytics \
                         customers can access the service. @aws #42\" (HandlerErrorCode: AccessDenied)"
                    .to_owned(),
                remedy: Some("deploy to an account that has used it".to_owned()),
            })),
        }),
        "consumer" | "twin" | "grafana" => Outcome::Skipped("store".to_owned()),
        "artifacts" | "ingest" => done(Change::Unchanged, &[]),
        "lake" => Outcome::Failed(StackError::Refused(vec![Loss {
            stack: stack.to_owned(),
            logical_id: "LakeBucket".to_owned(),
            data: Data::Lost,
            lost: Vec::new(),
        }])),
        _ => Outcome::Detached,
    });
    check("failure", &Deployed::of(&plan, &failed, &Ok(Vec::new()), way));

    // A plan that was executed in part is no longer true.
    let options = Options {
        overrides: vec![("topic_prefix".to_owned(), "a b".to_owned())],
        artifacts: Some("built".into()),
        ..Options::default()
    };
    let started = Ok(Vec::new());
    let exact = Deployed::of(&plan, &failed, &started, Way { binding: Binding::Exact, options: &options });
    let document = serde_json::to_value(&exact).expect("JSON");
    let next: Vec<&str> = document["next"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|step| step["command"].as_str())
        .collect();
    assert_eq!(
        next,
        [
            "cargo xtask status --env dev",
            "cargo xtask plan --env dev --set 'topic_prefix=a b' --artifacts built --out plan.json",
            "cargo xtask deploy --env dev --plan plan.json --artifacts built --allow-data-loss lake.LakeBucket --yes",
        ]
    );
}

#[test]
fn a_program_finds_each_section() {
    let plan = update();
    let document = serde_json::to_value(PlanDocument::of(&plan)).expect("a document is JSON");
    assert_eq!(document["data_at_risk"][0]["allow"], "--allow-data-loss store.Table");
    assert_eq!(document["data_at_risk"][0]["data"], "lost");
    assert_eq!(document["data_at_risk"][0]["lost"], Value::Null);
    assert_eq!(document["security"]["consumer"]["gained"][0]["actions"], json!(["iot:Publish"]));
    assert_eq!(document["security"]["grafana"]["opened"][0]["peers"], json!(["198.51.100.7/32"]));
    assert_eq!(document["counts"]["stacks"]["update"], 6);
    let refused =
        serde_json::to_value(Refused::losses(&plan, &plan.losses(), &Next::Deploy, &Options::default()))
            .expect("JSON");
    assert_eq!((&refused["ok"], &refused["error"]["exit"]), (&json!(false), &json!(3)));
    assert_eq!(refused["error"]["details"]["losses"][0]["logical_id"], "Table");

    let plan = shortened();
    let document = serde_json::to_value(PlanDocument::of(&plan)).expect("a document is JSON");
    let of = |id: &str| {
        let risks = document["data_at_risk"].as_array().expect("a list");
        let risk = risks.iter().find(|risk| risk["logical_id"] == id).expect("it is at risk");
        (risk["data"].clone(), risk["lost"].clone(), risk["allow"].clone())
    };
    let expected =
        |id: &str, lost: &str| (json!("shortened"), json!([lost]), json!(format!("--allow-data-loss {id}")));
    assert_eq!(of("EventStream"), expected("ingest.EventStream", "records between 24 h and 168 h old"));
    assert_eq!(of("Table"), expected("store.Table", "points between 31 d and 732 d old"));

    let plan = retyped();
    let document = serde_json::to_value(PlanDocument::of(&plan)).expect("a document is JSON");
    let risk = &document["data_at_risk"][0];
    assert_eq!((&risk["logical_id"], &risk["data"]), (&json!("Table"), &json!("shortened")));
    let property = &risk["properties"][0];
    assert_eq!(property["path"], "Metadata.sluice:stored.temperature");
    assert_eq!((&property["before"], &property["after"]), (&json!("double"), &json!("varchar")));
    assert!(risk["lost"][0].as_str().is_some_and(|lost| lost.starts_with("each `temperature`")), "{risk}");
}

/// A stack with as many new properties, of this length, as are asked for.
fn grown(properties: usize, length: usize, resources: usize) -> Plan {
    let before = dev(&[]);
    let mut after = dev(&[]);
    edit(&mut after, "store", |template| {
        for number in 0..resources {
            let queue =
                json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": format!("q-{number}")}});
            template["Resources"][format!("Queue{number}")] = queue;
        }
        let variables: BTreeMap<String, String> =
            (0..properties).map(|number| (format!("V{number}"), "x".repeat(length))).collect();
        template["Resources"]["Table"]["Properties"]["Variables"] = json!(variables);
        template["Resources"]["Role"] = json!({"Type": "AWS::IAM::Role", "Properties": {"Policies": [{
            "PolicyDocument": {"Statement": (0..properties).map(|number| json!({
                "Effect": "Allow", "Action": format!("s3:Get{number}"), "Resource": format!("r{number}"),
            })).collect::<Vec<_>>()},
        }]}});
    });
    plan::make(&after, &deployed(&before)).expect("no cycle")
}

#[test]
fn a_page_fits_a_comment() {
    // What fits is whole; what does not says what it leaves out.
    let table = [
        ("small", grown(3, 100, 3), false),
        ("long values", grown(10, 20_000, 3), true),
        ("many properties", grown(3_000, 10, 3), true),
        ("many resources", grown(3, 10, 20_000), true),
    ];
    for (case, plan, cut) in table {
        let page = markdown(&PlanDocument::of(&plan));
        assert!(page.len() <= 65_536, "{case}: {} bytes", page.len());
        assert_eq!(page.contains("shows all of it"), cut, "{case}");
        assert_eq!(page.matches("<details>").count(), page.matches("</details>").count(), "{case}");
    }
}

#[test]
fn no_value_of_a_template_is_markup() {
    let evil = "a | b`c\n</details>\n```\n@team <img src=x> #1";
    let before = dev(&[]);
    let mut after = dev(&[]);
    edit(&mut after, "store", |template| {
        template["Resources"]["Table"]["Properties"]["RetentionProperties"] = json!(evil);
        template["Resources"]["Table"]["Properties"][evil] = json!("1");
        template["Resources"][evil] = json!({"Type": evil, "Properties": {}});
        template["Resources"]["Role"] = json!({"Type": "AWS::IAM::Role", "Properties": {"Policies": [{
            "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": evil, "Resource": evil}},
        }]}});
    });
    let page = markdown(&PlanDocument::of(&plan::make(&after, &deployed(&before)).expect("no cycle")));
    let mut fence: Option<usize> = None;
    for line in page.lines() {
        let ticks = line.chars().take_while(|char| *char == '`').count();
        if ticks >= 3 {
            fence = if fence == Some(ticks) { None } else { fence.or(Some(ticks)) };
            continue;
        }
        if fence.is_some() {
            continue;
        }
        let outside = outside_code(line);
        assert!(!outside.contains("@team") && !outside.contains("<img") && !outside.contains("#1"), "{line}");
        assert!(!line.starts_with("</details>") || line == "</details>", "{line}");
    }
    assert_eq!(fence, None, "every block ends");
}

/// A line without its code spans, which end with as many backticks as they begin with.
fn outside_code(line: &str) -> String {
    let (mut outside, mut rest) = (String::new(), line);
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let ticks = rest[start..].chars().take_while(|char| *char == '`').count();
        let after = &rest[start + ticks..];
        let mut at = 0;
        let end = loop {
            let Some(found) = after[at..].find('`') else { break after.len() };
            let run = after[at + found..].chars().take_while(|char| *char == '`').count();
            if run == ticks {
                break at + found + run;
            }
            at += found + run;
        };
        rest = &after[end..];
    }
    outside.push_str(rest);
    outside
}

/// Every usual cause as the page shows it.
#[test]
fn the_usual_causes() {
    let plan = first();
    let options = Options::default();
    let way = Way { binding: Binding::Loose, options: &options };
    let mut pages = String::new();
    for (name, kind, reason) in engine::deploy::causes::EXAMPLES {
        let event = Event {
            id: String::new(),
            logical_id: "Resource".to_owned(),
            physical_id: String::new(),
            kind: (*kind).to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: (*reason).to_owned(),
            stack_id: "arn:stack".to_owned(),
            token: None,
        };
        let cause = Some(Box::new(RootCause::of(&event)));
        let failed = outcomes(&plan, |stack| match stack {
            "store" => {
                let status = "ROLLBACK_COMPLETE".to_owned();
                Outcome::Failed(StackError::Failed { status, cause: cause.clone() })
            }
            _ => done(Change::Unchanged, &[]),
        });
        let page = text(&Deployed::of(&plan, &failed, &Ok(Vec::new()), way));
        let why = page.split_once("Why store failed").expect("a reason").1.split("\n\n").next();
        pages.extend([name, why.unwrap_or_default(), "\n"]);
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("usual-causes", pages);
    });
}
