"""Asks the Data API with boto3. Arguments: the endpoint's URL, a cluster and the secret of its master role.

Fails with a traceback."""

import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

URL, CLUSTER, SECRET = sys.argv[1:]
client = boto3.client("rds-data", endpoint_url=URL, config=Config(retries={"total_max_attempts": 1}))
WHOM = {"resourceArn": CLUSTER, "secretArn": SECRET}


def execute(sql, **more):
    return client.execute_statement(sql=sql, **WHOM, **more)


def parameters(**fields):
    return [{"name": name, "value": value} for name, value in fields.items()]


execute("CREATE TABLE people (id bigint PRIMARY KEY, name text, photo bytea)")
client.batch_execute_statement(
    sql="INSERT INTO people VALUES (:id, :name, :photo)",
    parameterSets=[
        parameters(id={"longValue": 1}, name={"stringValue": "Ada"}, photo={"blobValue": b"\x00\xff"}),
        parameters(id={"longValue": 2}, name={"isNull": True}, photo={"isNull": True}),
    ],
    **WHOM,
)
answer = execute("SELECT * FROM people ORDER BY id", includeResultMetadata=True)
assert answer["records"] == [
    [{"longValue": 1}, {"stringValue": "Ada"}, {"blobValue": b"\x00\xff"}],
    [{"longValue": 2}, {"isNull": True}, {"isNull": True}],
], answer
assert [column["typeName"] for column in answer["columnMetadata"]] == ["int8", "text", "bytea"], answer

transaction = client.begin_transaction(**WHOM)["transactionId"]
assert execute("DELETE FROM people", transactionId=transaction)["numberOfRecordsUpdated"] == 2
status = client.rollback_transaction(transactionId=transaction, **WHOM)["transactionStatus"]
assert status == "Rollback Complete", status
assert execute("SELECT count(*) FROM people")["records"] == [[{"longValue": 2}]]

try:
    execute("INSERT INTO people VALUES (1)")
except client.exceptions.DatabaseErrorException as error:
    message = error.response["Error"]["Message"]
    assert "duplicate key value violates unique constraint" in message and "SQLState: 23505" in message, message
else:
    raise AssertionError("a second row of one key")

try:
    client.commit_transaction(transactionId=transaction, **WHOM)
except ClientError as error:
    assert error.response["Error"]["Code"] == "TransactionNotFoundException", error.response
else:
    raise AssertionError("a transaction that has ended")
