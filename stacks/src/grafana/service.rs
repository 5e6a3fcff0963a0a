//! The container: which image and plugin, what it may do, how it is replaced.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use telemetry::Model;

use super::entrance::Door;
use super::files::{PROVISIONING, Place, files, home_file, pack};
use super::network::Network;
use super::notify;
use super::storage::Storage;
use super::{PORT, TARGETS, read_store, sign_on};
use crate::Inputs;
use crate::cfn::{Arn, Auditor, Expression, LogicalId, Resource, Statement, Template, Trust, role};
use crate::environment::{Environment, GrafanaContainer, Repository};
use crate::functions::{add_log_group, write_logs};

/// The Timestream data source, as `id@version`. That for `PostgreSQL` is a part of Grafana.
pub const PLUGIN: &str = "grafana-timestream-datasource@2.13.0";
/// Variable of the container that holds the packed files.
pub const FILES_VARIABLE: &str = "SLUICE_FILES";

/// Variables of Grafana that hold host, port and password of a store that has them. The file of the data source names
/// them.
const STORE_HOST: &str = "STORE_HOST";
const STORE_PORT: &str = "STORE_PORT";
const STORE_PASSWORD: &str = "STORE_PASSWORD";
/// Name of the container, which the load balancer and people ask for.
const NAME: &str = "grafana";
const VOLUME: &str = "data";
/// Where Grafana keeps its database and its plugin.
const DATA: &str = "/var/lib/grafana";

/// `SQLite` keeps its [write-ahead log](https://www.sqlite.org/wal.html) in memory that its processes share, so
/// that with one a database on a file system of the network, such as EFS, is damaged. It is Grafana's default
/// too, and stands here so that no other default takes its place.
const WRITE_AHEAD: (&str, &str) = ("GF_DATABASE_WAL", "false");

/// The tasks of this account.
const TASKS: Arn = Arn::sub("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*");

/// Longest that a new container takes until it answers, in seconds: image, plugin, and the tables of its
/// database, which take minutes on a file system of the network.
const START_SECONDS: u32 = 900;
/// How long a container may take to close its database, in seconds.
const STOP_SECONDS: u32 = 60;
/// The newest version of Fargate's platform for Linux.
const PLATFORM: &str = "1.4.0";

/// What the stack tells of it.
pub(super) struct Service {
    pub admin: Expression,
    pub cluster: Expression,
    pub name: Expression,
    pub logs: Expression,
}

pub(super) fn add(
    template: &mut Template,
    inputs: &Inputs,
    container: &GrafanaContainer,
    network: &Network,
    storage: &Storage,
    door: &Door,
) -> Service {
    let environment = inputs.environment;
    let (admin, key) = add_secrets(template);
    let logs = add_log_group(template, environment, LogicalId::new("GrafanaLogs"), "grafana", "grafana");
    let cluster = template.add(
        LogicalId::new("Cluster"),
        Resource::new("AWS::ECS::Cluster", json!({})).skip(
            Auditor::Checkov,
            "CKV_AWS_65",
            "There is one task, and the service's own metrics of processor and memory, which cost nothing, are \
             its metrics; Container Insights adds some that are paid one by one",
        ),
    );
    let task = add_task(template, inputs, container, storage, door, [&admin, &key], &logs);

    let subnets: Vec<Expression> = network.subnets.iter().map(LogicalId::reference).collect();
    let service = template.add(
        LogicalId::new("Service"),
        Resource::new(
            "AWS::ECS::Service",
            json!({
                "Cluster": cluster.reference(),
                "TaskDefinition": task.reference(),
                "LaunchType": "FARGATE",
                "PlatformVersion": PLATFORM,
                "DesiredCount": 1,
                // Two at once would write one database, and corrupt it: the old one ends first.
                "DeploymentConfiguration": {
                    "MinimumHealthyPercent": 0,
                    "MaximumPercent": 100,
                    "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true},
                },
                // It would start a second one elsewhere.
                "AvailabilityZoneRebalancing": "DISABLED",
                "HealthCheckGracePeriodSeconds": START_SECONDS,
                "LoadBalancers": [
                    {"ContainerName": NAME, "ContainerPort": PORT, "TargetGroupArn": TARGETS.reference()},
                ],
                "NetworkConfiguration": {"AwsvpcConfiguration": {
                    // The way out without NAT. Its group lets nobody in but the load balancer.
                    "AssignPublicIp": "ENABLED",
                    "Subnets": subnets,
                    "SecurityGroups": [network.container.attribute("GroupId")],
                }},
                "PropagateTags": "SERVICE",
            }),
        )
        .after(door.listeners.iter().chain(&storage.mounts).chain(&network.routes).cloned()),
    );
    Service {
        admin: admin.reference(),
        cluster: cluster.reference(),
        name: service.attribute("Name"),
        logs: logs.reference(),
    }
}

