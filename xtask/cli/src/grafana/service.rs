//! How the container of Grafana is, asked from ECS, and where Grafana is.

use aws_sdk_ecs::types::{DesiredStatus, Task};

use engine::inventory::Inventory;
use session::Session;
use session::sdk_error::sentence;

/// The stack.
pub const STACK: &str = "grafana";

/// How the container is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Name of the service.
    pub name: String,
    /// `RUNNING`, `STARTING` or `FAILED`.
    pub state: &'static str,
    /// How many run, and why the last one that ended did.
    pub detail: String,
}

/// Where Grafana is, when its stack is there: its address, and the secret with the password of the
/// administrator. A managed workspace has no such secret.
pub fn address<'a>(session: &Session, inventory: &'a Inventory) -> Option<(&'a str, Option<&'a str>)> {
    let url = inventory.output(session, STACK, "GrafanaUrl").ok()?;
    Some((url, inventory.output(session, STACK, "AdminSecret").ok()))
}

/// Asks for the service, and when not all of its containers run, for one that ended.
pub async fn look(session: &Session, inventory: &Inventory) -> Option<Result<Look, String>> {
    let cluster = inventory.output(session, STACK, "ClusterName").ok()?;
    let service = inventory.output(session, STACK, "ServiceName").ok()?;
    let client = session.ecs();
    let answer = match client.describe_services().cluster(cluster).services(service).send().await {
        Ok(answer) => answer,
        Err(error) => return Some(Err(sentence(&error))),
    };
    let Some(described) = answer.services().first() else {
        return Some(Err(format!("there is no service {service}")));
    };
    let (running, desired) = (described.running_count(), described.desired_count());
    let rollout = described.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let rollout = rollout
        .and_then(|deployment| deployment.rollout_state())
        .map(aws_sdk_ecs::types::DeploymentRolloutState::as_str);
    let state = state(running, desired, rollout);
    let mut detail = format!("{running} of {desired} containers");
    if state != "RUNNING"
        && let Some(reason) = last_end(&client, cluster, service).await
    {
        detail = format!("{detail}; the last one ended: {reason}");
    }
    Some(Ok(Look { name: service.to_owned(), state, detail }))
}

/// The words of ECS for a rollout are `COMPLETED`, `IN_PROGRESS` and `FAILED`.
fn state(running: i32, desired: i32, rollout: Option<&str>) -> &'static str {
    match rollout {
        Some("FAILED") => "FAILED",
        // The containers that run may be those that it replaces, or not answer yet.
        Some("IN_PROGRESS") => "STARTING",
        _ if running >= desired => "RUNNING",
        _ => "FAILED",
    }
}

/// Why a container of the service ended. ECS remembers for an hour.
async fn last_end(client: &aws_sdk_ecs::Client, cluster: &str, service: &str) -> Option<String> {
    let stopped = client
        .list_tasks()
        .cluster(cluster)
        .service_name(service)
        .desired_status(DesiredStatus::Stopped)
        .send()
        .await
        .ok()?;
    let tasks = client
        .describe_tasks()
        .cluster(cluster)
        .set_tasks(Some(stopped.task_arns().to_vec()))
        .send()
        .await
        .ok()?;
    let last = tasks
        .tasks()
        .iter()
        .max_by_key(|task| task.stopped_at().map(aws_sdk_s3::primitives::DateTime::secs))?;
    Some(reason(last))
}

/// What ECS says of a task that ended, and what it says of the container in it.
fn reason(task: &Task) -> String {
    let mut parts: Vec<String> = task.stopped_reason().map(str::to_owned).into_iter().collect();
    for container in task.containers() {
        parts.extend(container.reason().map(str::to_owned));
        parts.extend(container.exit_code().map(|code| format!("exit code {code}")));
    }
    if parts.is_empty() { "ECS does not say why".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;

    use super::*;

    #[test]
    fn a_service_runs_starts_or_fails() {
        for (running, desired, rollout, expected) in [
            (1, 1, Some("COMPLETED"), "RUNNING"),
            (1, 1, Some("IN_PROGRESS"), "STARTING"),
            (0, 1, Some("IN_PROGRESS"), "STARTING"),
            (0, 1, Some("FAILED"), "FAILED"),
            (1, 1, Some("FAILED"), "FAILED"),
            (0, 1, Some("COMPLETED"), "FAILED"),
            (0, 1, Some("SOMETHING_NEW"), "FAILED"),
            (0, 1, None, "FAILED"),
            (0, 0, None, "RUNNING"),
        ] {
            assert_eq!(state(running, desired, rollout), expected, "{running}/{desired} {rollout:?}");
        }
    }

    #[test]
    fn a_task_says_why_it_ended() {
        let container = Container::builder().reason("OutOfMemoryError").exit_code(137).build();
        let task = Task::builder()
            .stopped_reason("Essential container in task exited")
            .containers(container)
            .build();
        assert_eq!(reason(&task), "Essential container in task exited, OutOfMemoryError, exit code 137");
        assert_eq!(reason(&Task::builder().build()), "ECS does not say why");
    }
}
