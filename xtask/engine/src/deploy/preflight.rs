//! What can be found out before anything is changed. Read only.

use aws_sdk_timestreamwrite::operation::describe_database::DescribeDatabaseError;
use serde_json::Value;
use stacks::Stack;
use stacks::environment::ACCOUNT_STACK;

use super::causes::OTHER_STORE;
use super::difference::{Fixed, fixed};
use super::plan::Current;
use super::replacement::stands_for;
use super::state::{self, StateError};
use super::status::{Condition, condition, says_timestream_closed};
use crate::twin::{TwinError, Workspace};
use session::sdk_error::sentence;
use session::{Exit, Explain, Session};

/// Why a deployment would fail later.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// AWS has closed the service to accounts that did not use it.
    #[error(
        "Timestream for LiveAnalytics is not open to account {account}: since 2025-06-20 AWS takes no new customers for it"
    )]
    TimestreamClosed {
        /// The account.
        account: String,
    },
    /// The credentials do not allow the question.
    #[error("Timestream does not answer: {0}")]
    Timestream(String),
    /// The database is there, and no stack has it.
    #[error(
        "Timestream database `{database}` exists already, so stack `{stack_name}` cannot create it: \
         a destroyed environment that retains its data leaves it behind"
    )]
    DatabaseExists {
        /// The database.
        database: String,
        /// The stack.
        stack_name: String,
        /// The environment.
        environment: String,
    },
    /// TwinMaker does not answer.
    #[error("TwinMaker does not answer: {0}")]
    TwinMaker(String),
    /// The workspace is there, and no stack has it.
    #[error("TwinMaker workspace `{workspace}` exists already, so stack `{stack_name}` cannot create it")]
    WorkspaceExists {
        /// The workspace.
        workspace: String,
        /// The stack.
        stack_name: String,
    },
    /// A property would change that cannot.
    #[error(
        "`{property}` of {stack}.{logical_id} ({kind}) would change, and the service takes no other value as long as it is there",
        property = .change.property, logical_id = .change.logical_id, kind = .change.kind
    )]
    Fixed {
        /// The stack, by its name in the table of stacks.
        stack: &'static str,
        /// The change.
        change: Fixed,
    },
    /// What the environment shares with others of its account is not there.
    #[error(
        "account {account} is not bootstrapped for environment `{environment}`: there is no stack `{stack_name}`"
    )]
    NotBootstrapped {
        /// The account.
        account: String,
        /// The environment.
        environment: String,
        /// What `--env` of `bootstrap` has to name.
        file: String,
        /// The first stack that is not there.
        stack_name: String,
    },
    /// CloudFormation did not say what is deployed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Explain for PreflightError {
    fn exit(&self) -> Exit {
        match self {
            Self::Fixed { .. } => Exit::Configuration,
            Self::NotBootstrapped { .. } => Exit::NoEnvironment,
            Self::TimestreamClosed { .. }
            | Self::Timestream(_)
            | Self::DatabaseExists { .. }
            | Self::TwinMaker(_)
            | Self::WorkspaceExists { .. }
            | Self::State(_) => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TimestreamClosed { .. } => Some(OTHER_STORE.to_owned()),
            Self::Timestream(_) => Some(
                "the credentials need `timestream:DescribeEndpoints` and `timestream:DescribeDatabase`"
                    .to_owned(),
            ),
            Self::DatabaseExists { database, environment, .. } => Some(format!(
                "a stack does not take over what is there: delete `{database}` and its tables when nobody needs \
                 their data any more, or deploy under another name, from a copy of environments/{}.toml",
                stacks::environment::name::split(environment).0
            )),
            Self::TwinMaker(_) => Some(
                "the credentials need `iottwinmaker:GetWorkspace`; `[twin] enabled = false` does without it"
                    .to_owned(),
            ),
            Self::WorkspaceExists { workspace, .. } => Some(format!(
                "a stack does not take over what is there: delete `{workspace}` with its entities and component \
                 types when nobody needs it, or write `enabled = false` under [twin]"
            )),
            Self::Fixed { change: Fixed { property: "Schema", .. }, .. } => Some(
                "a table is partitioned by the device dimension that it was made with: put the device's \
                 `dimension` in telemetry.toml back, or deploy a new environment, which has a new table"
                    .to_owned(),
            ),
            Self::Fixed { .. } => {
                Some("put it back, or deploy a new environment, which has a new one".to_owned())
            }
            Self::NotBootstrapped { file, .. } => Some(format!(
                "not bootstrapped: run `cargo xtask bootstrap --env {file}`, or write `bootstrap = false` in \
                 environments/{file}.toml to deploy with a bucket of its own and without a boundary"
            )),
            Self::State(error) => error.hint(),
        }
    }
}

