//! What counts as proven, through a proxy that refuses to say, in front of the emulator.

use aws_sdk_s3::types::{Tag, Tagging};
use serde_json::json;

use super::{Left, Proof};
use crate::deploy::pace;
use crate::destroy::plan::{DestroyPlan, Removal, Resource};
use crate::destroy::workspace::Extra;
use session::Session;
use test_service::{Proxy, Request, Service};

type Answer = Option<(&'static str, String)>;

async fn make_bucket(session: &Session, name: &str, environment: Option<&str>) {
    let client = session.s3();
    client.create_bucket().bucket(name).send().await.expect("a bucket");
    if let Some(environment) = environment {
        let tag = Tag::builder().key("sluice:environment").value(environment).build().expect("a tag");
        let tags = Tagging::builder().tag_set(tag).build().expect("tags");
        client.put_bucket_tagging().bucket(name).tagging(tags).send().await.expect("it is tagged");
    }
}

async fn proof(session: &Session, stacks: Vec<Removal>) -> Proof {
    let plan = DestroyPlan { stacks, ..DestroyPlan::empty("local") };
    let gone: Vec<&Removal> = plan.stacks.iter().collect();
    Proof::of(session, &plan, &gone, pace::MACHINE).await
}

fn refuses(status: &'static str, code: &'static str) -> impl Fn(&Request) -> Answer + Send + Sync {
    move |request| {
        let error = format!("<Error><Code>{code}</Code><Message>not now</Message></Error>");
        request.line.contains("tagging").then_some((status, error))
    }
}

#[tokio::test]
async fn a_bucket_of_which_nobody_says_whose_it_is_is_not_clean() {
    const OURS: &str = "sluice-local-lake-1";
    let service = Service::emulator();
    let direct = service.session().await;
    make_bucket(&direct, "sluice-local-2-lake-1", Some("local-2")).await;
    make_bucket(&direct, "sluice-local-mine", None).await;
    assert!(proof(&direct, Vec::new()).await.is_clean(), "neither is of this environment");

    make_bucket(&direct, OURS, Some("local")).await;
    let left = Left { kind: "AWS::S3::Bucket".to_owned(), physical_id: OURS.to_owned() };
    assert_eq!(proof(&direct, Vec::new()).await.left, [left]);

    for (status, code) in [("403 Forbidden", "AccessDenied"), ("503 Slow Down", "SlowDown")] {
        let proxy = Proxy::before(&service, refuses(status, code));
        let found = proof(&proxy.session().await, Vec::new()).await;
        assert!(!found.is_clean(), "{code}: {found:?}");
        let said: Vec<&str> = found.silent.iter().map(|silent| silent.cause.as_str()).collect();
        let ours = format!("whose bucket {OURS} is, is not known: {code}: not now");
        assert!(said.len() == 3 && said.contains(&ours.as_str()), "{said:?}");
    }
}

#[tokio::test]
async fn what_is_only_listed_is_clean_when_cloudformation_deleted_it() {
    let resource = |kind: &str, physical_id: &str| Resource {
        logical_id: "Id".to_owned(),
        kind: kind.to_owned(),
        physical_id: physical_id.to_owned(),
    };
    let stack = Removal {
        name: "lake".to_owned(),
        stack_name: "sluice-local-lake".to_owned(),
        stack_id: "arn:aws:cloudformation:eu-west-1:000000000000:stack/sluice-local-lake/0".to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        protected: false,
        after: [].into(),
        delete: vec![
            resource("AWS::Glue::Database", "sluice_local"),
            resource("AWS::EFS::FileSystem", "fs-1"),
        ],
        retain: Vec::new(),
        contents: Vec::new(),
        extra: Extra::default(),
        devices: Vec::new(),
        abandon: [].into(),
        forced: false,
    };
    let deleted = [
        stack.stack_id.clone(),
        "arn:aws:elasticfilesystem:eu-west-1:000000000000:file-system/fs-1".to_owned(),
        "arn:aws:glue:eu-west-1:000000000000:database/sluice_local".to_owned(),
    ];
    let other = "arn:aws:elasticfilesystem:eu-west-1:000000000000:file-system/fs-2".to_owned();
    let service = Service::emulator();
    for unknown in [Vec::new(), vec![other]] {
        let arns = deleted.iter().chain(&unknown).map(|arn| json!({"ResourceARN": arn}));
        let answer = json!({"ResourceTagMappingList": arns.collect::<Vec<_>>()}).to_string();
        let proxy = Proxy::before(&service, move |request| {
            request.body.contains("TagFilters").then(|| ("200 OK", answer.clone()))
        });
        let found = proof(&proxy.session().await, vec![stack.clone()]).await;
        assert_eq!((found.listed.as_slice(), &found.unknown), (deleted.as_slice(), &unknown));
        assert_eq!(found.is_clean(), unknown.is_empty(), "{found:?}");
    }
}
