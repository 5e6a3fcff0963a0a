//! Emptying, against an implementation that refuses to delete a bucket with anything in it.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use futures::StreamExt as _;

use super::empty;
use crate::destroy::contents::Contents;
use test_service::Service;

async fn put(client: &Client, bucket: &str, key: &str) {
    let sent = client.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"x")).send();
    sent.await.expect("an object");
}

async fn make(client: &Client, bucket: &str) {
    client.create_bucket().bucket(bucket).send().await.expect("a bucket");
}

#[tokio::test]
async fn a_bucket_with_versions_and_markers_can_be_deleted_afterwards() {
    let service = Service::moto();
    let client = service.session().await.s3();
    make(&client, "versions").await;
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    client
        .put_bucket_versioning()
        .bucket("versions")
        .versioning_configuration(enabled)
        .send()
        .await
        .expect("versions");
    for key in ["a", "a", "a", "b/c", "with space & ümlaut"] {
        put(&client, "versions", key).await;
    }
    client.delete_object().bucket("versions").key("a").send().await.expect("a marker");

    assert!(client.delete_bucket().bucket("versions").send().await.is_err(), "it is not empty");
    assert_eq!(empty(&client, "versions", "", |_| ()).await.expect("emptied"), 6);
    client.delete_bucket().bucket("versions").send().await.expect("it is empty");
    assert_eq!(empty(&client, "versions", "", |_| ()).await.expect("nothing there"), 0);
}

#[tokio::test]
async fn more_objects_than_a_page_holds() {
    let service = Service::moto();
    let client = service.session().await.s3();
    make(&client, "many").await;
    futures::stream::iter(0..1_050)
        .for_each_concurrent(16, |number| {
            let client = &client;
            async move { put(client, "many", &format!("{number:05}")).await }
        })
        .await;
    let told = std::cell::RefCell::new(Vec::new());
    assert_eq!(
        empty(&client, "many", "", |seen| told.borrow_mut().push(seen)).await.expect("emptied"),
        1_050
    );
    assert_eq!(*told.borrow(), [1_000, 1_050]);
    client.delete_bucket().bucket("many").send().await.expect("it is empty");
}

#[tokio::test]
async fn a_part_of_a_bucket_ends_with_its_slash() {
    let service = Service::moto();
    let client = service.session().await.s3();
    make(&client, "shared").await;
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let versioning = client.put_bucket_versioning().bucket("shared").versioning_configuration(enabled);
    versioning.send().await.expect("versions");
    for key in ["test/a", "test/a", "test/b/c", "test2/a", "test2/a", "test-2/a", "test", "other/test/a"] {
        put(&client, "shared", key).await;
    }
    client.delete_object().bucket("shared").key("test/a").send().await.expect("a marker");

    let contents = Contents::of(&client, "shared", "test/").await.expect("an answer");
    assert_eq!((contents.objects, contents.versions, contents.bytes), (1, 3, 3), "{contents:?}");
    assert_eq!(empty(&client, "shared", "test/", |_| ()).await.expect("emptied"), 4);
    assert!(Contents::of(&client, "shared", "test/").await.expect("an answer").is_empty());
    let others = Contents::of(&client, "shared", "").await.expect("an answer");
    assert_eq!((others.objects, others.versions), (4, 1), "{others:?}");
    assert!(Contents::of(&client, "no-such-bucket", "").await.expect("an answer").is_empty());
}