/// The administrator's password, and the key with which Grafana encrypts what is secret in its database, which
/// is of no use without: both are made by AWS, and no template and no log ever has them.
fn add_secrets(template: &mut Template) -> (LogicalId, LogicalId) {
    let mut add = |id, what: &str, generate: Value| {
        let secret = Resource::new(
            "AWS::SecretsManager::Secret",
            json!({"Description": what, "GenerateSecretString": generate}),
        )
        .skip(
            Auditor::Checkov,
            "CKV_AWS_149",
            "alias/aws/secretsmanager encrypts it, a key of this account that no other can use. A key of one's \
             own is for secrets that accounts share, and this one is read by one role",
        );
        template.add(id, secret)
    };
    let admin = add(
        LogicalId::new("AdminSecret"),
        "Administrator of Grafana. It is set when the database is made; a later change is made in Grafana",
        json!({
            "SecretStringTemplate": "{\"username\":\"admin\"}",
            "GenerateStringKey": "password",
            "PasswordLength": 32,
            "ExcludePunctuation": true,
        }),
    );
    let key = add(
        LogicalId::new("EncryptionKey"),
        "Key with which Grafana encrypts secrets in its database",
        json!({"PasswordLength": 48, "ExcludePunctuation": true}),
    );
    (admin, key)
}

