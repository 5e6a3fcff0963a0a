//! `grafana`: dashboards and alerts that are there when the deployment ends.
//!
//! A container on Fargate behind a load balancer, in a network without NAT: what it needs of
//! the internet (its plugin, Timestream) it reaches by a public address, and nothing but the load
//! balancer reaches it. Grafana's database is one file on EFS, which two writers would corrupt: the old
//! container ends before the new one starts. Dashboards and alerts are files, derived from the model;
//! nothing is set up by an API afterwards.
//!
//! Or, where the environment says so, an Amazon Managed Grafana workspace, which takes no files.

mod context;
mod entrance;
mod files;
mod managed;
mod network;
mod notify;
mod service;
mod sign_on;
mod source;
mod storage;
mod units;

use crate::Inputs;
use crate::cfn::{Arn, LogicalId, Statement, Template};
use crate::environment::{Environment, Grafana, GrafanaContainer};

pub use files::{File, PROVISIONING, Place, files, home_file, home_page, is_path};
pub(crate) use files::{MAX_PACKED_BYTES, packed_bytes};
pub use service::{FILES_VARIABLE, PLUGIN, login, settings};

/// The port on which Grafana listens in its container.
pub(crate) const PORT: u16 = 3_000;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: dashboards and alerts", environment.name));
    match &environment.grafana {
        // Without Grafana the stack is not enabled, so that nobody asks for it.
        Grafana::None => {}
        Grafana::Managed => managed::add(&mut template, environment),
        Grafana::Container(container) => add_container(&mut template, inputs, container),
    }
    template
}

fn add_container(template: &mut Template, inputs: &Inputs, container: &GrafanaContainer) {
    let environment = inputs.environment;
    let network = network::add(template, environment, container);
    let storage = storage::add(template, container, &network);
    let entrance = entrance::add(template, container, &network);
    let service = service::add(template, inputs, container, &network, &storage, &entrance);

    template.output("GrafanaUrl", "Where Grafana is", entrance.url);
    template.output("AdminSecret", "Secret with the name and password of the administrator", service.admin);
    template.output("ClusterName", "ECS cluster", service.cluster);
    template.output("ServiceName", "ECS service", service.name);
    template.output("GrafanaLogGroup", "Log group of the container", service.logs);
}

/// Reading this environment's table, and nothing else of Timestream. What a cluster lets it do, its role there says.
fn read_store(template: &mut Template, environment: &Environment) -> Vec<Statement> {
    if environment.store.postgres().is_some() {
        return Vec::new();
    }
    let table = Arn::parameter(&template.input("store", "TableArn"));
    let database = Arn::sub("arn:${AWS::Partition}:timestream:${AWS::Region}:${AWS::AccountId}:database/")
        .within(environment.database());
    vec![
        Statement::allow(
            &["timestream:DescribeTable", "timestream:ListMeasures", "timestream:Select"],
            [table],
        ),
        Statement::allow(&["timestream:ListTables"], [database]),
        Statement::allow_everywhere(
            // They tell names, cancel one's own queries and compute constants; no data is read with them.
            &[
                "timestream:CancelQuery",
                "timestream:DescribeEndpoints",
                "timestream:ListDatabases",
                "timestream:SelectValues",
            ],
            "These calls have no resource: the service accepts only *",
        ),
    ]
}

/// The load balancer.
pub(crate) const BALANCER: LogicalId = LogicalId::new("Balancer");
/// Where the load balancer looks for the container.
pub(crate) const TARGETS: LogicalId = LogicalId::new("Targets");
