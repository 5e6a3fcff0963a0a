use std::os::unix::fs::PermissionsExt as _;

use base64::prelude::*;
use sha2::{Digest as _, Sha256};

use telemetry::canary::CANARY;

use super::*;

/// The fingerprint that Amazon's page of its authorities tells: <https://www.amazontrust.com/repository/>
const FINGERPRINT: &str = "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e";

#[test]
fn the_authority_is_amazons() {
    let lines = AMAZON_ROOT_CA_1.lines().filter(|line| !line.starts_with("-----"));
    let der = BASE64_STANDARD.decode(lines.collect::<String>()).expect("base64");
    let digest = Sha256::digest(&der).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    assert_eq!(digest, FINGERPRINT);
}

#[test]
fn a_device_is_called_what_its_topic_and_the_registry_take() {
    for (name, expected) in [
        ("kitchen", true),
        ("a:b_c-1", true),
        (&"x".repeat(128), true),
        (&"x".repeat(129), false),
        ("", false),
        ("a/b", false),
        ("+", false),
        ("a b", false),
        ("küche", false),
        (CANARY, false),
        ("sluice-canary-2", false),
    ] {
        assert_eq!(check_name(name).is_ok(), expected, "{name:?}");
    }
}

/// The key is its owner's alone, is never written over, and signs the same request after a restart.
#[test]
fn a_key_stays_what_and_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(folder.path().join("devices/kitchen"));
    assert_eq!(folder.key().expect("no key is none"), None);
    let key = KeyPair::generate().expect("a key");
    folder.keep_key(&key.serialize_pem()).expect("kept");
    let modes = [folder.path().to_owned(), folder.path().join("private.key")]
        .map(|path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777);
    assert_eq!(modes, [0o700, 0o600]);
    let again = KeyPair::from_pem(&folder.key().expect("readable").expect("a key")).expect("a key");
    assert_eq!(again.public_key_raw(), key.public_key_raw());
    let request = request("kitchen", &again).expect("a request");
    assert!(request.starts_with("-----BEGIN CERTIFICATE REQUEST-----"), "{request}");
    assert!(!folder.is_complete());
    let connection = Connection::new("dev", "kitchen", "1");
    folder.complete(&connection, "c", "a", &[("README.md".to_owned(), b"r".to_vec())]).expect("written");
    assert!(folder.is_complete());
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    files.sort();
    assert_eq!(files, ["README.md", "certificate.pem", "connection.json", "private.key", "root-ca.pem"]);
}

/// Client ids and conditions are no topics.
#[test]
fn topics_are_those_of_the_policy() {
    let policy = r#"{"Statement": [
        {"Action": ["iot:Connect"], "Resource": ["arn:aws:iot:r:1:client/${iot:Connection.Thing.ThingName}"]},
        {"Action": ["iot:Publish"], "Resource": [
            "arn:aws:iot:r:1:topic/dev/dt/${iot:Connection.Thing.ThingName}/measures",
            "arn:aws:iot:r:1:topic/dev/s/${iot:Connection.Thing.ThingName}/*"
        ]}
    ]}"#;
    assert_eq!(published(policy, "kitchen"), ["dev/dt/kitchen/measures", "dev/s/kitchen/*"]);
    assert_eq!(published("", "kitchen"), [""; 0]);
}