fn add_task(
    template: &mut Template,
    inputs: &Inputs,
    container: &GrafanaContainer,
    storage: &Storage,
    door: &Door,
    [admin, key]: [&LogicalId; 2],
    logs: &LogicalId,
) -> LogicalId {
    let environment = inputs.environment;
    let trust = Trust::service("ecs-tasks.amazonaws.com").when(json!({
        "StringEquals": {"aws:SourceAccount": Expression::ACCOUNT},
        "ArnLike": {"aws:SourceArn": TASKS},
    }));
    let told = notify::needed(template, environment);
    let mut statements = read_store(template, environment);
    statements.extend(told.statements);
    statements.push(Statement::allow(
        &["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        [storage.files.arn()],
    ));
    let task_role = template.add(
        LogicalId::new("TaskRole"),
        role("Grafana: reads the store, and keeps its database", &trust, &statements),
    );
    let store = environment.store.postgres().map(|_| template.input("store", "GrafanaLoginArn"));
    let told_by = told.secret.as_ref().map(|(_, secret)| secret.clone());
    let signed_by = container.oidc.as_deref().map(|oidc| Arn::written(&oidc.secret));
    let handed = [admin, key].into_iter().chain(&store).map(Arn::parameter).chain(signed_by).chain(told_by);
    let start_role = template.add(
        LogicalId::new("StartRole"),
        role(
            "Starts Grafana: hands it its secrets, and keeps its logs",
            &trust,
            &start_statements(container, handed, logs),
        ),
    );

    let packed = pack(&files(inputs.model, environment, Place::CONTAINER));
    let mut variables: Vec<Value> = settings(Place::CONTAINER.folder, inputs.model, environment)
        .into_iter()
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect();
    let is_https = door.is_https.to_string();
    variables.extend([
        json!({"Name": "GF_SERVER_ROOT_URL", "Value": door.url}),
        // Who asked for what, in place of the load balancer's access log.
        json!({"Name": "GF_SERVER_ROUTER_LOGGING", "Value": "true"}),
        json!({"Name": "GF_SECURITY_COOKIE_SECURE", "Value": is_https}),
        json!({"Name": "GF_SECURITY_STRICT_TRANSPORT_SECURITY", "Value": is_https}),
        json!({"Name": WRITE_AHEAD.0, "Value": WRITE_AHEAD.1}),
        json!({"Name": FILES_VARIABLE, "Value": packed}),
    ]);
    let password = Expression::joined([admin.reference(), ":password::".into()]);
    let mut secrets = vec![
        json!({"Name": "GF_SECURITY_ADMIN_PASSWORD", "ValueFrom": password}),
        json!({"Name": "GF_SECURITY_SECRET_KEY", "ValueFrom": key.reference()}),
    ];
    if let Some(secret) = &store {
        variables.extend([
            json!({"Name": STORE_HOST, "Value": template.input("store", "ReadEndpoint").reference()}),
            json!({"Name": STORE_PORT, "Value": template.input("store", "Port").reference()}),
        ]);
        let password = Expression::joined([secret.reference(), ":password::".into()]);
        secrets.push(json!({"Name": STORE_PASSWORD, "ValueFrom": password}));
    }
    variables.extend(told.variable);
    secrets.extend(told.secret.map(|(secret, _)| secret));
    if let Some(oidc) = &container.oidc {
        variables.extend(sign_on::variables(oidc));
        secrets.push(sign_on::secret(oidc));
    }
    template.add(
        LogicalId::new("Task"),
        Resource::new(
            "AWS::ECS::TaskDefinition",
            json!({
                "RequiresCompatibilities": ["FARGATE"],
                "NetworkMode": "awsvpc",
                "Cpu": container.cpu.to_string(),
                "Memory": container.memory_mb.to_string(),
                "RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
                "TaskRoleArn": task_role.attribute("Arn"),
                "ExecutionRoleArn": start_role.attribute("Arn"),
                "Volumes": [storage.volume(VOLUME)],
                "ContainerDefinitions": [{
                    "Name": NAME,
                    "Image": container.image.as_str(),
                    "Essential": true,
                    "EntryPoint": ["/bin/sh", "-ec"],
                    "Command": [start_command()],
                    "PortMappings": [{"ContainerPort": PORT, "Protocol": "tcp"}],
                    "Environment": variables,
                    "Secrets": secrets,
                    "MountPoints": [{"SourceVolume": VOLUME, "ContainerPath": DATA, "ReadOnly": false}],
                    "LinuxParameters": {"InitProcessEnabled": true},
                    "StopTimeout": STOP_SECONDS,
                    "LogConfiguration": {"LogDriver": "awslogs", "Options": {
                        "awslogs-group": logs.reference(),
                        "awslogs-region": Expression::REGION,
                        "awslogs-stream-prefix": NAME,
                    }},
                }],
            }),
        ),
    )
}

/// What it takes to start the container: its secrets, a stream for its logs, and the image, where that is in a
/// private repository of ECR. See
/// [the role](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html).
fn start_statements(
    container: &GrafanaContainer,
    secrets: impl IntoIterator<Item = Arn>,
    logs: &LogicalId,
) -> Vec<Statement> {
    let mut statements =
        vec![Statement::allow(&["secretsmanager:GetSecretValue"], secrets), write_logs(logs)];
    if let Some(Repository { region, account, name }) = container.image.repository() {
        const REGISTRIES: Arn = Arn::sub("arn:${AWS::Partition}:ecr:");
        statements.extend([
            Statement::allow(
                &["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                [REGISTRIES.within(format!("{region}:{account}:repository/{name}"))],
            ),
            Statement::allow_everywhere(
                &["ecr:GetAuthorizationToken"],
                "A token is of the whole registry: the service accepts only *",
            ),
        ]);
    }
    statements
}

/// Unpacks the files with what the image has (a shell, base64, tar), and starts Grafana as the image
/// would, without the variable.
fn start_command() -> String {
    let folder = Place::CONTAINER.folder;
    format!(
        "mkdir -p {folder}; printf %s \"${FILES_VARIABLE}\" | base64 -d | tar -xz -C {folder}; \
         unset {FILES_VARIABLE}; exec /run.sh"
    )
}

/// What Grafana is told of a store that knows it by a password, as variables of its environment.
pub fn login(host: String, port: String, password: String) -> [(&'static str, String); 3] {
    [(STORE_HOST, host), (STORE_PORT, port), (STORE_PASSWORD, password)]
}

/// What Grafana is told wherever it runs, as variables of its environment. `folder` holds the files.
/// See [its configuration](https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/).
pub fn settings(folder: &str, model: &Model, environment: &Environment) -> BTreeMap<&'static str, String> {
    let fixed = [
        ("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
        ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
        ("GF_ANALYTICS_REPORTING_ENABLED", "false"),
        ("GF_AUTH_ANONYMOUS_ENABLED", "false"),
        ("GF_PLUGINS_PREINSTALL_AUTO_UPDATE", "false"),
        ("GF_SECURITY_DISABLE_GRAVATAR", "true"),
        ("GF_USERS_ALLOW_SIGN_UP", "false"),
    ];
    let mut settings: BTreeMap<_, _> =
        fixed.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    settings.insert("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", format!("{folder}/{}", home_file(model)));
    if environment.store.postgres().is_none() {
        settings.insert("GF_PLUGINS_PREINSTALL_SYNC", PLUGIN.to_owned());
    }
    settings.insert("GF_PATHS_PROVISIONING", format!("{folder}/{PROVISIONING}"));
    settings
}
