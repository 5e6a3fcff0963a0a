//! The container of the dashboards: every promise about it is noticed when it is broken, and one edit of
//! the model reaches everything that is derived from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stacks::environment::Grafana;
use stacks::grafana::{File, Place, files};
use stacks::invariants::{Breach, ContainerBreach, check};
use stacks::{Inputs, Stack, synthesize};
use telemetry::{Model, RecordLayout};

use crate::fixture::{environment, model, placed};
use crate::invariants::broken;

/// Environments that have dashboards.
const WATCHED: [&str; 3] = ["dev", "local", "prod"];

const CONTAINER: &str = "/ContainerDefinitions/0";

#[test]
fn what_makes_the_dashboards_unsafe_is_noticed() {
    use ContainerBreach::{
        MayWrite, NoGroup, OldTls, PlainSecret, PublicPlainHttp, Reachable, TwoWriters, UnpinnedImage,
        UnpinnedPlugin,
    };
    let everywhere = json!([{"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}]);
    let halves = json!([{"CidrIp": "128.0.0.0/1", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}]);
    let six = json!([{"CidrIpv6": "::/0", "IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000}]);
    let office = json!([{"CidrIp": "203.0.113.0/24", "IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000}]);
    let password = json!({"Name": "GF_SECURITY_ADMIN_PASSWORD", "Value": "admin"});
    let keys = json!({"Name": "AWS_SECRET_ACCESS_KEY", "Value": "x"});
    let floating = json!({"Name": "GF_PLUGINS_PREINSTALL_SYNC", "Value": "a@1.2.3,grafana-clock-panel"});
    let latest = json!({"Name": "GF_INSTALL_PLUGINS", "Value": "a@latest"});
    let write = json!({"Effect": "Allow", "Action": ["timestream:WriteRecords"], "Resource": "arn:aws:timestream:eu-west-1:1:database/a"});
    let forward = json!([{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}]);
    let plugin =
        |variable: &str, plugin: &str| UnpinnedPlugin { variable: variable.into(), plugin: plugin.into() };
    let variable = format!("{CONTAINER}/Environment/0");
    #[rustfmt::skip]
    let cases = [
        // No public plain HTTP.
        ("dev",  "BalancerGroup",    "/SecurityGroupIngress", &everywhere, PublicPlainHttp("0.0.0.0/0".into())),
        ("dev",  "BalancerGroup",    "/SecurityGroupIngress", &halves,     PublicPlainHttp("128.0.0.0/1".into())),
        ("prod", "RedirectListener", "/DefaultActions",       &forward,    PublicPlainHttp("0.0.0.0/0".into())),
        ("prod", "SecureListener",   "/SslPolicy",            &json!("ELBSecurityPolicy-2016-08"), OldTls),
        // Nothing reachable but the load balancer.
        ("prod", "ContainerGroup", "/SecurityGroupIngress", &six,        Reachable("::/0".into())),
        ("prod", "ContainerGroup", "/SecurityGroupIngress", &office,     Reachable("203.0.113.0/24".into())),
        ("prod", "FilesGroup",     "/SecurityGroupIngress", &everywhere, Reachable("0.0.0.0/0".into())),
        ("prod", "Service", "/NetworkConfiguration/AwsvpcConfiguration/SecurityGroups", &json!([]), NoGroup),
        // No unpinned image or plugin.
        ("prod", "Task", &format!("{CONTAINER}/Image"), &json!("grafana/grafana"),        UnpinnedImage("grafana/grafana".into())),
        ("prod", "Task", &format!("{CONTAINER}/Image"), &json!("grafana/grafana:latest"), UnpinnedImage("grafana/grafana:latest".into())),
        ("prod", "Task", &format!("{CONTAINER}/Image"), &json!("registry:5000/grafana"),  UnpinnedImage("registry:5000/grafana".into())),
        ("prod", "Task", &format!("{CONTAINER}/Image"), &json!("grafana/grafana:13.2"),   UnpinnedImage("grafana/grafana:13.2".into())),
        ("prod", "Task", &variable, &floating, plugin("GF_PLUGINS_PREINSTALL_SYNC", "grafana-clock-panel")),
        ("prod", "Task", &variable, &latest,   plugin("GF_INSTALL_PLUGINS", "a@latest")),
        // No secret in plain text.
        ("prod", "Task", &variable, &password, PlainSecret("GF_SECURITY_ADMIN_PASSWORD".into())),
        ("prod", "Task", &variable, &keys,     PlainSecret("AWS_SECRET_ACCESS_KEY".into())),
        // The role of the data source cannot write.
        ("prod", "TaskRole", "/Policies/0/PolicyDocument/Statement/0", &write, MayWrite("timestream:WriteRecords".into())),
        // One database, one writer.
        ("prod", "Service", "/DeploymentConfiguration/MaximumPercent", &json!(200), TwoWriters("MaximumPercent")),
        ("prod", "Service", "/DesiredCount",                           &json!(2),   TwoWriters("DesiredCount")),
    ];
    for (environment, id, pointer, value, expected) in cases {
        let found = broken(environment, "grafana", id, |resource| {
            *resource.property_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
        });
        let expected = Breach::Container(expected);
        assert!(found.contains(&expected), "{id}{pointer}: expected {expected:?}, found {found:?}");
    }
    let found = broken("prod", "grafana", "EncryptionKey", |secret| {
        secret.set_property("SecretString", json!("known"));
    });
    assert!(found.contains(&Breach::Container(PlainSecret("SecretString".into()))), "{found:?}");
    let found = broken("prod", "grafana", "Files", |files| files.set_property("Encrypted", json!(false)));
    assert!(found.contains(&Breach::Unencrypted("Encrypted")), "{found:?}");
}

#[test]
fn an_image_by_digest_is_pinned() {
    let found = broken("prod", "grafana", "Task", |task| {
        let image = format!("grafana/grafana@sha256:{}", "0".repeat(64));
        *task.property_mut(&format!("{CONTAINER}/Image")).expect("an image") = json!(image);
    });
    assert_eq!(found, []);
}

/// The files travel in the task definition, which has a limit: a model beyond it is found before a
/// deployment, and a large one fits.
#[test]
fn the_files_of_a_large_model_fit_or_are_noticed() {
    let with = |count: usize| {
        let mut model = model();
        let template = model.measures[0].clone();
        model.measures = (0..count)
            .map(|index| telemetry::Measure {
                name: format!("measure_{index}_{:x}", index.wrapping_mul(2_654_435_761)),
                ..template.clone()
            })
            .collect();
        model.record = RecordLayout::Single;
        let mut environment = environment("dev");
        // A twin of as many measures has a limit of its own.
        environment.twin.enabled = false;
        check(&synthesize(&Inputs { model: &model, environment: &environment }))
    };
    assert_eq!(with(100), []);
    let found = with(1_500);
    assert!(
        matches!(found[..], [ref one] if matches!(one.breach, Breach::Container(ContainerBreach::LargeTask { .. }))),
        "{found:?}"
    );
}

#[test]
fn a_managed_workspace_reads_and_nothing_else() {
    let mut environment = environment("dev");
    environment.grafana = Grafana::Managed;
    let stacks = synthesize(&Inputs { model: &model(), environment: &environment });
    assert_eq!(check(&stacks), []);
    let stack = stacks.iter().find(|stack| stack.name == "grafana").expect("the stack");
    let kinds: Vec<_> = stack.template.resources().values().map(stacks::cfn::Resource::kind).collect();
    assert_eq!(kinds, ["AWS::Grafana::Workspace", "AWS::IAM::Role"]);
}

#[test]
fn without_grafana_there_is_no_stack() {
    let mut environment = environment("dev");
    environment.grafana = Grafana::None;
    let stacks = synthesize(&Inputs { model: &model(), environment: &environment });
    assert!(stacks.iter().all(|stack| stack.name != "grafana"));
}

/// Every file and template, by name.
fn everything(model: &Model) -> BTreeMap<String, String> {
    let environment = environment("dev");
    let stacks = synthesize(&Inputs { model, environment: &environment });
    let template = |stack: &Stack| (format!("{}.template.json", stack.name), stack.template.to_json());
    let file = |file: File| (file.path.to_owned(), file.text);
    stacks
        .iter()
        .map(template)
        .chain(files(model, &environment, Place::CONTAINER).into_iter().map(file))
        .collect()
}

/// A measure is added by an edit of `telemetry.toml`, and by nothing else: the diff of the synthesis says
/// where it arrives. The rule forwards whole events, so that it has nothing to learn.
#[test]
fn a_new_measure_arrives_everywhere_by_one_edit() {
    let text = include_str!("../../../telemetry.toml");
    let edited = format!(
        "{text}\n[[measure]]\nname = \"pressure\"\nfield = \"pressure_measure\"\ntype = \"double\"\nunit = \"hPa\"\nnormal = {{ min = 950, max = 1050 }}\n"
    );
    let parse = |text: &str| {
        let model = stacks::model::parse("telemetry.toml", text).expect("a model");
        environment("dev").place("dev", model).expect("it fits")
    };
    let (before, after) = (everything(&parse(text)), everything(&parse(&edited)));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let changed: Vec<&str> =
        after.iter().filter(|(name, text)| before[*name] != **text).map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        changed,
        [
            "dashboards/device.json",
            "dashboards/fleet.json",
            "dashboards/statistics.json",
            "grafana.template.json",
            "lake.template.json",
            "provisioning/alerting/rules.yaml",
            "store.template.json",
            "twin.template.json",
        ]
    );
    for (name, needles) in [
        ("lake.template.json", &["\"pressure_measure\""][..]),
        ("twin.template.json", &["\"pressure\"", "\"pressure_alarm\""]),
        (
            "dashboards/fleet.json",
            &["\"Pressure\"", "pressurehpa", "avg(\\\"pressure\\\")", "\\\"pressure\\\" > 1050.0"],
        ),
        ("dashboards/device.json", &["\"Pressure\"", "pressurehpa", "humidity,voltage,watt,pressure"]),
        ("dashboards/statistics.json", &["Pressure: average and percentiles", "Pressure: how often"]),
        ("provisioning/alerting/rules.yaml", &["Pressure outside of its normal range", "1050.0"]),
    ] {
        for needle in needles {
            assert!(!before[name].contains(needle), "{name} had {needle} before");
            assert!(after[name].contains(needle), "{name} lacks {needle}");
        }
    }
    // The rule takes whole events, the new field with them; the functions read it in their archive.
    assert!(before["ingest.template.json"].contains("SELECT * FROM"));
    let model: Value = serde_json::to_value(parse(&edited)).expect("JSON");
    assert_eq!(model["measures"][4]["name"], "pressure");
}

/// Grafana keeps the state of an alert, and what silences it, by its identifier.
#[test]
fn alerts_keep_their_identifiers_when_a_measure_goes() {
    let uids = |model: &Model| -> BTreeMap<String, String> {
        let files = files(model, &environment("dev"), Place::CONTAINER);
        let rules = files.iter().find(|file| file.path.ends_with("rules.yaml")).expect("the rules");
        let rules: Value = serde_json::from_str(&rules.text).expect("JSON");
        let rules = rules["groups"][0]["rules"].as_array().expect("rules");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        rules.iter().map(|rule| (text(&rule["title"]), text(&rule["uid"]))).collect()
    };
    let mut model = model();
    let mut before = uids(&model);
    assert_eq!(before.len(), model.measures.len() + 1, "each measure has a normal range");
    model.measures.remove(0);
    let after = uids(&model);
    before.retain(|title, _| after.contains_key(title));
    assert_eq!((before.len(), &before), (model.measures.len() + 1, &after));
}

#[test]
fn files_are_as_reviewed() {
    for environment_name in WATCHED {
        let files = files(&placed(environment_name), &environment(environment_name), Place::CONTAINER);
        // Dashboards differ by the environment's name and database only.
        let reviewed =
            files.iter().filter(|file| environment_name == "dev" || file.path.contains("datasources"));
        for file in reviewed {
            let name = file.path.replace('/', "-");
            insta::with_settings!({ snapshot_path => format!("snapshots/{environment_name}/grafana"), prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(name, file.text);
            });
        }
    }
}

/// Files are unpacked by the image's tar: the archive is one, whatever made it.
#[test]
fn the_packed_files_are_the_files() {
    use base64::Engine as _;
    use std::io::Read as _;
    for name in WATCHED {
        let (model, environment) = (placed(name), environment(name));
        let stacks = synthesize(&Inputs { model: &model, environment: &environment });
        let stack = stacks.iter().find(|stack| stack.name == "grafana").expect("the stack");
        let template: Value = serde_json::from_str(&stack.template.to_json()).expect("JSON");
        let container = &template["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0];
        let variables = container["Environment"].as_array().expect("variables");
        let packed = variables.iter().find(|one| one["Name"] == "SLUICE_FILES").expect("the files");
        let packed = packed["Value"].as_str().expect("text");
        let bytes = base64::engine::general_purpose::STANDARD.decode(packed).expect("base64");
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
        let unpacked: BTreeMap<String, Value> = archive
            .entries()
            .expect("entries")
            .map(|entry| {
                let mut entry = entry.expect("an entry");
                let path = entry.path().expect("a path").display().to_string();
                let mut text = String::new();
                entry.read_to_string(&mut text).expect("text");
                (path, serde_json::from_str(&text).expect("JSON"))
            })
            .collect();
        let expected: BTreeMap<String, Value> = files(&model, &environment, Place::CONTAINER)
            .into_iter()
            .map(|file| (file.path.to_owned(), serde_json::from_str(&file.text).expect("JSON")))
            .collect();
        assert_eq!(unpacked, expected, "{name}");
    }
}
