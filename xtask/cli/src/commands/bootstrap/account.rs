//! Prepares one account in one Region: its own stack, then one for each environment, with the engine that
//! deploys environments too.

use std::collections::BTreeMap;

use aws_sdk_iam::Client;
use serde_json::Value;
use stacks::bootstrap::github::Repository;
use stacks::bootstrap::permissions::PermissionsError;
use stacks::bootstrap::trust::{AUDIENCE, ISSUER};
use stacks::bootstrap::{self, GITHUB_IDS, GITHUB_REPOSITORY, PROVIDER, Provider};
use stacks::environment::{ACCOUNT_STACK, Environment, Target};
use stacks::{STACKS, Stack, synthesize};

use super::candidates::Candidate;
use crate::Global;
use crate::commands::deploy::interrupted;
use crate::pages::deploy::PlanDocument;
use crate::question::Question;
use crate::report::{Report, text};
use engine::consent::{Consent, Declined, Doing, Guard, Said};
use engine::deploy::engine::Engine;
use engine::deploy::execute::{self, Outcomes};
use engine::deploy::plan::{Current, Desired, DesiredStack, Plan};
use engine::deploy::storage::Storage;
use engine::deploy::{self, Settling, state};
use session::sdk_error::sentence;
use session::{Exit, Explain, Failure, Project, Session};

/// Why an account cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Nobody knows what the roles need.
    #[error("no permissions can be derived for environment `{environment}`: {cause}")]
    Permissions {
        /// The environment.
        environment: String,
        /// What is not known.
        cause: PermissionsError,
    },
    /// What is deployed cannot be removed with what the roles would have.
    #[error(
        "environment `{environment}` has deployed what is in no template any more, and the permissions to remove \
         it cannot be derived: {kinds}: {cause}"
    )]
    Deployed {
        /// The environment.
        environment: String,
        /// The stacks and their types.
        kinds: String,
        /// What is not known, or too much.
        cause: PermissionsError,
    },
    /// IAM does not say which providers there are.
    #[error("IAM does not say whom the account trusts: {0}")]
    Provider(String),
    /// The provider that is there takes tokens for others only.
    #[error("the account's provider {arn} takes no tokens that are made for {AUDIENCE}")]
    Audience {
        /// The provider.
        arn: String,
    },
}

impl Explain for PrepareError {
    fn exit(&self) -> Exit {
        match self {
            Self::Permissions { .. } | Self::Deployed { .. } | Self::Provider(_) => Exit::Unexpected,
            Self::Audience { .. } => Exit::Configuration,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Permissions { .. } => {
                Some("stacks/src/bootstrap/permissions says what a type needs: add it there".to_owned())
            }
            Self::Deployed { environment, .. } => Some(format!(
                "deploy `{environment}`, or destroy these stacks, with an administrator's credentials; then \
                 bootstrap again"
            )),
            Self::Provider(_) => Some(
                "the credentials need `iam:ListOpenIDConnectProviders` and `iam:GetOpenIDConnectProvider`"
                    .to_owned(),
            ),
            Self::Audience { arn } => Some(format!(
                "`aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} \
                 --client-id {AUDIENCE}` adds it; nobody loses anything by it"
            )),
        }
    }
}

/// An account that was prepared, or of which some stack failed.
#[derive(Debug)]
pub struct Prepared {
    /// What was to be done.
    pub plan: Plan,
    /// What came of it.
    pub outcomes: Outcomes,
    /// Who made the provider.
    pub provider: Provider,
    /// The environments, with the repository that each trusts.
    pub environments: Vec<(Environment, Option<Repository>)>,
}

