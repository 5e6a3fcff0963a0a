//! What CloudFormation has of the stacks of a plan: read only, all stacks at once.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Stack, TemplateStage};
use futures::future::try_join_all;
use stacks::bootstrap;
use stacks::tags::ENVIRONMENT_TAG;

use super::pace::Pace;
use super::patience::patiently;
use super::plan::Current;
use super::status::{Condition, condition, says_not_there};
use session::sdk_error::sentence;
use session::{Exit, Explain};

/// Why it is not known what is there, or why it is not to be touched.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// CloudFormation did not say.
    #[error("CloudFormation does not describe stack `{stack_name}`: {cause}")]
    Silent {
        /// The stack.
        stack_name: String,
        /// What the SDK said.
        cause: String,
    },
    /// Somebody else made a stack of this name.
    #[error("stack `{stack_name}` was made by somebody else: it lacks the tag of ours")]
    Stranger {
        /// The stack.
        stack_name: String,
    },
}

impl Explain for StateError {
    fn exit(&self) -> Exit {
        match self {
            Self::Silent { .. } => Exit::Unexpected,
            Self::Stranger { .. } => Exit::NoEnvironment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Silent { .. } => None,
            Self::Stranger { .. } => Some(
                "it is left as it is; give the environment another name, or delete that stack".to_owned(),
            ),
        }
    }
}

/// The stacks that exist, by name in the table of stacks. `names` pairs it with the name in CloudFormation.
pub async fn read(
    client: &Client,
    names: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, Current>, StateError> {
    let stacks = names.into_iter().map(|(name, stack_name)| async move {
        let (described, template) =
            tokio::join!(describe(client, &stack_name), template(client, &stack_name));
        let Some(stack) = described? else { return Ok(None) };
        if !is_ours(&stack, &name, &stack_name) {
            return Err(StateError::Stranger { stack_name });
        }
        let template = match template? {
            Some(template) => template,
            // What was never created has none.
            None if condition(status(&stack)) == Condition::Phantom => String::new(),
            // It has gone between the two answers.
            None => return Ok(None),
        };
        Ok(Some((name, Current { template, ..current(&stack) })))
    });
    Ok(try_join_all(stacks).await?.into_iter().flatten().collect())
}

/// Whether the tag of the stack names the environment that its name does, or says that it is of the bootstrap,
/// whose stacks go by their whole names. A stack that was never created has no resources, and need not have
/// tags.
fn is_ours(stack: &Stack, name: &str, stack_name: &str) -> bool {
    let tags = tags(stack);
    if tags.contains_key(bootstrap::TAG) {
        return name == stack_name;
    }
    let tagged = tags.get(ENVIRONMENT_TAG);
    tagged.map_or_else(
        || condition(status(stack)) == Condition::Phantom,
        |environment| format!("sluice-{environment}-{name}") == stack_name,
    )
}

/// One stack, by name or ARN, when it exists.
pub async fn describe(client: &Client, stack: &str) -> Result<Option<Stack>, StateError> {
    match client.describe_stacks().stack_name(stack).send().await {
        Ok(described) => Ok(described
            .stacks
            .unwrap_or_default()
            .into_iter()
            .next()
            .filter(|stack| condition(status(stack)) != Condition::Absent)),
        Err(error) => {
            let cause = sentence(&error);
            if says_not_there(&cause) {
                return Ok(None);
            }
            Err(StateError::Silent { stack_name: stack.to_owned(), cause })
        }
    }
}

/// The outputs of a stack that is as it should be: asked for as long as the trouble passes. What the SDK said,
/// when CloudFormation refuses.
pub async fn settled_outputs(
    client: &Client,
    stack: &str,
    pace: Pace,
) -> Result<BTreeMap<String, String>, String> {
    let described = patiently(pace, || client.describe_stacks().stack_name(stack).send()).await;
    let described = described.map_err(|error| sentence(&error))?;
    Ok(described.stacks().first().map(outputs).unwrap_or_default())
}

async fn template(client: &Client, stack: &str) -> Result<Option<String>, StateError> {
    match client.get_template().stack_name(stack).template_stage(TemplateStage::Original).send().await {
        Ok(answer) => Ok(Some(answer.template_body.unwrap_or_default())),
        Err(error) => {
            let cause = sentence(&error);
            if says_not_there(&cause) {
                return Ok(None);
            }
            Err(StateError::Silent { stack_name: stack.to_owned(), cause })
        }
    }
}

/// The status of a stack, as CloudFormation spells it.
pub fn status(stack: &Stack) -> &str {
    stack.stack_status().map_or("", |status| status.as_str())
}

/// Whether CloudFormation refuses to delete a stack, because of its
/// [termination protection](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html).
pub fn is_protected(stack: &Stack) -> bool {
    stack.enable_termination_protection() == Some(true)
}

/// The outputs of a stack.
pub fn outputs(stack: &Stack) -> BTreeMap<String, String> {
    let pair = |output: &aws_sdk_cloudformation::types::Output| {
        Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
    };
    stack.outputs().iter().filter_map(pair).collect()
}

/// The tags of a stack.
pub fn tags(stack: &Stack) -> BTreeMap<String, String> {
    stack.tags().iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()))).collect()
}

fn current(stack: &Stack) -> Current {
    let parameter = |parameter: &aws_sdk_cloudformation::types::Parameter| {
        Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value()?.to_owned()))
    };
    Current {
        stack_id: stack.stack_id().unwrap_or_default().to_owned(),
        status: status(stack).to_owned(),
        template: String::new(),
        parameters: stack.parameters().iter().filter_map(parameter).collect(),
        outputs: outputs(stack),
        tags: tags(stack),
        updated: stack.last_updated_time().or(stack.creation_time()).map(ToString::to_string),
    }
}
