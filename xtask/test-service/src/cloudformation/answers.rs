//! The [query protocol](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html): what each
//! action answers, and what it refuses.

mod change_set;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::stack::{ChangeSet, Event, Stack};
use super::world::{Form, World};

/// Status line and body.
pub type Answer = (&'static str, String);

/// How many events or changes a page has: less than on AWS, so that there is more than one.
const PAGE: usize = 4;

/// An answer that is none.
pub fn error(status: &'static str, code: &str, message: &str) -> Answer {
    let error = format!("<Code>{code}</Code><Message>{}</Message>", escaped(message));
    (status, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
}

pub fn ok(body: String) -> Answer {
    ("200 OK", body)
}

fn invalid(message: &str) -> Answer {
    error("400 Bad Request", "ValidationError", message)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn element(name: &str, value: &str) -> String {
    format!("<{name}>{}</{name}>", escaped(value))
}

fn result(action: &str, content: &str) -> Answer {
    ok(format!("<{action}Response><{action}Result>{content}</{action}Result></{action}Response>"))
}

/// The values of a list in a request: `Name.member.1`, …
fn list(form: &Form, name: &str) -> BTreeSet<String> {
    let prefix = format!("{name}.member.");
    form.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(_, value)| value.clone()).collect()
}

fn pairs(form: &Form, name: &str, key: &str, value: &str) -> BTreeMap<String, String> {
    let one = |number: usize| {
        let at = |part: &str| form.get(&format!("{name}.member.{number}.{part}")).cloned();
        Some((at(key)?, at(value)?))
    };
    (1..).map_while(one).collect()
}

/// Answers an action.
pub fn answer(world: &mut World, action: &str, form: &Form) -> Answer {
    match action {
        "DescribeStacks" => describe_stacks(world, form),
        "DescribeStackEvents" => describe_stack_events(world, form),
        "DescribeEvents" => describe_events(world, form),
        "GetTemplate" => with_stack(world, form, |stack| {
            if stack.status == "REVIEW_IN_PROGRESS" {
                return invalid(&format!("Stack with id {} does not exist", stack.name));
            }
            result("GetTemplate", &element("TemplateBody", &stack.template.to_string()))
        }),
        "ListStackResources" => with_stack(world, form, |stack| {
            let member = |(id, one): (&String, &super::stack::Resource)| {
                format!(
                    "<member>{}{}{}{}{}</member>",
                    element("LogicalResourceId", id),
                    element("PhysicalResourceId", &one.physical_id),
                    element("ResourceType", &one.kind),
                    element("ResourceStatus", &one.status),
                    element("ResourceStatusReason", &one.reason)
                )
            };
            let members: String = stack.resources.iter().map(member).collect();
            result(
                "ListStackResources",
                &format!("<StackResourceSummaries>{members}</StackResourceSummaries>"),
            )
        }),
        "ListChangeSets" => with_stack(world, form, |stack| {
            let member = |(name, one): (&String, &ChangeSet)| {
                format!(
                    "<member>{}{}{}</member>",
                    element("ChangeSetName", name),
                    element("Status", one.status),
                    element("ExecutionStatus", one.execution)
                )
            };
            let members: String = stack.change_sets.iter().map(member).collect();
            result("ListChangeSets", &format!("<Summaries>{members}</Summaries>"))
        }),
        "CreateChangeSet" => change_set::create(world, form),
        "DescribeChangeSet" => change_set::describe(world, form),
        "DeleteChangeSet" => change_set::delete(world, form),
        "ExecuteChangeSet" => change_set::execute(world, form),
        "DeleteStack" => delete_stack(world, form),
        "ContinueUpdateRollback" => {
            begin(world, form, action, &["UPDATE_ROLLBACK_FAILED"], "ROLLBACK", |world, at, form| {
                world.continued(at, &list(form, "ResourcesToSkip"))
            })
        }
        "RollbackStack" => {
            begin(world, form, action, &["CREATE_FAILED", "UPDATE_FAILED"], "ROLLBACK", |world, at, form| {
                world.rollback(at, form.get("RetainExceptOnCreate").is_some_and(|on| on == "true"))
            })
        }
        "CancelUpdateStack" => cancel_update_stack(world, form),
        "UpdateTerminationProtection" => {
            let Some(at) = form.get("StackName").and_then(|name| world.find(name)) else {
                return missing(form);
            };
            world.stacks[at].protected =
                form.get("EnableTerminationProtection").is_some_and(|on| on == "true");
            result(action, &element("StackId", &world.stacks[at].id))
        }
        // The account that `session::Session` asks for, and everything else that a deployment may ask of others.
        other => error("501 Not Implemented", "NotImplemented", other),
    }
}

fn missing(form: &Form) -> Answer {
    let name = form.get("StackName").cloned().unwrap_or_default();
    invalid(&format!("Stack with id {name} does not exist"))
}

fn with_stack(world: &World, form: &Form, answer: impl Fn(&Stack) -> Answer) -> Answer {
    match form.get("StackName").and_then(|name| world.find(name)) {
        Some(at) => answer(&world.stacks[at]),
        None => missing(form),
    }
}

fn describe_stacks(world: &World, form: &Form) -> Answer {
    let stacks: Vec<&Stack> = match form.get("StackName") {
        Some(name) => match world.find(name) {
            Some(at) => vec![&world.stacks[at]],
            None => return missing(form),
        },
        None => world.stacks.iter().filter(|stack| stack.status != "DELETE_COMPLETE").collect(),
    };
    let member = |stack: &&Stack| {
        let mut text = format!(
            "{}{}{}{}<CreationTime>2026-01-01T00:00:00Z</CreationTime>",
            element("StackId", &stack.id),
            element("StackName", &stack.name),
            element("StackStatus", &stack.status),
            element("StackStatusReason", &stack.reason)
        );
        let _ =
            write!(text, "<EnableTerminationProtection>{}</EnableTerminationProtection>", stack.protected);
        let list = |name: &str, key: &str, value: &str, pairs: &BTreeMap<String, String>| {
            let member = |(k, v): (&String, &String)| {
                format!("<member>{}{}</member>", element(key, k), element(value, v))
            };
            let members = pairs.iter().map(member).collect::<Vec<_>>().concat();
            format!("<{name}>{members}</{name}>")
        };
        text += &list("Parameters", "ParameterKey", "ParameterValue", &stack.parameters);
        text += &list("Tags", "Key", "Value", &stack.tags);
        text += &list("Outputs", "OutputKey", "OutputValue", &stack.outputs());
        if let Some((kind, id)) = &stack.latest {
            let _ = write!(
                text,
                "<LastOperations><member>{}{}</member></LastOperations>",
                element("OperationType", kind),
                element("OperationId", id)
            );
        }
        format!("<member>{text}</member>")
    };
    let (page, token) = page(&stacks, form);
    let members: String = page.iter().map(member).collect();
    result("DescribeStacks", &format!("<Stacks>{members}</Stacks>{token}"))
}

/// A page, and the token of the next one.
fn page<'a, T>(all: &'a [T], form: &Form) -> (&'a [T], String) {
    let from: usize = form.get("NextToken").and_then(|token| token.parse().ok()).unwrap_or_default();
    let to = (from + PAGE).min(all.len());
    let token = if to < all.len() { element("NextToken", &to.to_string()) } else { String::new() };
    (&all[from.min(to)..to], token)
}

fn event(event: &Event, stack: &Stack) -> String {
    let mut text = [
        element("EventId", &event.id),
        element("StackId", &stack.id),
        element("StackName", &stack.name),
        element("OperationId", &event.operation),
        element("LogicalResourceId", &event.logical_id),
        element("PhysicalResourceId", &event.physical_id),
        element("ResourceType", &event.resource_type),
        element("ResourceStatus", &event.status),
        "<Timestamp>2026-01-01T00:00:00Z</Timestamp>".to_owned(),
    ]
    .concat();
    if !event.reason.is_empty() {
        text += &element("ResourceStatusReason", &event.reason);
    }
    if let Some(token) = &event.token {
        text += &element("ClientRequestToken", token);
    }
    text
}

/// Newest first.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html>
fn describe_stack_events(world: &World, form: &Form) -> Answer {
    with_stack(world, form, |stack| {
        let newest_first: Vec<&Event> = stack.events.iter().rev().skip(world.late).collect();
        let (page, token) = page(&newest_first, form);
        let member = |one: &&Event| format!("<member>{}</member>", event(one, stack));
        let members = page.iter().map(member).collect::<Vec<_>>().concat();
        result("DescribeStackEvents", &format!("<StackEvents>{members}</StackEvents>{token}"))
    })
}

/// Of one operation, or of one change set; on demand only what failed. Newest first.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html>
fn describe_events(world: &World, form: &Form) -> Answer {
    let failed = form.get("Filters.FailedEvents").is_some_and(|only| only == "true");
    if let Some((at, name)) = world.change_set(form) {
        let change_set = &world.stacks[at].change_sets[&name];
        let member = |(id, warns, text): &(String, bool, String)| {
            format!(
                "<member><EventType>VALIDATION_ERROR</EventType>{}{}{}{}<ValidationPath>/Resources/{id}/Properties</ValidationPath></member>",
                element("LogicalResourceId", id),
                element("ValidationFailureMode", if *warns { "WARN" } else { "FAIL" }),
                element("ValidationStatus", "FAILED"),
                element("ValidationStatusReason", text)
            )
        };
        let (page, token) = page(&change_set.validation, form);
        let members: String = page.iter().map(member).collect();
        return result("DescribeEvents", &format!("<OperationEvents>{members}</OperationEvents>{token}"));
    }
    let operation = form.get("OperationId");
    let named = form.get("StackName").and_then(|name| world.find(name));
    let of = |stack: &&Stack| named.is_none_or(|at| world.stacks[at].id == stack.id);
    let stacks = world.stacks.iter().filter(of);
    let events: Vec<(&Event, &Stack)> = stacks
        .flat_map(|stack| stack.events.iter().rev().map(move |event| (event, stack)))
        .filter(|(event, _)| operation.is_none_or(|id| event.operation == *id))
        .filter(|(event, _)| !failed || event.status.ends_with("_FAILED"))
        .collect();
    let (page, token) = page(&events, form);
    let member = |(one, stack): &(&Event, &Stack)| {
        let kind = if one.status.ends_with("_FAILED") { "PROVISIONING_ERROR" } else { "STACK_EVENT" };
        format!(
            "<member>{}{}{}</member>",
            event(one, stack),
            element("EventType", kind),
            element("OperationType", one.kind)
        )
    };
    let members: String = page.iter().map(member).collect();
    result("DescribeEvents", &format!("<OperationEvents>{members}</OperationEvents>{token}"))
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html>
fn delete_stack(world: &mut World, form: &Form) -> Answer {
    let token = form.get("ClientRequestToken").cloned();
    // A stack that is not there is deleted.
    let Some(at) = form.get("StackName").and_then(|name| world.find(name)) else {
        return result("DeleteStack", "");
    };
    let stack = &world.stacks[at];
    if stack.protected {
        return invalid(&format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        ));
    }
    let (retain, forced) = (
        list(form, "RetainResources"),
        form.get("DeletionMode").is_some_and(|mode| mode == "FORCE_DELETE_STACK"),
    );
    if stack.status != "DELETE_FAILED" && !retain.is_empty() {
        return invalid(&format!(
            "Invalid operation on stack [{}]. When you delete a stack, specify which resources to retain only when the stack is in the DELETE_FAILED state.",
            stack.name
        ));
    }
    if stack.status != "DELETE_FAILED" && forced {
        return invalid(&format!(
            "Invalid operation on stack [{}]. Force delete is only available for a stack in the DELETE_FAILED state.",
            stack.name
        ));
    }
    let same = token.is_some() && stack.operation.as_ref().is_some_and(|one| one.token == token);
    if same || stack.status == "DELETE_COMPLETE" {
        return result("DeleteStack", "");
    }
    let steps = world.deletion(at, &retain, forced);
    world.begin(at, "DELETE_STACK", token, steps);
    result("DeleteStack", "")
}

/// Begins an operation that a stack takes in these statuses.
fn begin(
    world: &mut World,
    form: &Form,
    action: &str,
    takes: &[&str],
    kind: &'static str,
    steps: impl Fn(&mut World, usize, &Form) -> Vec<super::stack::Step>,
) -> Answer {
    let Some(at) = form.get("StackName").and_then(|name| world.find(name)) else { return missing(form) };
    let stack = &world.stacks[at];
    let token = form.get("ClientRequestToken").cloned();
    if token.is_some() && stack.operation.as_ref().is_some_and(|one| one.token == token) {
        return result(action, "");
    }
    if !takes.contains(&stack.status.as_str()) {
        return invalid(&format!(
            "Stack:{} is in {} state and can not be rolled back.",
            stack.id, stack.status
        ));
    }
    let id = stack.id.clone();
    let steps = steps(world, at, form);
    let operation = world.begin(at, kind, token, steps);
    result(action, &(element("StackId", &id) + &element("OperationId", &operation)))
}

fn cancel_update_stack(world: &mut World, form: &Form) -> Answer {
    let Some(at) = form.get("StackName").and_then(|name| world.find(name)) else { return missing(form) };
    if world.stacks[at].status != "UPDATE_IN_PROGRESS" {
        return invalid("CancelUpdateStack cannot be called from current stack status");
    }
    world.cancel(at);
    result("CancelUpdateStack", "")
}
