//! The control plane, driven by boto3 over the whole life of a twin.

use local_harness::python;

use crate::client::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_builds_changes_and_removes_a_twin() {
    let fixture = Fixture::empty().await;
    let url = fixture.process.url();
    tokio::task::spawn_blocking(move || {
        python::run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_control.py"), &[&url]);
    })
    .await
    .expect("it passes");
}
