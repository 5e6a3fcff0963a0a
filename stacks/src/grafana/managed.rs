//! An Amazon Managed Grafana workspace. People sign in through IAM Identity Center; dashboards are
//! imported by hand, because a workspace takes no files.

use serde_json::json;

use super::read_store;
use crate::cfn::{Expression, LogicalId, Resource, Template, Trust, role};
use crate::environment::Environment;

pub(super) fn add(template: &mut Template, environment: &Environment) {
    let statements = read_store(template, environment);
    let trust = Trust::service("grafana.amazonaws.com")
        .when(json!({"StringEquals": {"aws:SourceAccount": Expression::ACCOUNT}}));
    let role = template.add(
        LogicalId::new("WorkspaceRole"),
        role("Reads the store for the dashboards", &trust, &statements),
    );
    let workspace = template.add(
        LogicalId::new("Workspace"),
        Resource::new(
            "AWS::Grafana::Workspace",
            json!({
                "Name": environment.stack_name("grafana"),
                "Description": "Dashboards of the pipeline",
                "AccountAccessType": "CURRENT_ACCOUNT",
                "AuthenticationProviders": ["AWS_SSO"],
                "PermissionType": "CUSTOMER_MANAGED",
                "RoleArn": role.attribute("Arn"),
                "DataSources": ["TIMESTREAM"],
                // The Timestream data source is a plugin.
                "PluginAdminEnabled": true,
            }),
        ),
    );
    template.output(
        "GrafanaUrl",
        "Where Grafana is",
        Expression::joined(["https://".into(), workspace.attribute("Endpoint"), "/".into()]),
    );
}
