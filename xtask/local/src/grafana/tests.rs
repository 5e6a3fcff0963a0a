//! What Grafana on this machine is given, by the store of an environment.

use serde_json::{Value, json};

use super::*;

const LOGIN: (&str, &str, &str) = ("127.0.0.1", "5433", "a password");

/// The model and the environment of this machine with a store.
fn shipped(store: &str) -> (Model, Environment) {
    let text = include_str!("../../../../environments/local.toml");
    let chosen = [("store.kind".to_owned(), store.to_owned())];
    let environment = stacks::environment::parse("local", "local.toml", text, &chosen).expect("valid");
    let text = include_str!("../../../../telemetry.toml");
    (stacks::model::parse("telemetry.toml", text).expect("valid"), environment)
}

fn endpoints() -> Endpoints {
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    Endpoints { aws: url(1), timestream: url(2), twinmaker: url(3), rds_data: None, mqtt: 4 }
}

fn login(password: &str) -> Login {
    Login { host: LOGIN.0.to_owned(), port: LOGIN.1.to_owned(), password: password.to_owned() }
}

#[test]
fn the_data_source_gets_what_its_store_wants() {
    for (store, present, absent) in [
        (
            "timestream",
            vec![
                ("GF_PLUGINS_FORWARD_HOST_ENV_VARS", "grafana-timestream-datasource"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("GF_PATHS_PROVISIONING", "/files/provisioning"),
            ],
            vec!["STORE_PASSWORD"],
        ),
        (
            "postgres",
            vec![
                ("STORE_HOST", LOGIN.0),
                ("STORE_PORT", LOGIN.1),
                ("STORE_PASSWORD", LOGIN.2),
                ("GF_PATHS_PROVISIONING", "/files/provisioning"),
            ],
            vec!["GF_PLUGINS_PREINSTALL_SYNC"],
        ),
    ] {
        let ((model, environment), endpoints, login) = (shipped(store), endpoints(), login(LOGIN.2));
        let login = (store == "postgres").then_some(&login);
        let source = Source { model: &model, environment: &environment, endpoints: &endpoints, login };
        let variables = variables("/files", 3_001, &source);
        let value =
            |name: &str| variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        for (name, expected) in present {
            assert_eq!(value(name), Some(expected), "{store}: {name}");
        }
        for name in absent {
            assert_eq!(value(name), None, "{store}: {name}");
        }
    }
}

/// As [Grafana's page](https://grafana.com/docs/grafana/latest/datasources/postgres/configure/) has it: it looks at the
/// certificate and at the host's name in it. The password is a variable, and a `$` of a path is none.
#[test]
fn postgres_is_known_by_its_certificate_and_the_password_is_in_no_file() {
    let ((model, environment), endpoints, login) = (shipped("postgres"), endpoints(), login(LOGIN.2));
    let source =
        Source { model: &model, environment: &environment, endpoints: &endpoints, login: Some(&login) };
    let files = source.render(Seen { files: "/files", authority: "/home/a$b/ca.pem" });
    let file = files.iter().find(|file| file.path == "provisioning/datasources/postgres.yaml");
    let sources: Value = serde_json::from_str(&file.expect("a data source").text).expect("JSON");
    let [source] = sources["datasources"].as_array().expect("data sources").as_slice() else {
        panic!("{sources}")
    };
    for (pointer, expected) in [
        ("/url", "$STORE_HOST:$STORE_PORT"),
        ("/user", "sluice_grafana"),
        ("/secureJsonData/password", "$STORE_PASSWORD"),
        ("/jsonData/database", "sluice_local"),
        ("/jsonData/sslmode", "verify-full"),
        ("/jsonData/tlsConfigurationMethod", "file-path"),
        ("/jsonData/sslRootCertFile", "/home/a$$b/ca.pem"),
    ] {
        assert_eq!(source.pointer(pointer), Some(&json!(expected)), "{pointer}");
    }
    assert!(files.iter().all(|file| !file.text.contains(LOGIN.2)));
}

#[test]
fn another_password_starts_it_again() {
    let ((model, environment), endpoints) = (shipped("postgres"), endpoints());
    let told = |password: &str| {
        let login = login(password);
        let login = Some(&login);
        Source { model: &model, environment: &environment, endpoints: &endpoints, login }.told()
    };
    assert_eq!(told("one"), told("one"));
    assert_ne!(told("one"), told("other"));
}

#[test]
fn dashboards_are_read_again_and_the_rest_at_start() {
    for (path, at_start) in [
        ("dashboards/fleet.json", false),
        ("dashboards/shelly/fleet.json", false),
        ("provisioning/alerting/rules.yaml", true),
    ] {
        assert!(grafana::is_path(path), "{path}");
        assert_eq!(is_read_at_start(path), at_start, "{path}");
    }
}
