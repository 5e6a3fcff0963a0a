//! What CloudFormation has of the stacks of a plan: read only, all stacks at once.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Stack, TemplateStage};
use futures::future::try_join_all;

use super::plan::Current;
use super::status::{Condition, condition, says_not_there};
use crate::failure::Explain;
use crate::sdk_error::sentence;

/// CloudFormation did not say what is there.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation does not describe stack `{stack_name}`: {cause}")]
pub struct StateError {
    /// The stack.
    pub stack_name: String,
    /// What the SDK said.
    pub cause: String,
}

impl Explain for StateError {}

/// The stacks that exist, by name in the table of stacks. `names` pairs it with the name in CloudFormation.
pub async fn read(
    client: &Client,
    names: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, Current>, StateError> {
    let stacks = names.into_iter().map(|(name, stack_name)| async move {
        let (described, template) =
            tokio::join!(describe(client, &stack_name), template(client, &stack_name));
        let Some(stack) = described? else { return Ok(None) };
        // A stack may have gone between the two answers.
        let Some(template) = template? else { return Ok(None) };
        Ok(Some((name, Current { template, ..current(&stack) })))
    });
    Ok(try_join_all(stacks).await?.into_iter().flatten().collect())
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
            Err(StateError { stack_name: stack.to_owned(), cause })
        }
    }
}

async fn template(client: &Client, stack: &str) -> Result<Option<String>, StateError> {
    match client.get_template().stack_name(stack).template_stage(TemplateStage::Original).send().await {
        Ok(answer) => Ok(Some(answer.template_body.unwrap_or_default())),
        Err(error) => {
            let cause = sentence(&error);
            if says_not_there(&cause) {
                return Ok(None);
            }
            Err(StateError { stack_name: stack.to_owned(), cause })
        }
    }
}

/// The status of a stack, as CloudFormation spells it.
pub fn status(stack: &Stack) -> &str {
    stack.stack_status().map_or("", |status| status.as_str())
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
    }
}