/// Prepares the account and Region that these environments share.
pub async fn prepare(
    project: &Project,
    candidates: &[Candidate],
    repository: Option<&Repository>,
    global: &Global,
    report: &Report,
) -> Result<Prepared, Failure> {
    let session = connect(project, candidates, global, report).await?;
    let current = read(&session, candidates).await?;

    let trusted: Vec<Option<Repository>> = candidates
        .iter()
        .map(|candidate| trusted(repository, current.get(&candidate.environment.bootstrap_stack())))
        .collect();
    let account = current.get(ACCOUNT_STACK);
    let provider = if trusted.iter().any(Option::is_some) || has_provider(account) {
        provider(&session, account).await?
    } else {
        Provider::Absent
    };
    let local = session.environment.target == Target::Local;
    if local && provider == Provider::Made && !has_provider(account) {
        report.note("the emulator knows no AWS::IAM::OIDCProvider: it is left out here, and made on AWS");
    }

    let mut stacks = vec![bootstrap::account(&session.environment, provider)];
    for (candidate, repository) in candidates.iter().zip(&trusted) {
        let deployed = deployed(&session, candidate).await?;
        stacks.push(environment(candidate, repository.as_ref(), &deployed, report)?);
    }
    let desired = desired(&session.environment, &stacks);

    let consent = Consent::default();
    let mut engine = Engine::new(&session, &consent, report);
    engine.storage = Storage {
        account_bucket: Some(session.environment.account_bucket()),
        templates: "bootstrap/templates".to_owned(),
    };
    let plan = deploy::plan::make(&desired, &current).map_err(deploy::DeployError::from)?;
    let plan = deploy::settled_plan(&engine, &desired, plan, Settling::Waits).await?;
    consent.require(&plan)?;
    confirm(&plan, &session.environment, global, report)?;
    let outcomes = execute::execute(&engine, &plan, interrupted()).await;
    let environments =
        candidates.iter().map(|candidate| candidate.environment.clone()).zip(trusted).collect();
    Ok(Prepared { plan, outcomes, provider, environments })
}

async fn connect(
    project: &Project,
    candidates: &[Candidate],
    global: &Global,
    report: &Report,
) -> Result<Session, Failure> {
    // Each of one place will do, and there is at least one.
    let Some(Candidate { model, environment }) = candidates.first() else {
        return Err(anyhow::anyhow!("a place without environments").into());
    };
    let endpoints = match (environment.target, local_target::running(&global.location(project))) {
        (Target::Aws, _) => None,
        (Target::Local, Some(running)) => Some(running),
        (Target::Local, None) => {
            Some(local_target::start(project, &global.location(project), environment, report).await?)
        }
    };
    Session::open(model.clone(), environment.clone(), endpoints).await
}

/// The stacks of an environment as they are deployed. Those of instances come and go, and of the local target
/// nobody asks for permissions: of both, none.
async fn deployed(session: &Session, candidate: &Candidate) -> Result<Vec<Stack>, Failure> {
    let environment = &candidate.environment;
    if environment.target == Target::Local || environment.name != environment.file_name() {
        return Ok(Vec::new());
    }
    as_deployed(session, environment).await
}

async fn as_deployed(session: &Session, environment: &Environment) -> Result<Vec<Stack>, Failure> {
    let names = STACKS.iter().map(|stack| (stack.name.to_owned(), environment.stack_name(stack.name)));
    let current = state::read(&session.cloudformation(), names).await?;
    let stacks = current.iter().filter_map(|(name, current)| {
        bootstrap::deployed(environment, name, &current.template, &current.parameters)
    });
    Ok(stacks.collect())
}

/// The stack that prepares an environment. What is deployed and in no template any more can still be removed:
/// a deployment that changes the consumer's kind needs the permissions of both.
fn environment(
    candidate: &Candidate,
    repository: Option<&Repository>,
    deployed: &[Stack],
    report: &Report,
) -> Result<Stack, PrepareError> {
    let inputs = candidate.inputs();
    let name = || candidate.environment.name.clone();
    let alone = bootstrap::environment(&inputs, repository);
    let alone = alone.map_err(|cause| PrepareError::Permissions { environment: name(), cause })?;
    let gone = bootstrap::gone(deployed, &synthesize(&inputs));
    if gone.is_empty() {
        return Ok(alone);
    }
    let kinds = gone.iter().map(|(stack, kinds)| format!("{stack} ({})", kinds.join(", ")));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let kept = bootstrap::environment_keeping(&inputs, repository, deployed);
    let kept =
        kept.map_err(|cause| PrepareError::Deployed { environment: name(), kinds: kinds.clone(), cause })?;
    report.note(format_args!(
        "{} keeps the permissions to remove what is deployed and in no template any more: {kinds}; bootstrap \
         again after the next deployment to take them away",
        name()
    ));
    Ok(kept)
}

