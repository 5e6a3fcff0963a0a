//! The container of the dashboards: every promise about it is noticed when it is broken, and one edit of
//! the model reaches everything that is derived from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stacks::cfn::LogicalId;
use stacks::environment::{Grafana, IMAGE};
use stacks::grafana::{File, Place, files};
use stacks::invariants::{Breach, ContainerBreach, check};
use stacks::{Inputs, Stack, synthesize};
use telemetry::{Model, RecordLayout};

use crate::fixture::{environment, model, overridden, placed, stacks_of};
use crate::invariants::broken;

/// What makes a shipped environment one with alerts.
const ALARMED: &[(&str, &str)] = &[("grafana.alerts", "5m")];

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
    let webhook = json!({"Name": "NOTIFY_SECRET", "Value": "https://hooks.example.com/x"});
    let floating = json!({"Name": "GF_PLUGINS_PREINSTALL_SYNC", "Value": "a@1.2.3,grafana-clock-panel"});
    let latest = json!({"Name": "GF_INSTALL_PLUGINS", "Value": "a@latest"});
    let write = json!({"Effect": "Allow", "Action": ["timestream:WriteRecords"], "Resource": "arn:aws:timestream:eu-west-1:1:database/a"});
    let plugin =
        |variable: &str, plugin: &str| UnpinnedPlugin { variable: variable.into(), plugin: plugin.into() };
    let variable = format!("{CONTAINER}/Environment/0");
    #[rustfmt::skip]
    let cases = [
        // No public plain HTTP.
        ("dev",  "BalancerGroup",    "/SecurityGroupIngress", &everywhere, PublicPlainHttp("0.0.0.0/0".into())),
        ("dev",  "BalancerGroup",    "/SecurityGroupIngress", &halves,     PublicPlainHttp("128.0.0.0/1".into())),
        ("prod", "HttpsListener", "/SslPolicy",            &json!("ELBSecurityPolicy-2016-08"), OldTls),
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
        ("prod", "Task", &format!("{CONTAINER}/Image"), &json!("grafana/grafana@sha256:12"), UnpinnedImage("grafana/grafana@sha256:12".into())),
        ("prod", "Task", &variable, &floating, plugin("GF_PLUGINS_PREINSTALL_SYNC", "grafana-clock-panel")),
        ("prod", "Task", &variable, &latest,   plugin("GF_INSTALL_PLUGINS", "a@latest")),
        // No secret in plain text.
        ("prod", "Task", &variable, &password, PlainSecret("GF_SECURITY_ADMIN_PASSWORD".into())),
        ("prod", "Task", &variable, &keys,     PlainSecret("AWS_SECRET_ACCESS_KEY".into())),
        ("prod", "Task", &variable, &webhook,  PlainSecret("NOTIFY_SECRET".into())),
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
    // HTTPS may be open to everybody, with a listener on port 80 that only redirects.
    let mut open = stacks_of("prod", &[("grafana.networks", "[\"0.0.0.0/0\"]")]);
    assert_eq!(check(&open), []);
    let template = &mut open.iter_mut().find(|stack| stack.name == "grafana").expect("the stack").template;
    let listener = template.resources_mut().get_mut(&LogicalId::new("HttpListener")).expect("a listener");
    listener
        .set_property("DefaultActions", json!([{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}]));
    let found: Vec<Breach> = check(&open).into_iter().map(|violation| violation.breach).collect();
    // For each port that everybody may connect to.
    assert_eq!(found, vec![Breach::Container(PublicPlainHttp("0.0.0.0/0".into())); 2]);

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
        let template = model.kinds[0].measures[0].clone();
        model.kinds[0].measures = (0..count)
            .map(|index| telemetry::Measure {
                name: format!("measure_{index}_{:x}", index.wrapping_mul(2_654_435_761)),
                ..template.clone()
            })
            .collect();
        model.kinds[0].record = RecordLayout::Single;
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
    let environment = overridden("dev", ALARMED);
    let stacks = synthesize(&Inputs { model, environment: &environment });
    let template = |stack: &Stack| (format!("{}.template.json", stack.name), stack.template.to_json());
    let file = |file: File| (file.path.clone(), file.text);
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
            "consumer.template.json",
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
        ("provisioning/alerting/rules.yaml", &["'pressure' AS measure", "average > 1050.0"]),
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

/// The dashboards' stack of a shipped environment with keys of it replaced, which breaks no promise.
fn grafana(name: &str, overrides: &[(&str, &str)]) -> Value {
    let stacks = stacks_of(name, overrides);
    assert_eq!(check(&stacks), []);
    let stack = stacks.iter().find(|stack| stack.name == "grafana").expect("the stack");
    serde_json::from_str(&stack.template.to_json()).expect("JSON")
}

/// The container, and what starts it may do.
fn started(template: &Value) -> (&Value, &Value) {
    let resources = &template["Resources"];
    let container = resources["Task"]["Properties"].pointer(CONTAINER).expect("a container");
    (container, &resources["StartRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"])
}

/// With plain HTTP and with HTTPS one and the same listener is on port 80.
#[test]
fn port_80_has_one_listener_whatever_it_does() {
    let secure = [("grafana.hosted_zone", "Z1"), ("grafana.domain", "grafana.example.com")];
    for (overrides, does) in [(&[][..], "forward"), (&secure, "redirect")] {
        let template = grafana("dev", overrides);
        let listeners = template["Resources"].as_object().expect("resources").iter();
        let on_80: Vec<_> = listeners
            .filter(|(_, resource)| {
                resource["Properties"]["Port"] == 80
                    && resource["Type"].as_str().is_some_and(|kind| kind.ends_with("Listener"))
            })
            .collect();
        let [(id, listener)] = on_80[..] else { panic!("{on_80:?}") };
        assert_eq!(
            (id.as_str(), &listener["Properties"]["DefaultActions"][0]["Type"]),
            ("HttpListener", &json!(does))
        );
    }
}

#[test]
fn the_database_has_no_write_ahead_log_on_a_file_system_of_the_network() {
    for name in WATCHED {
        let template = grafana(name, &[]);
        let variables = started(&template).0["Environment"].as_array().expect("variables");
        assert!(variables.contains(&json!({"Name": "GF_DATABASE_WAL", "Value": "false"})), "{name}");
    }
}

/// An image of a registry of one's own takes the right to read that repository, and no other.
#[test]
fn an_image_of_a_private_repository_can_be_read() {
    let hash = "0".repeat(64);
    let own = format!("111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/grafana@sha256:{hash}");
    for (image, repository) in [
        (own.as_str(), Some("arn:${AWS::Partition}:ecr:eu-west-1:111122223333:repository/team/grafana")),
        (&format!("registry.example.com/grafana@sha256:{hash}"), None),
    ] {
        let template = grafana("dev", &[("grafana.image", image)]);
        let (container, statements) = started(&template);
        assert_eq!(container["Image"], image);
        let of = |action: &str| {
            let statements = statements.as_array().expect("statements").iter();
            let granted = statements.filter(|one| {
                one["Action"].as_array().is_some_and(|actions| actions.contains(&json!(action)))
            });
            granted.map(|one| one["Resource"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("ecr:BatchGetImage"), Vec::from_iter(repository.map(|arn| json!([{"Fn::Sub": arn}]))));
        assert_eq!(of("ecr:GetAuthorizationToken"), Vec::from_iter(repository.map(|_| json!("*"))));
    }
    let shipped = grafana("prod", &[]);
    assert_eq!(started(&shipped).0["Image"], IMAGE);
}

/// People sign in at their provider. Its secret is in no template, and the role that starts the container reads
/// that secret and its own.
#[test]
fn single_sign_on_takes_its_secret_from_where_it_is_kept() {
    const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:grafana/oidc-AbC123";
    let oidc = [
        ("grafana.oidc.client_id", "sluice"),
        ("grafana.oidc.secret", SECRET),
        ("grafana.oidc.secret_field", "client_secret"),
        ("grafana.oidc.auth_url", "https://login.example.com/authorize"),
        ("grafana.oidc.token_url", "https://login.example.com/token"),
        ("grafana.oidc.api_url", "https://login.example.com/userinfo"),
        ("grafana.oidc.allowed_domains", "[\"example.com\", \"example.org\"]"),
        ("grafana.oidc.role", "contains(groups[*], 'admin') && 'Admin' || 'Viewer'"),
    ];
    let template = grafana("prod", &oidc);
    let (container, statements) = started(&template);
    let variables = container["Environment"].as_array().expect("variables").iter();
    let told: BTreeMap<&str, &str> = variables
        .filter_map(|one| {
            Some((one["Name"].as_str()?.strip_prefix("GF_AUTH_GENERIC_OAUTH_")?, one["Value"].as_str()?))
        })
        .collect();
    insta::assert_debug_snapshot!("sign-on", told);
    let secret = json!({"Name": "GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET", "ValueFrom": format!("{SECRET}:client_secret::")});
    assert!(container["Secrets"].as_array().expect("secrets").contains(&secret), "{container}");
    let read = json!([
        {"Ref": "AdminSecret"},
        {"Ref": "EncryptionKey"},
        {"Fn::Sub": "arn:${AWS::Partition}:secretsmanager:eu-central-1:111122223333:secret:grafana/oidc-AbC123"},
    ]);
    assert_eq!(
        statements[0],
        json!({"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": read})
    );
}

/// Whom Grafana tells: its files have the contact point of the rule, with topic and address in variables that the
/// container has, and its role may do what that takes, and no more.
#[test]
fn somebody_is_told_of_alerts() {
    const TOPIC: &str = "arn:aws:sns:us-east-1:444455556666:on-call";
    const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:webhook-AbC123";
    let publish = |topic: Value| json!({"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [topic]});
    let named = json!({"Fn::Sub": "arn:${AWS::Partition}:sns:us-east-1:444455556666:on-call"});
    let encrypt = |key: Value| json!({"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": [key]});
    let sns = |region: &str| json!({"type": "sns", "settings": {"topic_arn": "$NOTIFY_TOPIC", "sigv4": {"region": region}}});
    let webhook = json!({"type": "webhook", "settings": {"url": "$NOTIFY_SECRET", "httpMethod": "POST"}});
    let topic = |value: Value| json!({"Name": "NOTIFY_TOPIC", "Value": value});
    for (notify, receiver, variable, secret, granted) in [
        ("off", None, None, None, vec![]),
        (
            "operations",
            Some(sns("eu-central-1")),
            Some(topic(json!({"Ref": "TopicArn"}))),
            None,
            vec![publish(json!({"Ref": "TopicArn"})), encrypt(json!({"Ref": "TopicKeyArn"}))],
        ),
        (TOPIC, Some(sns("us-east-1")), Some(topic(json!(TOPIC))), None, vec![publish(named)]),
        (SECRET, Some(webhook), None, Some(json!({"Name": "NOTIFY_SECRET", "ValueFrom": SECRET})), vec![]),
    ] {
        let overrides = [("grafana.notify", notify), ("grafana.alerts", "5m")];
        let environment = overridden("prod", &overrides);
        let files = files(&placed("prod"), &environment, Place::CONTAINER);
        let file = |path: &str| -> Value {
            let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
            serde_json::from_str(&file.text).expect("JSON")
        };
        let points = file("provisioning/alerting/notify.yaml")["contactPoints"].clone();
        let rule = file("provisioning/alerting/rules.yaml")["groups"][0]["rules"][0].clone();
        let expected = receiver.as_ref().map(|of_kind| {
            let mut receiver = json!({"uid": "sluice", "disableResolveMessage": false});
            receiver.as_object_mut().expect("an object").extend(of_kind.as_object().cloned().expect("one"));
            json!([{"orgId": 1, "name": "Sluice", "receivers": [receiver]}])
        });
        assert_eq!(points, json!(expected), "{notify}");
        let to = receiver.map(|_| json!({"receiver": "Sluice"}));
        assert_eq!(rule["notification_settings"], json!(to), "{notify}");

        let template = grafana("prod", &overrides);
        let (container, starts) = started(&template);
        let of = |key: &str| -> Vec<Value> {
            let all = container[key].as_array().expect("variables").iter();
            let ours = all.filter(|one| one["Name"].as_str().is_some_and(|name| name.starts_with("NOTIFY_")));
            ours.cloned().collect()
        };
        assert_eq!(of("Environment"), Vec::from_iter(variable), "{notify}");
        assert_eq!(of("Secrets"), Vec::from_iter(secret), "{notify}");
        let handed = &starts[0]["Resource"];
        let has_address = handed.to_string().contains("secret:webhook-AbC123");
        assert_eq!(has_address, notify == SECRET, "{notify}: {handed}");
        let policy = &template["Resources"]["TaskRole"]["Properties"]["Policies"][0]["PolicyDocument"];
        let tells = policy["Statement"].as_array().expect("statements").iter().filter(|statement| {
            let action = statement["Action"][0].as_str().expect("an action");
            action.starts_with("sns:") || action.starts_with("kms:")
        });
        assert_eq!(tells.cloned().collect::<Vec<_>>(), granted, "{notify}");
    }
}

#[test]
fn files_are_as_reviewed() {
    for environment_name in WATCHED {
        let alarmed = overridden(environment_name, ALARMED);
        let files = files(&placed(environment_name), &alarmed, Place::CONTAINER);
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
            .map(|file| (file.path.clone(), serde_json::from_str(&file.text).expect("JSON")))
            .collect();
        assert_eq!(unpacked, expected, "{name}");
    }
}
