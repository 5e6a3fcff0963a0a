//! The files that Grafana is provisioned from, and how they reach a container that is not ours.
//!
//! The official image has no files of ours, and no API is called after the deployment. So the files
//! travel in the task definition, as a packed archive in a variable, which the container unpacks
//! before it starts Grafana. The same files in a folder serve a Grafana on this machine.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde_json::Value;
use telemetry::{EventKind, Model};
use tera::{Kwargs, State, TeraResult};

use postgres::sql::Postgres;
use sql::panels::DataSource;
use timestream::sql::Timestream;

use super::context::{Context, KindContext, Uids};
use super::source::Source;
use crate::environment::{Environment, StoreKind};
use crate::model::is_kind_name;
use crate::templates;

/// A file for Grafana.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it lies in the folder, for instance `dashboards/fleet.json`, or `dashboards/shelly/fleet.json` where
    /// the kind has a name.
    pub path: String,
    /// What is in it: JSON, which is YAML too.
    pub text: String,
}

/// Where a Grafana that reads the files runs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder of the files, without a slash at its end.
    pub folder: &'a str,
    /// Timestream's endpoint, for instance `http://127.0.0.1:4567`. `None`: that of the Region.
    pub endpoint: Option<&'a str>,
    /// The file with the authority that certifies `PostgreSQL`, whose certificate is then looked at. `None`: the
    /// connection is encrypted, and the image has no authority of Amazon RDS to look it up with.
    pub root_certificate: Option<&'a str>,
}

impl Place<'_> {
    /// The container of the stack.
    pub const CONTAINER: Self = Self { folder: "/tmp/sluice", endpoint: None, root_certificate: None };
}

/// Folder of the dashboards.
const DASHBOARDS: &str = "dashboards";
/// The dashboard that Grafana opens with: that of the first kind.
const HOME: &str = "fleet.json";
/// Folder in which Grafana looks for what it is provisioned with: it does so when it starts.
pub const PROVISIONING: &str = "provisioning";

/// Pieces that the templates share.
const PANELS: (&str, &str) = ("panels.json", include_str!("../../../templates/grafana/panels.json"));

/// The dashboards of a kind, and their templates.
#[rustfmt::skip]
const DASHBOARD_FILES: [(&str, &str); 3] = [
    ("device.json", include_str!("../../../templates/grafana/dashboards/device.json")),
    (HOME, include_str!("../../../templates/grafana/dashboards/fleet.json")),
    ("statistics.json", include_str!("../../../templates/grafana/dashboards/statistics.json")),
];

/// What there is once, and its template.
#[rustfmt::skip]
const PROVISIONING_FILES: [(&str, &str); 3] = [
    ("provisioning/alerting/notify.yaml", include_str!("../../../templates/grafana/provisioning/notify.yaml")),
    ("provisioning/alerting/rules.yaml", include_str!("../../../templates/grafana/provisioning/rules.yaml")),
    ("provisioning/dashboards/sluice.yaml", include_str!("../../../templates/grafana/provisioning/dashboards.yaml")),
];

/// The data source of a store, and its template.
#[rustfmt::skip]
const TIMESTREAM_FILE: (&str, &str) =
    ("provisioning/datasources/timestream.yaml", include_str!("../../../templates/grafana/provisioning/timestream.yaml"));
#[rustfmt::skip]
const POSTGRES_FILE: (&str, &str) =
    ("provisioning/datasources/postgres.yaml", include_str!("../../../templates/grafana/provisioning/postgres.yaml"));

/// Where a dashboard of a kind lies.
fn path(kind: &EventKind, name: &str) -> String {
    match &kind.name {
        Some(kind) => format!("{DASHBOARDS}/{kind}/{name}"),
        None => format!("{DASHBOARDS}/{name}"),
    }
}

/// Whether a file of some model may lie here, in its folder.
pub fn is_path(path: &str) -> bool {
    let is_dashboard = |name: &str| DASHBOARD_FILES.iter().any(|(known, _)| *known == name);
    match path.split('/').collect::<Vec<_>>()[..] {
        [DASHBOARDS, name] => is_dashboard(name),
        [DASHBOARDS, kind, name] => is_dashboard(name) && is_kind_name(kind),
        _ => PROVISIONING_FILES
            .iter()
            .chain([&TIMESTREAM_FILE, &POSTGRES_FILE])
            .any(|(known, _)| *known == path),
    }
}