async fn read(session: &Session, candidates: &[Candidate]) -> Result<BTreeMap<String, Current>, Failure> {
    let names = candidates.iter().map(|candidate| candidate.environment.bootstrap_stack());
    let names = std::iter::once(ACCOUNT_STACK.to_owned()).chain(names).map(|name| (name.clone(), name));
    Ok(state::read(&session.cloudformation(), names).await?)
}

/// The repository that an environment trusts: the one that is asked for, or that of the last time. Numbers
/// that are known stay known.
fn trusted(asked: Option<&Repository>, current: Option<&Current>) -> Option<Repository> {
    let output = |name: &str| current.and_then(|current| current.outputs.get(name));
    let before = output(GITHUB_REPOSITORY).and_then(|name| name.parse::<Repository>().ok());
    let before =
        before.map(|repository| repository.with_ids(output(GITHUB_IDS).and_then(|ids| ids.parse().ok())));
    let Some(asked) = asked else { return before };
    let known =
        before.filter(|before| before.to_string() == asked.to_string()).and_then(|before| before.ids());
    Some(asked.clone().with_ids(asked.ids().or(known)))
}

fn has_provider(account: Option<&Current>) -> bool {
    account.is_some_and(|account| account.outputs.contains_key("GitHubProviderArn"))
}

/// Who made the account's provider, or is to make it.
async fn provider(session: &Session, account: Option<&Current>) -> Result<Provider, PrepareError> {
    let template: Option<Value> = account.and_then(|account| serde_json::from_str(&account.template).ok());
    if template.is_some_and(|template| template["Resources"][PROVIDER.as_str()].is_object()) {
        return Ok(Provider::Made);
    }
    let client = session.iam();
    let Some(arn) = find(&client).await? else { return Ok(Provider::Made) };
    let found = client.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await;
    let found = found.map_err(|error| PrepareError::Provider(sentence(&error)))?;
    if found.client_id_list().iter().any(|id| id == AUDIENCE) {
        Ok(Provider::Found)
    } else {
        Err(PrepareError::Audience { arn })
    }
}

async fn find(client: &Client) -> Result<Option<String>, PrepareError> {
    let listed = client.list_open_id_connect_providers().send().await;
    let listed = listed.map_err(|error| PrepareError::Provider(sentence(&error)))?;
    let ours = format!(":oidc-provider/{ISSUER}");
    let arns = listed.open_id_connect_provider_list().iter().filter_map(|provider| provider.arn());
    Ok(arns.into_iter().find(|arn| arn.ends_with(&ours)).map(str::to_owned))
}

/// The stacks under their whole names, which no environment has.
fn desired(environment: &Environment, stacks: &[Stack]) -> Desired {
    let stack = |stack: &Stack| DesiredStack {
        name: stack.stack_name.clone(),
        stack_name: stack.stack_name.clone(),
        depends_on: stack.depends_on.iter().map(|_| ACCOUNT_STACK.to_owned()).collect(),
        template: stack.template.to_json(),
        parameters: BTreeMap::new(),
        tags: stack.tags.clone(),
        archives: Vec::new(),
    };
    Desired {
        environment: "bootstrap".to_owned(),
        region: environment.region.clone(),
        account: environment.account.clone(),
        stacks: stacks.iter().map(stack).collect(),
    }
}

