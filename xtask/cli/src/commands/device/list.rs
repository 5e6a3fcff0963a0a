//! `device list`: who has an identity, and whether it lets them in.

use std::fmt;

use clap::Args;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::super::Outcome;
use crate::Global;
use crate::report::{Document, Report, cell, many};
use engine::devices::{Device, Registry};
use engine::inventory::Inventory;
use session::Exit;

/// List the devices that have an identity, with their certificates
#[derive(Debug, Args)]
pub struct List {}

#[derive(Debug, Serialize)]
struct Devices {
    environment: String,
    devices: Vec<Device>,
}

impl List {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let devices = Registry::of(&session, &inventory)?.list().await?;
        report.print(&Devices { environment: session.environment.name.clone(), devices });
        Ok(Exit::Done)
    }
}

const HEADER: [&str; 4] = ["device", "certificate", "status", "made"];

impl Devices {
    /// A row for each certificate, and one for a device without any.
    fn rows(&self) -> impl Iterator<Item = [String; 4]> {
        self.devices.iter().flat_map(|Device { name, certificates }| {
            let none = certificates.is_empty().then(|| [name.clone(), "-".into(), "-".into(), "-".into()]);
            let row = |one: &engine::devices::Certificate| {
                let made = one.made.map_or_else(|| "-".to_owned(), |made| made.to_string());
                [name.clone(), one.id.clone(), one.status.clone(), made]
            };
            none.into_iter().chain(certificates.iter().map(row).collect::<Vec<_>>())
        })
    }
}

impl Document for Devices {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        if !self.devices.is_empty() {
            let mut table = Table::new();
            table.load_style(presets::UTF8_HORIZONTAL_ONLY);
            table.set_header(HEADER);
            self.rows().for_each(|row| _ = table.add_row(row));
            writeln!(out, "{table}")?;
        }
        writeln!(out, "{}: {}", self.environment, many(self.devices.len(), "device", "devices"))
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "| {} |\n| --- | --- | --- | --- |", HEADER.join(" | "))?;
        self.rows().try_for_each(|row| writeln!(out, "| {} |", row.map(|text| cell(&text)).join(" | ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::shown;

    #[test]
    fn a_device_without_a_certificate_is_listed_too() {
        let device = |name: &str| Device { name: name.to_owned(), certificates: Vec::new() };
        let devices =
            Devices { environment: "dev".to_owned(), devices: vec![device("cellar"), device("kitchen")] };
        insta::assert_snapshot!(shown(&devices));
    }
}
