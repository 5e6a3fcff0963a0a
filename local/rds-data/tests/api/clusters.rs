//! Clusters, which are made and removed as RDS does it for CloudFormation.

use serde_json::{Value, json};

use crate::client::{Fixture, refused};

fn make(fixture: &Fixture, wanted: &Value) -> (u16, Value) {
    fixture.instance.process().request("POST", "/_local/clusters", &[], &wanted.to_string())
}

#[tokio::test]
async fn clusters_are_servers_of_their_own() {
    let fixture = Fixture::new();
    let first = &fixture.instance.cluster;
    let wanted = json!({ "identifier": "another", "database": "sluice_test", "username": "sluice" });
    let (status, second) = make(&fixture, &wanted);
    assert_eq!(status, 200, "{second}");
    assert_eq!(make(&fixture, &wanted), (200, second.clone()), "it is made once");
    assert!(second["port"] != first.port && second["secretArn"] != *first.secret_arn);

    // A role of one is none of the other.
    fixture.run("CREATE ROLE reader LOGIN").await;
    let (arn, secret) =
        (second["arn"].as_str().expect("an ARN"), second["secretArn"].as_str().expect("an ARN"));
    let there = || fixture.statement("CREATE ROLE reader LOGIN").resource_arn(arn).secret_arn(secret).send();
    there().await.expect("its names are its own");
    let crossed = fixture.statement("SELECT 1").secret_arn(secret).send().await;
    assert!(refused(crossed).1.starts_with("FATAL: password authentication failed"));

    for _ in 0..2 {
        let path = "/_local/clusters/another";
        assert_eq!(fixture.instance.process().request("DELETE", path, &[], ""), (204, Value::Null));
        assert_eq!(refused(there().await).0, "HttpEndpointNotEnabledException");
    }
    assert!(!fixture.state.path().join("clusters/another").exists(), "its data goes with it");
    fixture.run("SELECT 1").await;
}

#[test]
fn what_cannot_be_a_cluster_is_refused() {
    let fixture = Fixture::new();
    for (wanted, status, part) in [
        (json!({ "identifier": "../up", "database": "d", "username": "u" }), 400, "is no name"),
        (json!({ "identifier": "c", "database": "d\"", "username": "u" }), 400, "is no name"),
        (json!({ "identifier": "c", "database": "d" }), 400, "missing field `username`"),
        (
            json!({ "identifier": "sluice-test-store", "database": "other", "username": "sluice" }),
            409,
            "exists with another database",
        ),
    ] {
        let (actual, answer) = make(&fixture, &wanted);
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(actual == status && message.contains(part), "{wanted}: {actual} {message}");
    }
}
