//! An Amazon Managed Grafana workspace. People sign in through IAM Identity Center; dashboards are
//! imported by hand, because a workspace takes no files.

use serde_json::{Value, json};

use super::network::SUBNETS;
use super::read_store;
use crate::cfn::{Expression, LogicalId, Resource, Template, Trust, role};
use crate::environment::Environment;
use crate::network;
use crate::store;

pub(super) fn add(template: &mut Template, environment: &Environment) {
    let statements = read_store(template, environment);
    let trust = Trust::service("grafana.amazonaws.com")
        .when(json!({"StringEquals": {"aws:SourceAccount": Expression::ACCOUNT}}));
    let role = template.add(
        LogicalId::new("WorkspaceRole"),
        role("Reads the store for the dashboards", &trust, &statements),
    );
    let mut properties = json!({
        "Name": environment.stack_name("grafana"),
        "Description": "Dashboards of the pipeline",
        "AccountAccessType": "CURRENT_ACCOUNT",
        "AuthenticationProviders": ["AWS_SSO"],
        "PermissionType": "CUSTOMER_MANAGED",
        "RoleArn": role.attribute("Arn"),
        "DataSources": ["TIMESTREAM"],
        // The Timestream data source is a plugin.
        "PluginAdminEnabled": true,
    });
    if environment.store.postgres().is_some() {
        // The data source of PostgreSQL is a part of Grafana.
        properties["DataSources"] = json!([]);
        properties["PluginAdminEnabled"] = json!(false);
        properties["VpcConfiguration"] = way_to_store(template, environment);
    }
    let workspace =
        template.add(LogicalId::new("Workspace"), Resource::new("AWS::Grafana::Workspace", properties));
    template.output(
        "GrafanaUrl",
        "Where Grafana is",
        Expression::joined(["https://".into(), workspace.attribute("Endpoint"), "/".into()]),
    );
}

/// The way to the store: an address in each of two subnets, which are its own, so that a store goes before it.
fn way_to_store(template: &mut Template, environment: &Environment) -> Value {
    let vpc = network::of(template);
    let subnets = network::add_subnets(template, &vpc, SUBNETS);
    let group = network::group(
        &vpc,
        &format!("Workspace of Grafana, Sluice {}", environment.name),
        &[],
        &[network::rule("store", store::PORT, ("CidrIp", json!(network::ADDRESSES)))],
    );
    let group = template.add(LogicalId::new("WorkspaceGroup"), group);
    json!({
        "SecurityGroupIds": [group.attribute("GroupId")],
        "SubnetIds": subnets.map(|subnet| subnet.reference()),
    })
}
