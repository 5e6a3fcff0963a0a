//! Transactions, from their beginning to their end.

use aws_sdk_rdsdata::types::Field;

use crate::client::{Fixture, refused};

async fn begin(fixture: &Fixture) -> String {
    let cluster = &fixture.instance.cluster;
    let begin = fixture.client.begin_transaction().resource_arn(&cluster.arn).secret_arn(&cluster.secret_arn);
    begin.send().await.expect("a transaction").transaction_id.expect("its id")
}

async fn commit(fixture: &Fixture, id: &str) -> Result<String, (String, String)> {
    let cluster = &fixture.instance.cluster;
    let commit =
        fixture.client.commit_transaction().resource_arn(&cluster.arn).secret_arn(&cluster.secret_arn);
    match commit.transaction_id(id).send().await {
        Ok(done) => Ok(done.transaction_status.unwrap_or_default()),
        Err(error) => Err(refused::<(), _>(Err(error))),
    }
}

#[tokio::test]
async fn what_is_committed_is_seen_by_others_and_nothing_before() {
    let fixture = Fixture::new();
    fixture.run("CREATE TABLE t (id bigint PRIMARY KEY)").await;
    let id = begin(&fixture).await;
    fixture.statement("INSERT INTO t VALUES (1)").transaction_id(&id).send().await.expect("a row");
    assert_eq!(fixture.one("SELECT count(*) FROM t").await, Field::LongValue(0));
    let inside =
        fixture.statement("SELECT count(*) FROM t").transaction_id(&id).send().await.expect("a count");
    assert_eq!(inside.records(), [[Field::LongValue(1)]]);
    assert_eq!(commit(&fixture, &id).await.as_deref(), Ok("Transaction Committed"));
    assert_eq!(fixture.one("SELECT count(*) FROM t").await, Field::LongValue(1));
    let (code, message) = commit(&fixture, &id).await.expect_err("it has ended");
    assert_eq!(
        (code.as_str(), message),
        ("TransactionNotFoundException", format!("Transaction {id} is not found"))
    );
}

#[tokio::test]
async fn an_error_ends_a_transaction() {
    let fixture = Fixture::new();
    fixture.run("CREATE TABLE t (id bigint PRIMARY KEY)").await;
    let id = begin(&fixture).await;
    let insert = || fixture.statement("INSERT INTO t VALUES (1)").transaction_id(&id).send();
    insert().await.expect("a row");
    assert_eq!(refused(insert().await).0, "DatabaseErrorException");
    assert_eq!(refused(insert().await).0, "TransactionNotFoundException");
    assert_eq!(fixture.one("SELECT count(*) FROM t").await, Field::LongValue(0));
}

#[tokio::test]
async fn a_transaction_is_its_owners_and_answers_one_request_at_a_time() {
    let fixture = Fixture::new();
    let id = begin(&fixture).await;
    let other = fixture.instance.secret("somebody", "else");
    let stranger = fixture.statement("SELECT 1").secret_arn(other).transaction_id(&id).send().await;
    assert_eq!(refused(stranger).0, "TransactionNotFoundException");
    let sleep = || fixture.statement("SELECT pg_sleep(0.5)").transaction_id(&id).send();
    let (first, second) = tokio::join!(sleep(), sleep());
    let failed = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    let [failed] = <[_; 1]>::try_from(failed).expect("one of them is answered");
    let (code, message) = refused::<(), _>(Err(failed));
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("DatabaseErrorException", "Transaction is still running a query")
    );
    sleep().await.expect("afterwards it is free");
}