/// Asks before AWS is changed. This machine is changed without asking.
fn confirm(plan: &Plan, environment: &Environment, global: &Global, report: &Report) -> Result<(), Declined> {
    let question = Question {
        doing: Doing::Prepare,
        guard: if plan.is_empty() { Guard::Nothing } else { Guard::of(environment.target, false) },
        environment: &environment.name,
        asked: &format!("Prepare account {} in {}?", environment.account, environment.region),
        typed: "",
    };
    let said = Said { confirm: None, yes: global.yes };
    question.settle(said, || text(&PlanDocument::of(plan)), report).map(|_| ())
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::Tag;
    use stacks::Inputs;
    use stacks::tags::ENVIRONMENT_TAG;

    use super::*;
    use test_service::Service;

    #[test]
    fn what_was_trusted_stays_trusted() {
        let asked = |text: &str| text.parse::<Repository>().expect("a repository");
        let before = |repository: &str, ids: &str| Current {
            outputs: BTreeMap::from([
                (GITHUB_REPOSITORY.to_owned(), repository.to_owned()),
                (GITHUB_IDS.to_owned(), ids.to_owned()),
            ]),
            ..Current::default()
        };
        let numbered = asked("a/c").with_ids(Some("7/8".parse().expect("numbers")));
        for (asked, current, expected) in [
            (None, None, None),
            (None, Some(before("a/b", "1/2")), Some("a/b 1/2")),
            (None, Some(before("a/b", "")), Some("a/b -")),
            (None, Some(before("", "")), None),
            (Some(asked("a/b")), None, Some("a/b -")),
            // Numbers of the same repository are kept, and those of another are not taken.
            (Some(asked("a/b")), Some(before("a/b", "1/2")), Some("a/b 1/2")),
            (Some(asked("a/c")), Some(before("a/b", "1/2")), Some("a/c -")),
            (Some(numbered), Some(before("a/c", "1/2")), Some("a/c 7/8")),
        ] {
            let found = trusted(asked.as_ref(), current.as_ref());
            let found = found.map(|found| {
                format!("{found} {}", found.ids().map_or("-".to_owned(), |ids| ids.to_string()))
            });
            assert_eq!(found.as_deref(), expected);
        }
    }

    #[tokio::test]
    async fn what_is_deployed_and_in_no_template_stays_removable() {
        let service = Service::emulator();
        let session = service.session().await;
        let environment = &session.environment;
        let template = r#"{"Resources": {"Old": {"Type": "AWS::SQS::Queue"}}}"#;
        let tag = Tag::builder().key(ENVIRONMENT_TAG).value(&environment.name).build();
        let created = session.cloudformation().create_stack().stack_name(environment.stack_name("store"));
        created.template_body(template).tags(tag).send().await.expect("a stack");

        let found = as_deployed(&session, environment).await;
        let found = found.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let names: Vec<&str> = found.iter().map(|stack| stack.name).collect();
        assert_eq!(names, ["store"]);
        let wanted = synthesize(&Inputs { model: &session.model, environment });
        let gone = bootstrap::gone(&found, &wanted);
        assert_eq!(gone, BTreeMap::from([("sluice-local-store", vec!["AWS::SQS::Queue"])]));
    }

    #[tokio::test]
    async fn a_provider_that_is_there_is_found_and_must_take_our_tokens() {
        let service = Service::emulator();
        let session = service.session().await;
        assert_eq!(provider(&session, None).await.expect("none yet"), Provider::Made);

        let client = session.iam();
        let created = client.create_open_id_connect_provider().url(format!("https://{ISSUER}"));
        let created = created.client_id_list("https://github.com/octo-org").send().await.expect("a provider");
        let arn = created.open_id_connect_provider_arn().expect("an ARN").to_owned();
        let error = provider(&session, None).await.expect_err("it is for others");
        assert!(error.to_string().contains("takes no tokens that are made for sts.amazonaws.com"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains(&arn)), "{:?}", error.hint());

        client
            .delete_open_id_connect_provider()
            .open_id_connect_provider_arn(arn)
            .send()
            .await
            .expect("gone");
        let created = client.create_open_id_connect_provider().url(format!("https://{ISSUER}"));
        created.client_id_list(AUDIENCE).send().await.expect("a provider");
        assert_eq!(provider(&session, None).await.expect("it is there"), Provider::Found);

        // That of our own stack is our own.
        let template = r#"{"Resources": {"GitHubProvider": {"Type": "AWS::IAM::OIDCProvider"}}}"#;
        let ours = Current { template: template.to_owned(), ..Current::default() };
        assert_eq!(provider(&session, Some(&ours)).await.expect("ours"), Provider::Made);
    }
}
