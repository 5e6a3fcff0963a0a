//! Tags: which keys there are, and what they say.
//!
//! Which type carries them, and how, stands in its row of [`kinds`](crate::kinds).

use std::collections::BTreeMap;

use crate::environment::Environment;

/// Whose resource it is.
pub const ENVIRONMENT_TAG: &str = "sluice:environment";
/// Which stack of the environment it belongs to.
pub const STACK_TAG: &str = "sluice:stack";
/// The day of UTC from which on its environment may be removed without being asked for.
pub const EXPIRES_TAG: &str = "sluice:expires";

/// The tags of a stack and of everything in it, by key: they change only when somebody edits them.
pub fn of(environment: &Environment, stack: &str) -> BTreeMap<String, String> {
    let mut tags = environment.tags.clone();
    tags.insert(ENVIRONMENT_TAG.to_owned(), environment.name.clone());
    tags.insert(STACK_TAG.to_owned(), stack.to_owned());
    tags
}

/// The tag that moves on with every deployment of an environment that expires.
///
/// It is one of the stack alone, and only of stacks that need no other: `CloudFormation`
/// [propagates](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html)
/// the tags of a stack to what is in it, and not every type that is in use can be updated, a component type
/// of `TwinMaker` among them. What those stacks hold takes another tag in place. Stacks that need others are
/// destroyed before them, so as long as anything of the environment is there, one that carries the tag is.
pub(crate) fn expiry(environment: &Environment) -> Option<(String, String)> {
    environment.expires.map(|expires| (EXPIRES_TAG.to_owned(), expires.to_string()))
}
