//! The provider against the real program and a real PostgreSQL.

use local_rds_data::testing;
use serde_json::{Value, json};

use super::*;

fn request(kind: &str, deed: &str, physical_id: Option<&str>, properties: &Value) -> Request {
    serde_json::from_value(json!({
        "RequestType": deed,
        "RequestId": "0c5d",
        "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/sluice-dev-store/1",
        "ResponseURL": "http://127.0.0.1:9/",
        "ResourceType": kind,
        "LogicalResourceId": "Cluster",
        "PhysicalResourceId": physical_id,
        "ResourceProperties": properties,
    }))
    .expect("a request")
}

fn attribute<'a>(provisioned: &'a Provisioned, name: &str) -> &'a str {
    let found = provisioned.attributes.iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, value)| value.as_str())
}

#[tokio::test]
async fn a_cluster_is_made_once_and_goes() {
    let state = tempfile::tempdir().expect("a folder");
    let instance = testing::start(state.path());
    let postgres = Postgres::new(instance.url());
    let properties = json!({
        "ServiceToken": "arn:…",
        "DBClusterIdentifier": "sluice-dev",
        "DatabaseName": "sluice_dev",
        "MasterUsername": "sluice",
        "BackupRetentionPeriod": "1",
    });
    let ask = async |deed, id| postgres.provision(&request(CLUSTER, deed, id, &properties)).await;
    let made = ask("Create", None).await.expect("a cluster");
    assert_eq!(made.physical_id, "sluice-dev");
    assert_eq!(attribute(&made, "DBClusterArn"), "arn:aws:rds:us-east-1:000000000000:cluster:sluice-dev");
    let master = instance.credentials(attribute(&made, "MasterUserSecret.SecretArn"));
    assert_eq!((master.username.as_str(), master.password.len()), ("sluice", 32));
    assert_ne!(attribute(&made, "Endpoint.Port"), instance.cluster.port.to_string());
    assert_ne!(attribute(&made, "DBClusterResourceId"), instance.cluster.resource_id);
    assert_eq!(attribute(&made, "RootCertificate"), state.path().join("ca.pem").display().to_string());
    assert_eq!(ask("Update", Some("sluice-dev")).await.expect("it stays"), made);

    for _ in 0..2 {
        ask("Delete", Some("sluice-dev")).await.expect("it goes");
    }
    let (_, left) = instance.process().request("GET", "/_local/clusters", &[], "");
    assert_eq!(left.as_array().map(Vec::len), Some(1), "{left}");
}

#[tokio::test]
async fn what_has_no_meaning_here_is_a_name() {
    let postgres = Postgres::new("http://127.0.0.1:9".to_owned());
    let properties = json!({ "ServiceToken": "arn:…" });
    for kind in TYPES.into_iter().filter(|kind| *kind != CLUSTER) {
        let made = postgres.provision(&request(kind, "Create", None, &properties)).await.expect(kind);
        assert_eq!(made.physical_id, "sluice-dev-store-cluster-0c5d", "{kind}");
        let id = Some(made.physical_id.as_str());
        let kept = postgres.provision(&request(kind, "Update", id, &properties)).await.expect(kind);
        assert_eq!(kept, made, "{kind}");
        postgres.provision(&request(kind, "Delete", id, &properties)).await.expect(kind);
    }
    let properties = json!({ "DBClusterIdentifier": "c", "DatabaseName": "d", "MasterUsername": "m" });
    let silent = postgres.provision(&request(CLUSTER, "Create", None, &properties)).await;
    assert!(silent.expect_err("nobody is there").to_string().starts_with("PostgreSQL does not answer"));
}
