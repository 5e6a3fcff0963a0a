//! Names and sizes: two environments fit in one account, and nothing exceeds what AWS accepts.

use super::{Breach, Subject, objects};
use crate::Stack;
use crate::bootstrap;
use crate::cfn::TEMPLATE_LIMIT_BYTES;
use crate::kinds::{self, Name};
use crate::tags::ENVIRONMENT_TAG;

/// Quotas of a [template](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).
const MAX_RESOURCES: usize = 500;
const MAX_PARAMETERS: usize = 200;
const MAX_OUTPUTS: usize = 200;
const MAX_STACK_NAME: usize = 128;

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let keys = objects(subject.resource.properties());
    if keys.iter().any(|object| object.contains_key("Fn::ImportValue")) {
        breaches.push(Breach::Export("Fn::ImportValue"));
    }
    let naming = kinds::of(subject.resource.kind()).map(|kind| kind.naming.name);
    let Some(Name::Own { at, longest, refusal, .. }) = naming else { return };
    let property = at.trim_start_matches('/');
    let Some(value) = subject.resource.properties().pointer(at) else { return };
    let name = match (value.as_str(), value["Fn::Sub"].as_str()) {
        (Some(name), _) => {
            let too_long = name.chars().count() > longest;
            let why = too_long.then_some("it is longer than the service accepts").or_else(|| refusal(name));
            breaches.extend(why.map(|why| Breach::RefusedName { property, name: name.to_owned(), why }));
            name
        }
        // The stack's name has that of the environment in it.
        (None, Some(sub)) if sub.contains("${AWS::StackName}") || sub.contains("${AWS::StackId}") => return,
        (None, Some(sub)) => sub,
        (None, None) => return,
    };
    if !belongs(subject.stack, name) {
        breaches.push(Breach::SharedName { property, name: name.to_owned() });
    }
}

/// Whether a name says whose it is: an environment's, or an account's in a Region.
fn belongs(stack: &Stack, name: &str) -> bool {
    let tag = |key: &str| stack.tags.get(key).map(String::as_str);
    match tag(ENVIRONMENT_TAG).or_else(|| tag(bootstrap::TAG)) {
        Some(bootstrap::ACCOUNT) if stack.name == bootstrap::ACCOUNT_NAME => {
            name.contains("${AWS::AccountId}") && name.contains("${AWS::Region}")
        }
        // Whole words: `device` does not carry `dev`.
        owner => {
            let words = format!("-{}-", name.replace(['_', '/', '.'], "-"));
            words.contains(&format!("-{}-", owner.unwrap_or_default()))
        }
    }
}

pub(super) fn check_stack(stack: &Stack) -> Vec<Breach> {
    let template = &stack.template;
    let quotas = [
        ("bytes", template.to_json().len(), TEMPLATE_LIMIT_BYTES),
        ("resources", template.resources().len(), MAX_RESOURCES),
        ("parameters", template.parameters().len(), MAX_PARAMETERS),
        ("outputs", template.outputs().len(), MAX_OUTPUTS),
        ("characters in its name", stack.stack_name.len(), MAX_STACK_NAME),
    ];
    quotas
        .into_iter()
        .filter(|(_, found, limit)| found > limit)
        .map(|(what, found, limit)| Breach::Quota { what, found, limit })
        .collect()
}
