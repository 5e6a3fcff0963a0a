//! Where events are stored and queried.

use super::super::PermissionsError;
use super::super::names::{NO_RESOURCE, Subject};
use super::super::policy::allow;
use super::{Grant, look, read, write};

/// Endpoint discovery comes before every other call of Timestream.
const DISCOVERY: &[&str] = &["timestream:DescribeEndpoints"];
const TAGGING: &[&str] = &["timestream:TagResource", "timestream:UntagResource"];

/// [`AWS::Timestream::Database`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-timestream-database.html).
/// It is encrypted with the key that Timestream keeps in the account, as in
/// [`AmazonTimestreamFullAccess`](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonTimestreamFullAccess.html).
pub(super) fn database(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    let via = format!("timestream.{}.amazonaws.com", subject.scope.environment.region);
    let keys = [subject.arn_of("kms", "key/*")];
    let with_key = |actions: &[&str]| {
        let statement = allow(actions, keys.clone());
        let because = "The key is made by Timestream with the first database: the request comes through it";
        statement.when("StringEquals", "kms:ViaService", [via.as_str()]).because(because)
    };
    Ok(vec![
        look(DISCOVERY),
        read(allow(&["timestream:DescribeDatabase", "timestream:ListTagsForResource"], arn.clone())),
        write(allow(
            &["timestream:CreateDatabase", "timestream:DeleteDatabase", "timestream:UpdateDatabase"],
            arn.clone(),
        )),
        write(allow(TAGGING, arn)),
        write(with_key(&["kms:CreateGrant"]).when("Bool", "kms:GrantIsForAWSResource", ["true"])),
        write(with_key(&["kms:Decrypt", "kms:DescribeKey"])),
    ])
}

/// [`AWS::Timestream::Table`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-timestream-table.html).
/// Whoever makes it has to reach the bucket for what it rejects.
pub(super) fn table(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    let mut grants = vec![
        look(DISCOVERY),
        read(allow(&["timestream:DescribeTable", "timestream:ListTagsForResource"], arn.clone())),
        write(allow(
            &["timestream:CreateTable", "timestream:DeleteTable", "timestream:UpdateTable"],
            arn.clone(),
        )),
        write(allow(TAGGING, arn)),
    ];
    let rejected = &subject.resource.property("MagneticStoreWriteProperties")["MagneticStoreRejectedDataLocation"]
        ["S3Configuration"];
    if !rejected["BucketName"].is_null() {
        let bucket = subject.arn_of("s3", &subject.text(&rejected["BucketName"])?);
        let prefix = rejected["ObjectKeyPrefix"].as_str().unwrap_or_default();
        let reports = [format!("{bucket}/{prefix}/*")];
        grants.push(write(allow(&["s3:GetBucketAcl"], [bucket])));
        grants.push(write(allow(&["s3:GetObject", "s3:PutObject"], reports)));
    }
    Ok(grants)
}

/// [`AWS::Athena::WorkGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-workgroup.html).
/// Whoever makes it has to reach the folder for its results.
pub(super) fn workgroup(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    let results =
        &subject.resource.property("WorkGroupConfiguration")["ResultConfiguration"]["OutputLocation"];
    let results = subject.text(results)?;
    let folder = results.trim_start_matches("s3://").trim_end_matches('/').to_owned();
    let bucket = folder.split('/').next().unwrap_or_default().to_owned();
    Ok(vec![
        read(allow(&["athena:GetWorkGroup", "athena:ListTagsForResource"], arn.clone())),
        write(allow(
            &[
                "athena:CreateWorkGroup",
                "athena:DeleteWorkGroup",
                "athena:TagResource",
                "athena:UntagResource",
                "athena:UpdateWorkGroup",
            ],
            arn,
        )),
        write(allow(
            &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            [subject.arn_of("s3", &bucket)],
        )),
        write(allow(
            &["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            [subject.arn_of("s3", &format!("{folder}/*"))],
        )),
    ])
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
pub(super) fn glue_database(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
pub(super) fn glue_table(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
