use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use artifacts::digest::hex;
use base64::prelude::*;
use sha2::{Digest as _, Sha256};

use telemetry::canary::CANARY;
use test_service::{Proxy, Request, Service};

use super::*;

/// The fingerprint that Amazon's page of its authorities tells: <https://www.amazontrust.com/repository/>
const FINGERPRINT: &str = "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e";

#[test]
fn the_authority_is_amazons() {
    let lines = AMAZON_ROOT_CA_1.lines().filter(|line| !line.starts_with("-----"));
    let der = BASE64_STANDARD.decode(lines.collect::<String>()).expect("base64");
    let digest = hex(&Sha256::digest(&der));
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
    folder.keep_key("dev/kitchen", &key.serialize_pem()).expect("kept");
    let modes = [folder.path().to_owned(), folder.path().join("private.key")]
        .map(|path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777);
    assert_eq!(modes, [0o700, 0o600]);
    let again = KeyPair::from_pem(&folder.key().expect("readable").expect("a key")).expect("a key");
    assert_eq!(again.public_key_raw(), key.public_key_raw());
    let request = request("kitchen", &again).expect("a request");
    assert!(request.starts_with("-----BEGIN CERTIFICATE REQUEST-----"), "{request}");
    assert!(!folder.is_complete());
    let connection = Connection::new("dev", "kitchen", "1");
    folder.prepare("c", "a", &[("README.md".to_owned(), b"r".to_vec())]).expect("written");
    assert!(!folder.is_complete());
    folder.complete(&connection).expect("written");
    assert!(folder.is_complete());
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    files.sort();
    let expected =
        ["README.md", "certificate.pem", "connection.json", "device", "private.key", "root-ca.pem"];
    assert_eq!(files, expected);
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

fn error(status: &'static str, code: &str, message: &str) -> (&'static str, String) {
    (status, serde_json::json!({"__type": code, "message": message}).to_string())
}

/// A registry behind a proxy, with a policy and a thing type.
async fn registry(service: &Service, proxy: &Proxy) -> Registry {
    let direct = service.session().await.iot_registry();
    direct.create_thing_type().thing_type_name("t").send().await.expect("a thing type");
    let policy = r#"{"Version": "2012-10-17", "Statement": []}"#;
    direct.create_policy().policy_name("p").policy_document(policy).send().await.expect("a policy");
    Registry::named(&proxy.session().await, "p".to_owned(), "t".to_owned())
}

/// A detachment is not seen at once: what is refused because of it is asked for again, and no certificate is lost
/// sight of.
#[tokio::test]
async fn a_certificate_goes_once_its_detachment_is_seen() {
    let service = Service::emulator();
    let refused = [AtomicBool::new(false), AtomicBool::new(false)];
    let late = move |request: &Request| {
        let first = |which: usize| !refused[which].swap(true, Ordering::Relaxed);
        match request.line.split_once(' ')? {
            ("DELETE", path) if path.starts_with("/certificates/") && first(0) => {
                Some(error("409 Conflict", "DeleteConflictException", "it is in use"))
            }
            ("DELETE", path)
                if path.starts_with("/things/kitchen") && !path.contains("/principals") && first(1) =>
            {
                Some(error(
                    "400 Bad Request",
                    "InvalidRequestException",
                    "Thing is still attached to a principal",
                ))
            }
            _ => None,
        }
    };
    let proxy = Proxy::before(&service, late);
    let registry = registry(&service, &proxy).await;
    let folder = tempfile::tempdir().expect("a folder");
    registry.add("kitchen", &Folder::at(folder.path().join("kitchen"))).await.expect("added");
    let device = registry.find("kitchen").await.expect("it is there");
    registry.revoke(&device, Remains::Nothing).await.expect("revoked");
    let deleted = |what: &str| {
        let line = format!("DELETE {what}");
        proxy.seen().iter().filter(|request| request.line.starts_with(&line)).count()
    };
    // The thing's third is that of its principal.
    assert_eq!((deleted("/certificates/"), deleted("/things/kitchen")), (2, 3));
    assert_eq!(registry.list().await.expect("a list"), []);
    let left = service.session().await.iot_registry().list_certificates().send().await.expect("a list");
    assert_eq!(left.certificates().len(), 0);
}

/// The role that deploys, and so destroys, may not look at certificates.
#[tokio::test]
async fn who_holds_the_stack_is_known_without_looking_at_certificates() {
    let service = Service::emulator();
    let denied = |request: &Request| {
        let (verb, path) = request.line.split_once(' ')?;
        let looks = path.contains("/principals") || path.starts_with("/certificates/");
        (verb == "GET" && looks).then(|| error("403 Forbidden", "AccessDeniedException", "not by this role"))
    };
    let proxy = Proxy::before(&service, denied);
    let registry = registry(&service, &proxy).await;
    assert_eq!(registry.held_by().await.expect("nobody"), [""; 0]);
    let folder = tempfile::tempdir().expect("a folder");
    let mut ids = Vec::new();
    for name in ["kitchen", "cellar"] {
        ids.push(registry.add(name, &Folder::at(folder.path().join(name))).await.expect("added").id);
    }
    assert_eq!(registry.held_by().await.expect("names"), ["cellar", "kitchen"]);

    // A certificate of which no device is left.
    let direct = service.session().await.iot_registry();
    let policy = direct.list_targets_for_policy().policy_name("p").send().await.expect("targets");
    for arn in policy.targets() {
        for name in ["kitchen", "cellar"] {
            _ = direct.detach_thing_principal().thing_name(name).principal(arn).send().await;
        }
    }
    for name in ["kitchen", "cellar"] {
        direct.delete_thing().thing_name(name).send().await.expect("deleted");
    }
    let mut held = registry.held_by().await.expect("certificates");
    held.sort();
    ids.sort();
    assert_eq!(held, ids.iter().map(|id| format!("{UNNAMED}{id}")).collect::<Vec<_>>());
}

/// Nothing lets a device in before its files are there, a folder is one device's, and a certificate that was deleted
/// is made anew.
#[tokio::test]
async fn a_folder_and_its_certificate_belong_together() {
    let service = Service::emulator();
    let proxy = Proxy::before(&service, |_| None);
    let registry = registry(&service, &proxy).await;
    let status = async || {
        let device = registry.find("kitchen").await.expect("it is there");
        device.certificates.into_iter().map(|one| (one.id, one.status)).collect::<Vec<_>>()
    };
    let root = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(root.path().join("kitchen"));
    let first = registry.add("kitchen", &folder).await.expect("added");
    assert_eq!(status().await, [(first.id.clone(), "INACTIVE".to_owned())]);

    let other = registry.add("cellar", &folder).await.expect_err("another's folder");
    assert!(other.to_string().ends_with("has the key of `local/kitchen`"), "{other}");

    let connection = Connection::new("local", "kitchen", &first.id);
    let unwritable = [("no/such/folder".to_owned(), Vec::new())];
    registry.hand_over(&first, &folder, &connection, "a", &unwritable).await.expect_err("not written");
    assert_eq!(status().await, [(first.id.clone(), "INACTIVE".to_owned())]);

    let device = registry.find("kitchen").await.expect("it is there");
    registry.revoke(&device, Remains::Nothing).await.expect("revoked");
    let second = registry.add("kitchen", &folder).await.expect("added again");
    assert_ne!(second.id, first.id);
    registry.hand_over(&second, &folder, &connection, "a", &[]).await.expect("written");
    assert_eq!(status().await, [(second.id, "ACTIVE".to_owned())]);
    let complete = registry.add("kitchen", &folder).await.expect_err("it has an identity");
    assert!(matches!(complete, DeviceError::Complete(_)), "{complete}");
}
