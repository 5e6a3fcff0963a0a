//! What is answered to requests about change sets.

use super::super::operation::OnFailure;
use super::super::stack::ChangeSet;
use super::super::world::{Form, World, parsed};
use super::{Answer, element, error, invalid, page, pairs, result};

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html>
pub fn create(world: &mut World, form: &Form) -> Answer {
    let (Some(name), Some(stack_name)) = (form.get("ChangeSetName"), form.get("StackName")) else {
        return invalid("a name is missing");
    };
    let creates = form.get("ChangeSetType").is_some_and(|kind| kind == "CREATE");
    let at = match (world.find(stack_name), creates) {
        (None, false) => return invalid(&format!("Stack [{stack_name}] does not exist")),
        (None, true) => world.add(stack_name, "REVIEW_IN_PROGRESS"),
        (Some(at), creates) => {
            let status = world.stacks[at].status.clone();
            if creates && status != "REVIEW_IN_PROGRESS" {
                return invalid(&format!(
                    "Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
                ));
            }
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
            let updatable = status.ends_with("_COMPLETE")
                && !matches!(status.as_str(), "ROLLBACK_COMPLETE" | "DELETE_COMPLETE");
            if !creates && !updatable {
                let id = &world.stacks[at].id;
                return invalid(&format!("Stack:{id} is in {status} state and can not be updated."));
            }
            at
        }
    };
    let made_with = form.get("ClientToken").cloned();
    if let Some(there) = world.stacks[at].change_sets.get(name) {
        if made_with.is_some() && there.made_with == made_with {
            return result(
                "CreateChangeSet",
                &(element("Id", &there.id) + &element("StackId", &world.stacks[at].id)),
            );
        }
        return error(
            "400 Bad Request",
            "AlreadyExistsException",
            &format!("ChangeSet {name} already exists"),
        );
    }
    let (template, parameters) = (parsed(form), pairs(form, "Parameters", "ParameterKey", "ParameterValue"));
    let changes = world.changes(at, &template, &parameters);
    let id = format!("arn:aws:cloudformation:eu-west-1:000000000000:changeSet/{name}/{}", world.number());
    let change_set = ChangeSet {
        id: id.clone(),
        status: "CREATE_PENDING",
        execution: "UNAVAILABLE",
        reason: String::new(),
        changes,
        template,
        parameters,
        tags: pairs(form, "Tags", "Key", "Value"),
        made_with,
        token: None,
        validation: world.validation.clone(),
    };
    world.stacks[at].change_sets.insert(name.clone(), change_set);
    result("CreateChangeSet", &(element("Id", &id) + &element("StackId", &world.stacks[at].id)))
}

fn gone(form: &Form) -> Answer {
    let name = form.get("ChangeSetName").cloned().unwrap_or_default();
    error("404 Not Found", "ChangeSetNotFound", &format!("ChangeSet [{name}] does not exist"))
}

pub fn describe(world: &mut World, form: &Form) -> Answer {
    let Some((at, name)) = world.change_set(form) else { return gone(form) };
    let stack = &world.stacks[at];
    let one = &stack.change_sets[&name];
    let member = |(action, id, kind): &(&'static str, String, String)| {
        format!(
            "<member><Type>Resource</Type><ResourceChange>{}{}{}{}</ResourceChange></member>",
            element("Action", action),
            element("LogicalResourceId", id),
            element("ResourceType", kind),
            if *action == "Modify" { "<Replacement>False</Replacement>" } else { "" }
        )
    };
    let (page, token) = page(&one.changes, form);
    let members: String = page.iter().map(member).collect();
    let text = [
        element("ChangeSetId", &one.id),
        element("ChangeSetName", &name),
        element("StackId", &stack.id),
        element("Status", one.status),
        element("ExecutionStatus", one.execution),
        element("StatusReason", &one.reason),
        format!("<Changes>{members}</Changes>{token}"),
    ]
    .concat();
    world.step(at);
    result("DescribeChangeSet", &text)
}

pub fn delete(world: &mut World, form: &Form) -> Answer {
    // One that is not there is deleted.
    if let Some((at, name)) = world.change_set(form) {
        world.stacks[at].change_sets.remove(&name);
    }
    result("DeleteChangeSet", "")
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html>
pub fn execute(world: &mut World, form: &Form) -> Answer {
    let Some((at, name)) = world.change_set(form) else { return gone(form) };
    let token = form.get("ClientRequestToken").cloned();
    let stack = &mut world.stacks[at];
    let Some(one) = stack.change_sets.get_mut(&name) else { return gone(form) };
    // With the token of a request that was heard, it is that request.
    if token.is_some() && one.token == token {
        return result("ExecuteChangeSet", "");
    }
    if (one.status, one.execution) != ("CREATE_COMPLETE", "AVAILABLE") {
        let text =
            format!("ChangeSet [{}] cannot be executed in its current status of [{}]", one.id, one.execution);
        return error("400 Bad Request", "InvalidChangeSetStatus", &text);
    }
    if stack.operation.is_some() {
        return invalid(&format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status));
    }
    one.execution = "EXECUTE_IN_PROGRESS";
    one.token.clone_from(&token);
    let (template, parameters) = (one.template.clone(), one.parameters.clone());
    stack.tags = one.tags.clone();
    // The others are not valid any more.
    stack.change_sets.retain(|other, _| *other == name);
    let stays = form.get("DisableRollback").is_some_and(|on| on == "true");
    let on_failure = if stays { OnFailure::Stay } else { OnFailure::RollBack };
    let (kind, steps) = if world.stacks[at].status == "REVIEW_IN_PROGRESS" {
        ("CREATE_STACK", world.creation(at, &template, &parameters, on_failure))
    } else {
        ("UPDATE_STACK", world.update(at, &template, &parameters, on_failure))
    };
    world.begin(at, kind, token, steps);
    result("ExecuteChangeSet", "")
}
