//! The catalog of the lake.

use super::grants::{Grant, Grants, NO_STEP, Needed, read, write};
use super::load::Cost;
use super::naming;
use super::proof::A_PART;
use super::statement::allow;
use super::subject::{NO_RESOURCE, Subject};
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Name, Naming, Proof, Reference, Service, Tags};

const SERVICE: Service = Service { namespace: "glue", calls: &["lakeformation"], policy: Group::Data };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::Glue::Database",
        service: &SERVICE,
        naming: Naming {
            name: Name::Own {
                at: "/DatabaseInput/Name",
                longest: 255,
                refusal,
                otherwise: Generated::Unknown,
            },
            reference: Reference::Name,
            arn: Some("database/{name}"),
            behind: "",
        },
        tags: Tags::None("its schema has no tags"),
        data: Data::HoldsNothing("it is made again from the template"),
        replaced_by: &["DatabaseName", "CatalogId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/DatabaseInput/Name"]),
        kept: &[],
        grants: Grants::Needs(glue_database),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: Proof::Believed("it holds nothing, and costs nothing"),
        cost: Cost::Free("the first million objects of the catalog cost nothing"),
    },
    Kind {
        name: "AWS::Glue::Table",
        service: &SERVICE,
        naming: Naming::inside("/TableInput/Name", "table/{DatabaseName}/{name}"),
        tags: Tags::None("its schema has no tags"),
        data: Data::HoldsNothing("it describes what lies in a bucket"),
        replaced_by: &["CatalogId", "DatabaseName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/DatabaseName", "/TableInput/Name"]),
        kept: &[],
        grants: Grants::Needs(glue_table),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("the first million objects of the catalog cost nothing"),
    },
];

/// What Athena says to the name of a database.
fn refusal(name: &str) -> Option<&'static str> {
    if name.contains(|c: char| c.is_ascii_uppercase()) {
        return Some("Athena finds names in lower case only");
    }
    naming::refusal(name)
}

/// What the handlers ask Lake Formation, whether or not it guards the catalog.
fn lake_formation() -> Grant {
    let actions = [
        "lakeformation:DescribeLakeFormationIdentityCenterConfiguration",
        "lakeformation:DescribeResource",
        "lakeformation:ListResources",
    ];
    read(allow(&actions, ["*".to_owned()]).because(NO_RESOURCE))
}

/// [`AWS::Glue::Database`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-database.html).
/// Glue asks for the catalog, too, and on deletion for what may be
/// [in the database](https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html).
fn glue_database(subject: Subject) -> Needed {
    let name = subject.name()?;
    let arn = |rest: String| subject.arn_of("glue", &rest);
    let near = [arn("catalog".to_owned()), arn(format!("database/{name}"))];
    let inside = [arn(format!("table/{name}/*")), arn(format!("userDefinedFunction/{name}/*"))];
    let all = near.iter().chain(&inside).cloned().collect::<Vec<_>>();
    Ok(vec![
        lake_formation(),
        read(allow(&["glue:GetDatabase"], near.clone())),
        write(allow(&["glue:CreateDatabase", "glue:UpdateDatabase"], near)),
        write(allow(&["glue:DeleteDatabase"], all)),
    ])
}

/// [`AWS::Glue::Table`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-table.html).
fn glue_table(subject: Subject) -> Needed {
    let database_name = subject.text(subject.resource.property("DatabaseName"))?;
    let name = subject.name()?;
    let catalog = subject.arn_of("glue", "catalog");
    let database = subject.arn_of("glue", &format!("database/{database_name}"));
    let table = subject.arn_of("glue", &format!("table/{database_name}/{name}"));
    let all = [catalog.clone(), database.clone(), table];
    Ok(vec![
        lake_formation(),
        read(allow(&["glue:GetDatabase"], [catalog, database])),
        read(allow(&["glue:GetTable", "glue:GetTables"], all.clone())),
        write(allow(&["glue:CreateTable", "glue:DeleteTable", "glue:UpdateTable"], all)),
    ])
}
