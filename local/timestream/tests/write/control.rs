//! Databases, tables and tags through the Rust SDK.

use aws_sdk_timestreamwrite::{
    error::ProvideErrorMetadata,
    types::{
        MagneticStoreWriteProperties, PartitionKey, PartitionKeyEnforcementLevel, PartitionKeyType,
        RetentionProperties, Schema, TableStatus, Tag,
    },
};

use crate::client::Fixture;

fn code<T: ProvideErrorMetadata>(error: &T) -> String {
    error.code().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn databases() {
    let Fixture { client, .. } = &Fixture::new().await;
    let database = client.describe_database().database_name("home").send().await.expect("it exists");
    let database = database.database().expect("a description");
    assert_eq!(database.arn(), Some("arn:aws:timestream:us-east-1:000000000000:database/home"));
    assert_eq!(database.table_count(), 1);
    let created = database.creation_time().expect("a time").secs();
    assert!((crate::client::now() / 1_000_000_000 - created).abs() < 60, "created at {created}");

    let update = client.update_database().database_name("home").kms_key_id("alias/mine");
    let updated = update.send().await.expect("an update");
    assert_eq!(updated.database().and_then(|database| database.kms_key_id()), Some("alias/mine"));

    let again = client.create_database().database_name("home").send().await.expect_err("it exists");
    assert_eq!(code(&again), "ConflictException");
    let full = client.delete_database().database_name("home").send().await.expect_err("it has a table");
    assert_eq!(code(&full), "ValidationException");
    let nothing = client.delete_database().database_name("none").send().await.expect_err("it does not exist");
    assert_eq!(code(&nothing), "ResourceNotFoundException");

    client.delete_table().database_name("home").table_name("measures").send().await.expect("it exists");
    client.delete_database().database_name("home").send().await.expect("it is empty");
    let gone = client.describe_database().database_name("home").send().await.expect_err("it is gone");
    assert_eq!(gone.message(), Some("The database home does not exist."));
}

#[tokio::test]
async fn tables() {
    let Fixture { client, .. } = &Fixture::new().await;
    let key = PartitionKey::builder()
        .r#type(PartitionKeyType::Dimension)
        .name("device")
        .enforcement_in_record(PartitionKeyEnforcementLevel::Required)
        .build()
        .expect("a key");
    let magnetic = MagneticStoreWriteProperties::builder()
        .enable_magnetic_store_writes(true)
        .build()
        .expect("properties");
    let create = client.create_table().database_name("home").table_name("keyed");
    let create = create.schema(Schema::builder().composite_partition_key(key.clone()).build());
    create.magnetic_store_write_properties(magnetic).send().await.expect("a new table");

    let table =
        client.describe_table().database_name("home").table_name("keyed").send().await.expect("it exists");
    let table = table.table().expect("a description");
    assert_eq!(table.arn(), Some("arn:aws:timestream:us-east-1:000000000000:database/home/table/keyed"));
    assert_eq!(table.table_status(), Some(&TableStatus::Active));
    let retention = table.retention_properties().expect("retention");
    assert_eq!(retention.memory_store_retention_period_in_hours(), 6);
    assert_eq!(retention.magnetic_store_retention_period_in_days(), 73_000);
    assert!(
        table
            .magnetic_store_write_properties()
            .is_some_and(MagneticStoreWriteProperties::enable_magnetic_store_writes)
    );
    assert_eq!(table.schema().expect("a schema").composite_partition_key(), [key]);

    let retention = |hours, days| {
        RetentionProperties::builder()
            .memory_store_retention_period_in_hours(hours)
            .magnetic_store_retention_period_in_days(days)
            .build()
            .expect("both tiers")
    };
    let update = |hours, days| {
        client
            .update_table()
            .database_name("home")
            .table_name("keyed")
            .retention_properties(retention(hours, days))
    };
    let updated = update(12, 7).send().await.expect("an update");
    let updated = updated.table().expect("a description");
    assert_eq!(updated.retention_properties(), Some(&retention(12, 7)));
    assert!(
        updated
            .magnetic_store_write_properties()
            .is_some_and(MagneticStoreWriteProperties::enable_magnetic_store_writes)
    );
    let refused = update(0, 7).send().await.expect_err("at least an hour");
    assert_eq!(code(&refused), "ValidationException");
    let other_key = PartitionKey::builder().r#type(PartitionKeyType::Measure).build().expect("a key");
    let schema = Schema::builder().composite_partition_key(other_key).build();
    let changed = client.update_table().database_name("home").table_name("keyed").schema(schema);
    assert_eq!(code(&changed.send().await.expect_err("a key is for ever")), "ValidationException");

    let again =
        client.create_table().database_name("home").table_name("keyed").send().await.expect_err("it exists");
    assert_eq!(code(&again), "ConflictException");
    let nowhere = client
        .create_table()
        .database_name("none")
        .table_name("keyed")
        .send()
        .await
        .expect_err("no database");
    assert_eq!(code(&nowhere), "ResourceNotFoundException");
    let short =
        client.create_table().database_name("home").table_name("t").send().await.expect_err("too short");
    assert_eq!(code(&short), "ValidationException");
}

#[tokio::test]
async fn pages_of_lists() {
    let Fixture { client, .. } = &Fixture::new().await;
    for number in 0..5 {
        let name = format!("table{number}");
        client.create_table().database_name("home").table_name(name).send().await.expect("a new table");
    }
    client.create_database().database_name("attic").send().await.expect("a new database");
    client.create_table().database_name("attic").table_name("boxes").send().await.expect("a new table");

    for (database, size, expected) in [
        (Some("home"), 2, "measures table0 table1 table2 table3 table4"),
        (None, 3, "boxes measures table0 table1 table2 table3 table4"),
        (Some("attic"), 20, "boxes"),
    ] {
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let list = client.list_tables().set_database_name(database.map(str::to_owned)).max_results(size);
            let page = list.set_next_token(token).send().await.expect("a page");
            assert!(page.tables().len() <= usize::try_from(size).expect("a size"));
            names.extend(page.tables().iter().filter_map(|table| table.table_name()).map(str::to_owned));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!(names.join(" "), expected);
    }
    let databases = client.list_databases().send().await.expect("a page");
    let names: Vec<&str> =
        databases.databases().iter().filter_map(|database| database.database_name()).collect();
    assert_eq!(names, ["attic", "home"]);
    let missing = client.list_tables().database_name("none").send().await.expect_err("no database");
    assert_eq!(code(&missing), "ResourceNotFoundException");
}

#[tokio::test]
async fn tags() {
    let Fixture { client, .. } = &Fixture::new().await;
    let database = "arn:aws:timestream:us-east-1:000000000000:database/home";
    let table = &format!("{database}/table/measures");
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().expect("a tag");
    for arn in [database, table] {
        let add = client.tag_resource().resource_arn(arn).tags(tag("owner", "me")).tags(tag("room", "hall"));
        add.send().await.expect("it exists");
        client.tag_resource().resource_arn(arn).tags(tag("owner", "you")).send().await.expect("it exists");
        client.untag_resource().resource_arn(arn).tag_keys("room").send().await.expect("it exists");
        let tags = client.list_tags_for_resource().resource_arn(arn).send().await.expect("it exists");
        assert_eq!(tags.tags(), [tag("owner", "you")], "{arn}");
    }
    for (arn, expected) in [
        ("arn:aws:timestream:us-east-1:000000000000:database/none", "ResourceNotFoundException"),
        ("arn:aws:timestream:eu-west-1:000000000000:database/home", "ResourceNotFoundException"),
        ("home", "ValidationException"),
    ] {
        let error = client.list_tags_for_resource().resource_arn(arn).send().await.expect_err(expected);
        assert_eq!(code(&error), expected, "{arn}");
    }
}