/// Makes sure that Timestream will take what these stacks have of it: that the account may use the
/// service, that a database to be created is not there, and that nothing changes which is fixed.
///
/// The local endpoint is open, and a database there goes with its target. Nothing is asked where no stack has
/// Timestream.
pub async fn timestream(session: &Session, stacks: &[Stack]) -> Result<(), PreflightError> {
    let stores: Vec<&Stack> = stacks.iter().filter(|stack| uses_timestream(stack)).collect();
    if stores.is_empty() {
        return Ok(());
    }
    let on_aws = session.endpoints.is_none();
    if on_aws {
        open(session).await?;
    }
    let names = stores.iter().map(|stack| (stack.name.to_owned(), stack.stack_name.clone()));
    let current = state::read(&session.cloudformation(), names).await?;
    for stack in stores {
        let deployed = current.get(stack.name);
        if on_aws && is_new(deployed) {
            let client = session.timestream_write().await;
            let client = client.map_err(|failure| PreflightError::Timestream(failure.error.to_string()))?;
            for database in databases(stack) {
                absent(&client, database, stack, &session.environment.name).await?;
            }
        }
        unchanged(stack, deployed)?;
    }
    Ok(())
}

/// Makes sure that the stacks of `bootstrap` are there, where the environment counts on them.
pub async fn bootstrapped(session: &Session) -> Result<(), PreflightError> {
    let environment = &session.environment;
    if !environment.bootstrap {
        return Ok(());
    }
    let client = session.cloudformation();
    for stack_name in [ACCOUNT_STACK.to_owned(), environment.bootstrap_stack()] {
        let stack = state::describe(&client, &stack_name).await?;
        let there = stack.is_some_and(|stack| {
            matches!(condition(state::status(&stack)), Condition::Ready | Condition::Busy)
        });
        if !there {
            return Err(PreflightError::NotBootstrapped {
                account: environment.account.clone(),
                environment: environment.name.clone(),
                file: environment.file_name().to_owned(),
                stack_name,
            });
        }
    }
    Ok(())
}

/// Makes sure that TwinMaker answers, and that a workspace to be created is not there. The workspace of the
/// local endpoint goes with its target.
pub async fn twinmaker(session: &Session, stacks: &[Stack]) -> Result<(), PreflightError> {
    let Some(stack) = stacks.iter().find(|stack| has(stack, "AWS::IoTTwinMaker::Workspace")) else {
        return Ok(());
    };
    if session.endpoints.is_some() {
        return Ok(());
    }
    let names = [(stack.name.to_owned(), stack.stack_name.clone())].into_iter();
    let current = state::read(&session.cloudformation(), names).await?;
    let workspace = Workspace::named(session);
    match workspace.exists().await {
        Ok(true) if is_new(current.get(stack.name)) => Err(PreflightError::WorkspaceExists {
            workspace: workspace.id,
            stack_name: stack.stack_name.clone(),
        }),
        Ok(_) => Ok(()),
        Err(TwinError::Service { cause, .. }) => Err(PreflightError::TwinMaker(cause)),
        Err(other) => Err(PreflightError::TwinMaker(other.to_string())),
    }
}

fn uses_timestream(stack: &Stack) -> bool {
    has(stack, "AWS::Timestream::")
}

/// Whether a stack has a resource of a type that begins so, or one that stands in for it.
fn has(stack: &Stack, kind: &str) -> bool {
    let mut kinds = stack.template.resources().values().map(stacks::cfn::Resource::kind);
    kinds.any(|found| stands_for(found).starts_with(kind))
}

/// Makes sure that the account may use the service.
async fn open(session: &Session) -> Result<(), PreflightError> {
    match session.timestream_directory().describe_endpoints().send().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let cause = sentence(&error);
            if says_timestream_closed(&cause) {
                return Err(PreflightError::TimestreamClosed {
                    account: session.environment.account.clone(),
                });
            }
            Err(PreflightError::Timestream(cause))
        }
    }
}

/// Whether nothing of the stack was ever created. What is left of a creation that failed is its own.
fn is_new(deployed: Option<&Current>) -> bool {
    deployed
        .is_none_or(|current| matches!(condition(&current.status), Condition::Absent | Condition::Phantom))
}

/// Names of the databases that a stack creates.
fn databases(stack: &Stack) -> impl Iterator<Item = &str> {
    let databases =
        stack.template.resources().values().filter(|resource| resource.kind() == "AWS::Timestream::Database");
    databases.filter_map(|database| database.property("DatabaseName").as_str())
}

/// Makes sure that there is no such database.
async fn absent(
    client: &aws_sdk_timestreamwrite::Client,
    database: &str,
    stack: &Stack,
    environment: &str,
) -> Result<(), PreflightError> {
    match client.describe_database().database_name(database).send().await {
        Ok(_) => Err(PreflightError::DatabaseExists {
            database: database.to_owned(),
            stack_name: stack.stack_name.clone(),
            environment: environment.to_owned(),
        }),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeDatabaseError::is_resource_not_found_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(PreflightError::Timestream(sentence(&error))),
    }
}

