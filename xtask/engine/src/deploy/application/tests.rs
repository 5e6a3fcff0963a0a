//! Applications are started and stopped from whatever they do at the moment, against the emulator's own
//! service.

use aws_sdk_kinesisanalyticsv2::Client;
use aws_sdk_kinesisanalyticsv2::types::{
    ApplicationConfiguration, ApplicationRestoreType, ApplicationSnapshotConfiguration, ApplicationStatus,
    RuntimeEnvironment,
};

use super::{Applications, Running};
use test_service::Service;

const NAME: &str = "sluice-test-consumer-FlinkJob";

async fn create(client: &Client) {
    let snapshots = ApplicationSnapshotConfiguration::builder().snapshots_enabled(true).build();
    let configuration = ApplicationConfiguration::builder()
        .application_snapshot_configuration(snapshots.expect("a configuration"))
        .build();
    let created = client
        .create_application()
        .application_name(NAME)
        .runtime_environment(RuntimeEnvironment::Flink22)
        .service_execution_role("arn:aws:iam::000000000000:role/x")
        .application_configuration(configuration);
    created.send().await.expect("an application");
}

/// What the application does, and what it was last started from.
async fn state(client: &Client) -> (ApplicationStatus, Option<ApplicationRestoreType>) {
    let described = client.describe_application().application_name(NAME).send().await.expect("an answer");
    let detail = described.application_detail.expect("an application");
    let restored = detail
        .application_configuration_description()
        .and_then(|configuration| configuration.run_configuration_description())
        .and_then(|run| run.application_restore_configuration_description())
        .map(|restore| restore.application_restore_type().clone());
    (detail.application_status, restored)
}

#[tokio::test]
async fn an_application_is_started_and_stopped_from_whatever_it_does() {
    let service = Service::emulator();
    let session = service.session().await;
    let client = session.flink();

    let applications = Applications::new(&session, None, &());
    let start = async || applications.start(NAME).await.expect("it starts");
    let running = |before| Some(Running { name: NAME.to_owned(), before });

    assert_eq!(start().await, None, "there is none");
    applications.stop(NAME).await.expect("nothing to stop is no error");

    // Created stopped; the first start has nothing to go on from.
    create(&client).await;
    assert_eq!(state(&client).await.0, ApplicationStatus::Ready);
    assert_eq!(start().await, running(false));
    let first = (ApplicationStatus::Running, Some(ApplicationRestoreType::SkipRestoreFromSnapshot));
    assert_eq!(state(&client).await, first);
    assert_eq!(start().await, running(true));
    assert_eq!(state(&client).await, first);

    // Stopped with a snapshot, and no second one; it is what the next start goes on from.
    applications.stop(NAME).await.expect("it stops");
    assert_eq!(state(&client).await.0, ApplicationStatus::Ready);
    let snapshot = applications.latest_snapshot(NAME).await.expect("an answer").expect("a snapshot");
    applications.stop(NAME).await.expect("it is stopped");
    assert_eq!(applications.latest_snapshot(NAME).await.expect("an answer"), Some(snapshot));
    assert_eq!(start().await, running(false));
    let second = (ApplicationStatus::Running, Some(ApplicationRestoreType::RestoreFromLatestSnapshot));
    assert_eq!(state(&client).await, second);

    // Interrupted while it starts or stops: what was begun is waited for, and gone on with.
    client.stop_application().application_name(NAME).send().await.expect("it stops");
    assert_eq!(start().await, running(false));
    client.stop_application().application_name(NAME).send().await.expect("it stops");
    applications.stop(NAME).await.expect("it is stopped");
    client.start_application().application_name(NAME).send().await.expect("it starts");
    applications.stop(NAME).await.expect("it stops");
    assert_eq!(state(&client).await.0, ApplicationStatus::Ready);
}