/// Where the dashboard lies that Grafana opens with, in its folder.
pub fn home_file(model: &Model) -> String {
    path(model.first(), HOME)
}

/// The path of that dashboard's page.
pub fn home_page(model: &Model) -> String {
    format!("d/{}", Uids::of(model.first()).fleet)
}

/// Renders every file for a Grafana at a place. The same inputs give the same bytes.
///
/// # Panics
///
/// When a template asks for what the context does not have, or renders no JSON: templates and context
/// are both of this crate, and tests render them for models of every shape.
pub fn files(model: &Model, environment: &Environment, place: Place<'_>) -> Vec<File> {
    match environment.store.kind {
        StoreKind::Timestream => render::<Timestream>(model, environment, place, TIMESTREAM_FILE),
        StoreKind::Postgres(_) => render::<Postgres>(model, environment, place, POSTGRES_FILE),
    }
    .unwrap_or_else(|error| panic!("the templates do not fit: {error}"))
}

fn render<D: DataSource>(
    model: &Model,
    environment: &Environment,
    place: Place<'_>,
    source_file: (&'static str, &'static str),
) -> TeraResult<Vec<File>> {
    let provisioning = PROVISIONING_FILES.into_iter().chain([source_file]);
    let mut tera = templates::tera()?;
    tera.register_filter("json", |value: tera::Value, _: Kwargs, _: &State| -> TeraResult<String> {
        serde_json::to_string(&value).map_err(tera::Error::message)
    });
    tera.add_raw_templates(DASHBOARD_FILES.into_iter().chain(provisioning.clone()).chain([PANELS]))?;
    let folder = format!("{}/{DASHBOARDS}", place.folder);
    let source = Source::of::<D>(&environment.store.kind, environment.table());
    let all = Context::new::<D>(model, source, environment, place, &folder);
    let render = |name: &str, path: String, context: &tera::Context| -> TeraResult<File> {
        let text = tera.render(name, context)?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| tera::Error::message(format!("{path} is no JSON: {error}\n{text}")))?;
        Ok(File { path, text: format!("{:#}\n", crate::cfn::sorted(value)) })
    };
    let mut contexts = Vec::new();
    for kind in &model.kinds {
        contexts.push((kind, tera::Context::from_serialize(&KindContext::new::<D>(&all, kind))?));
    }
    // Dashboards that are alike are neighbours, so that they are packed as one.
    let mut files = Vec::new();
    for (name, _) in DASHBOARD_FILES {
        for (kind, context) in &contexts {
            files.push(render(name, path(kind, name), context)?);
        }
    }
    let context = tera::Context::from_serialize(&all)?;
    for (name, _) in provisioning {
        files.push(render(name, name.to_owned(), &context)?);
    }
    Ok(files)
}

/// Most bytes of the packed files, as text: a
/// [task definition](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html) has 64 KiB, and
/// some of it is the rest.
pub(crate) const MAX_PACKED_BYTES: usize = 56 * 1_024;

/// How large the packed files of a container are, as text.
pub(crate) fn packed_bytes(model: &Model, environment: &Environment) -> usize {
    pack(&files(model, environment, Place::CONTAINER)).len()
}

/// The files as a gzipped tar in base64: without times and owners, so that the same files give the
/// same text.
pub(super) fn pack(files: &[File]) -> String {
    let mut archive = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::best()));
    let packed = files
        .iter()
        .try_for_each(|file| {
            // Spaces are for people.
            let text = serde_json::from_str(&file.text)
                .map_or_else(|_| file.text.clone(), |value: Value| crate::cfn::sorted(value).to_string());
            let mut header = tar::Header::new_ustar();
            header.set_size(u64::try_from(text.len()).unwrap_or_default());
            header.set_mode(0o644);
            header.set_mtime(0);
            archive.append_data(&mut header, &file.path, text.as_bytes())
        })
        .and_then(|()| archive.into_inner())
        .and_then(|mut gzip| gzip.flush().and_then(|()| gzip.finish()));
    // Writing to memory does not fail, so the default is never taken.
    STANDARD.encode(packed.unwrap_or_default())
}