/// Makes sure that nothing changes that is fixed with what is deployed.
fn unchanged(stack: &Stack, deployed: Option<&Current>) -> Result<(), PreflightError> {
    // Of a creation that failed, nothing stays.
    let deployed = deployed
        .filter(|current| !is_new(Some(current)) && condition(&current.status) != Condition::NeverSucceeded);
    let Some(deployed) = deployed else { return Ok(()) };
    // A template that is not JSON was made by other means, and is compared by CloudFormation alone.
    let old: Value = serde_json::from_str(&deployed.template).unwrap_or_default();
    let new: Value = serde_json::from_str(&stack.template.to_json()).unwrap_or_default();
    match fixed(&old, &new).into_iter().next() {
        Some(change) => Err(PreflightError::Fixed { stack: stack.name, change }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use stacks::Inputs;

    use super::*;
    use session::Project;
    use test_service::Service;

    /// The store of an environment, for a device of this name.
    fn store(environment: &str, dimension: &str) -> Stack {
        let loaded = Project::locate().load_named(environment, &[]);
        let (mut model, environment) = loaded.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        dimension.clone_into(&mut model.kinds[0].device.dimension);
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        stacks.into_iter().find(uses_timestream).expect("a stack with a table")
    }

    #[test]
    fn the_device_dimension_of_a_table_is_fixed() {
        let table = [
            ("UPDATE_COMPLETE", "DeviceID", false),
            ("UPDATE_COMPLETE", "device_id", true),
            ("UPDATE_IN_PROGRESS", "device_id", true),
            ("ROLLBACK_COMPLETE", "device_id", false),
            ("REVIEW_IN_PROGRESS", "device_id", false),
        ];
        for environment in ["local", "dev", "prod"] {
            let template = store(environment, "DeviceID").template.to_json();
            for (status, dimension, refused) in table {
                let deployed =
                    Current { status: status.to_owned(), template: template.clone(), ..Current::default() };
                let error = unchanged(&store(environment, dimension), Some(&deployed)).err();
                assert_eq!(error.is_some(), refused, "{environment} {status} {dimension}");
                if let Some(error) = error {
                    assert!(error.to_string().starts_with("`Schema` of store.Table ("), "{error}");
                    assert!(error.hint().is_some_and(|hint| hint.contains("device dimension")));
                }
            }
            assert!(unchanged(&store(environment, "device_id"), None).is_ok(), "{environment}");
        }
    }

    /// The service is gone, so that every question would fail.
    #[tokio::test]
    async fn nothing_of_timestream_is_asked_for_postgres() {
        let set = [("store.kind".to_owned(), "postgres".to_owned())];
        let loaded = Project::locate().load_named("dev", &set);
        let (model, environment) = loaded.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        assert!(!stacks.iter().any(uses_timestream));
        let service = Service::moto();
        let session = service.session().await;
        drop(service);
        timestream(&session, &stacks).await.expect("nothing is asked");
    }

    #[test]
    fn a_closed_account_is_told_of_the_other_store() {
        let error = PreflightError::TimestreamClosed { account: "111122223333".to_owned() };
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("`--set store.kind=postgres`"), "{hint}");
    }

    #[test]
    fn a_database_is_asked_for_when_its_stack_is_new() {
        let table = [
            (None, true),
            (Some("REVIEW_IN_PROGRESS"), true),
            (Some("DELETE_COMPLETE"), true),
            (Some("ROLLBACK_FAILED"), false),
            (Some("CREATE_COMPLETE"), false),
            (Some("CREATE_IN_PROGRESS"), false),
        ];
        for (status, expected) in table {
            let current = status.map(|status| Current { status: status.to_owned(), ..Current::default() });
            assert_eq!(is_new(current.as_ref()), expected, "{status:?}");
        }
    }

    #[tokio::test]
    async fn a_database_that_was_left_behind_stops_the_deployment() {
        let service = Service::moto();
        let session = service.session().await;
        let client = session.timestream_write().await.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let prod = store("prod", "DeviceID");
        assert_eq!(databases(&prod).collect::<Vec<_>>(), ["sluice_prod"]);

        absent(&client, "sluice_prod", &prod, "prod").await.expect("nothing is there");
        client.create_database().database_name("sluice_prod").send().await.expect("a database");
        let error = absent(&client, "sluice_prod", &prod, "prod").await.expect_err("it is there");
        assert!(matches!(error, PreflightError::DatabaseExists { .. }), "{error}");
        assert!(error.to_string().contains("`sluice_prod` exists already"), "{error}");
    }
}
