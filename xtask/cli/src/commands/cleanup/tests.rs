//! Several environments at once.

use aws_sdk_cloudformation::types::Tag;
use clap::Parser as _;

use super::*;
use crate::Format;
use test_service::Service;

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    global: Global,
}

/// Three environments that have expired: one that goes, one that keeps its data, one that has no file.
#[tokio::test]
async fn what_keeps_its_data_stays_and_what_fails_holds_no_other() {
    let service = Service::emulator();
    let session = service.session().await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let (tag, day) = (tag("sluice:environment", "preview-1"), tag("sluice:expires", "2020-01-01"));
    let template = r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}"#;
    let create =
        session.cloudformation().create_stack().stack_name("sluice-preview-1-lake").tags(tag).tags(day);
    create.template_body(template).send().await.expect("a stack");

    let of = |environment: &str| Expired {
        environment: environment.to_owned(),
        expires: "2020-01-01".parse().expect("a day"),
        stacks: 1,
        kept: None,
    };
    let mut expired = ["elsewhere-1", "preview-1", "preview-2", "prod"].map(of);
    // The Region in which the emulator has the stack.
    let set = format!("region={}", session.environment.region);
    let Line { global } = Line::parse_from(["xtask", "--set", "twin.enabled=false", "--set", &set]);
    let report = Report::new(Format::Json);
    let (going, failed) =
        plan(&Project::locate(), &global, session.endpoints.as_ref(), &mut expired, &report).await;
    let going: Vec<&str> = going.iter().map(|going| going.plan.environment.as_str()).collect();
    let failed: Vec<&str> = failed.iter().map(|failed| failed.what.as_str()).collect();
    assert_eq!((going, failed), (vec!["preview-1"], vec!["elsewhere-1"]));
    let mut kept = expired;
    let expected = [
        "it cannot be planned",
        "",
        "it is gone already",
        "it keeps its data: `on_delete = \"retain\"` in environments/prod.toml",
    ];
    assert_eq!(kept.clone().map(|one| one.kept.unwrap_or_default()), expected);

    // Interrupted from the start: nothing is deleted, however many were to go.
    let project = Project::locate();
    let context = Context {
        project: &project,
        global: &global,
        endpoints: session.endpoints.as_ref(),
        report: &report,
    };
    let names = ["preview-1".to_owned(), "preview-2".to_owned()];
    let stacks = async || engine::destroy::find::all(&session.cloudformation()).await.expect("stacks").len();
    let now = std::future::ready(()).boxed().shared();
    let (receipts, failed) = context.destroy_all(&names, &mut kept, &now).await;
    assert_eq!((receipts.len(), failed), (0, names.each_ref().map(|name| not_touched(name)).into()));
    assert_eq!(stacks().await, 1);

    // Deployed again since it was shown: it stays.
    let never = std::future::pending().boxed().shared();
    let deploy = async |day: &str| {
        let tags = [("sluice:environment", "preview-1"), ("sluice:expires", day)];
        let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
        let update = session.cloudformation().update_stack().stack_name("sluice-preview-1-lake");
        let template = template.replace("Queue\": {", &format!("Q{}\": {{", &day[..4]));
        let update = update.template_body(template).set_tags(Some(tags.into()));
        update.send().await.expect("an update");
        loop {
            let live = live::read(&session.cloudformation(), &Scope::One("preview-1".to_owned())).await;
            let live = live.expect("the stack");
            if !live[0].is_busy() && live[0].expires.as_deref() == Some(day) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    deploy("2999-01-01").await;
    let (receipts, failed) = context.destroy_all(&names[..1], &mut kept, &never).await;
    assert_eq!((receipts.len(), failed), (0, Vec::new()));
    assert_eq!(kept[1].kept.as_deref(), Some("it was deployed again, and has not expired"));
    assert_eq!(stacks().await, 1);

    deploy("2020-01-01").await;
    let set_protection = async |on: bool| {
        let stack = session.cloudformation().update_termination_protection();
        let stack = stack.stack_name("sluice-preview-1-lake").enable_termination_protection(on);
        stack.send().await.expect("an answer");
    };
    set_protection(true).await;
    let (receipts, failed) = context.destroy_all(&names[..1], &mut kept, &never).await;
    assert_eq!((receipts.len(), failed), (0, Vec::new()));
    assert_eq!(kept[1].kept.as_deref(), Some("sluice-preview-1-lake is protected against its deletion"));
    assert_eq!(stacks().await, 1);

    set_protection(false).await;
    let (receipts, failed) = context.destroy_all(&names[..1], &mut kept, &never).await;
    assert_eq!((receipts.len(), failed), (1, Vec::new()));
    assert_eq!(stacks().await, 0);
}
