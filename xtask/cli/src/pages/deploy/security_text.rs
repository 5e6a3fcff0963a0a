//! Who may do what, and who reaches whom, as text for a terminal.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use anstyle::Style;

use super::wording::{Side, may, way, when};
use crate::report::{BAD, CAUTION, FAINT, GOOD, STRONG, paint};
use engine::deploy::security::{Opening, Permission, Security};

/// Characters of a line before it is broken.
const WIDTH: usize = 110;

pub fn write(stacks: &BTreeMap<&str, &Security>, out: &mut dyn Write) -> Result {
    let gained = permissions(stacks, |security| &security.gained);
    let lost = permissions(stacks, |security| &security.lost);
    if !gained.is_empty() || !lost.is_empty() {
        writeln!(out, "\n{}", paint(STRONG, "Who may do what"))?;
        write_permissions(("gained", "+", Side::Gained), &gained, out)?;
        write_permissions(("lost", "-", Side::Lost), &lost, out)?;
    }
    let opened = openings(stacks, |security| &security.opened);
    let closed = openings(stacks, |security| &security.closed);
    if !opened.is_empty() || !closed.is_empty() {
        writeln!(out, "\n{}", paint(STRONG, "Network"))?;
        write_openings(("opened", "+", CAUTION), &opened, out)?;
        write_openings(("closed", "-", GOOD), &closed, out)?;
    }
    Ok(())
}

/// A stack's name beside each of its permissions, wide ones of all stacks first.
pub fn permissions<'a>(
    stacks: &BTreeMap<&'a str, &'a Security>,
    side: fn(&Security) -> &Vec<Permission>,
) -> Vec<(&'a str, &'a Permission)> {
    let mut all: Vec<_> =
        stacks.iter().flat_map(|(stack, security)| side(security).iter().map(|one| (*stack, one))).collect();
    all.sort_by_key(|(_, permission)| !permission.is_wide());
    all
}

/// A stack's name beside each of its ways, wide ones of all stacks first.
pub fn openings<'a>(
    stacks: &BTreeMap<&'a str, &'a Security>,
    side: fn(&Security) -> &Vec<Opening>,
) -> Vec<(&'a str, &'a Opening)> {
    let mut all: Vec<_> =
        stacks.iter().flat_map(|(stack, security)| side(security).iter().map(|one| (*stack, one))).collect();
    all.sort_by_key(|(_, opening)| !opening.is_wide());
    all
}

fn write_permissions(
    (title, sign, side): (&str, &str, Side),
    permissions: &[(&str, &Permission)],
    out: &mut dyn Write,
) -> Result {
    if permissions.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {title}")?;
    for (stack, permission) in permissions {
        let style = match side {
            Side::Gained if permission.is_wide() => BAD,
            Side::Gained => CAUTION,
            Side::Lost => GOOD,
        };
        let who = paint(STRONG, &permission.who);
        let mut parts = vec![may(permission, side)];
        if !permission.resources.is_empty() {
            parts.push(format!("on {}", permission.resources.join(", ")));
        }
        let when = when(permission, side);
        if !when.is_empty() {
            parts.push(format!("when {when}"));
        }
        broken(out, (style, sign), &format!("{stack:<10} {who}"), &parts)?;
    }
    Ok(())
}

fn write_openings(
    (title, sign, style): (&str, &str, Style),
    openings: &[(&str, &Opening)],
    out: &mut dyn Write,
) -> Result {
    if openings.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {title}")?;
    for (stack, opening) in openings {
        let style = if opening.is_wide() && sign == "+" { BAD } else { style };
        let mut parts = vec![opening.traffic.clone()];
        if !opening.peers.is_empty() {
            parts.push(format!("{} {}", way(opening.way), opening.peers.join(", ")));
        }
        let at = paint(STRONG, &opening.at);
        broken(out, (style, sign), &format!("{stack:<10} {at}"), &parts)?;
    }
    Ok(())
}

/// A line, or one for the head and one for each part where it would be long.
fn broken(out: &mut dyn Write, (style, sign): (Style, &str), head: &str, parts: &[String]) -> Result {
    let sign = paint(style, sign);
    let line = parts.join(" ");
    let plain = anstream::adapter::strip_str(head).to_string().chars().count();
    if plain + line.chars().count() < WIDTH {
        return writeln!(out, "    {sign} {head}  {line}");
    }
    writeln!(out, "    {sign} {head}")?;
    parts.iter().try_for_each(|part| writeln!(out, "                 {}", paint(FAINT, part)))
}
