//! What came of a deployment, as Markdown.

use std::fmt::{Result, Write};

use super::deployed::{Became, Deployed, DeployedStack, Step};
use super::markdown::{block, cell, code, details, quoted, table};
use super::outputs_markdown;
use engine::deploy::application::Running;
use engine::deploy::events::RootCause;

pub fn write(deployed: &Deployed<'_>, out: &mut dyn Write) -> Result {
    let environment = code(deployed.environment);
    let interrupted = deployed.failed().next().is_none() && deployed.not_started.is_none();
    let title = match (deployed.ok, interrupted) {
        (true, _) => format!("{environment} is deployed"),
        (false, true) => format!("Deployment of {environment} was interrupted"),
        (false, false) => format!("Deployment of {environment} failed"),
    };
    writeln!(out, "## {title}\n")?;
    for stack in deployed.failed() {
        failure(stack, &deployed.held_by(stack.name), out)?;
    }
    let left = deployed.stacks.iter().flat_map(|stack| stack.left.iter().map(move |one| (stack, one)));
    let rows = left.map(|(stack, one)| {
        vec![cell(stack.name), cell(&one.logical_id), cell(&one.physical_id), cell(&one.reason)]
    });
    table(out, &["Stack", "Left behind", "It is", "Why"], rows)?;
    if let Some(error) = &deployed.not_started {
        let mut alert = "[!CAUTION]\n**Some applications are not running.**\n".to_owned();
        block(&mut alert, "text", error)?;
        writeln!(out, "{}", quoted(&alert))?;
    }
    let rows = deployed.stacks.iter().map(|stack| vec![cell(stack.name), became(stack)]);
    table(out, &["Stack", "What came of it"], rows)?;
    let rows = deployed.applications.iter().map(|Running { name, before }| {
        vec![cell(name), if *before { "runs".to_owned() } else { "**started**".to_owned() }]
    });
    table(out, &["Application", ""], rows)?;
    if deployed.outputs.values().any(|outputs| !outputs.is_empty()) {
        details(out, "Outputs", |out| outputs_markdown(out, &deployed.outputs))?;
    }
    writeln!(out, "### Next\n")?;
    let rows = deployed.next.iter().map(|Step { command, does }| vec![cell(command), (*does).to_owned()]);
    table(out, &["Command", "What it does"], rows)
}

fn became(stack: &DeployedStack<'_>) -> String {
    match stack.action {
        Became::Unchanged => stack.became(),
        Became::Failed => match stack.status {
            Some(status) => format!("**failed**: {}", cell(status)),
            None => "**failed**".to_owned(),
        },
        Became::Skipped => {
            format!("not begun, because of {}", cell(stack.because.unwrap_or_default()))
        }
        _ => format!("**{}**", stack.became()),
    }
}

fn failure(stack: &DeployedStack<'_>, held: &[&str], out: &mut dyn Write) -> Result {
    let (kind, became) = match stack.action {
        Became::Declined => ("WARNING", "is as it was"),
        Became::Unwatched => ("WARNING", "is not watched"),
        _ => ("CAUTION", "failed"),
    };
    let mut alert = format!("[!{kind}]\n**{} {became}", code(stack.name));
    if let Some(RootCause { logical_id, kind, reason, remedy, .. }) = stack.cause {
        writeln!(alert, " at {}** {}", code(logical_id), code(kind))?;
        block(&mut alert, "text", reason)?;
        if let Some(remedy) = remedy {
            writeln!(alert, "\n{remedy}")?;
        }
    } else {
        writeln!(alert, "**")?;
        block(&mut alert, "text", stack.error.as_deref().unwrap_or_default())?;
    }
    if !held.is_empty() {
        let held: Vec<String> = held.iter().map(|name| code(name)).collect();
        writeln!(alert, "\nNot begun because of it: {}", held.join(", "))?;
    }
    writeln!(out, "{}", quoted(&alert))
}
