"""Tokens of IAM as boto3 makes them, as JSON in a file."""

import json
import sys

import boto3

file, port, user = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def token(host="127.0.0.1", port=port, user=user, region="us-east-1", secret="test", session=None):
    made = boto3.session.Session("test", secret, session, region)
    return made.client("rds").generate_db_auth_token(host, port, user)


tokens = {
    "good": token(),
    "by its other name": token(host="localhost"),
    "of a session": token(session="IQoJb3JpZ2lu/+=="),
    "of another role": token(user="sluice"),
    "of another host": token(host="db.example.com"),
    "of another port": token(port=port + 1),
    "of another Region": token(region="eu-west-1"),
    "of another key": token(secret="guessed"),
}
with open(file, "w", encoding="utf-8") as out:
    json.dump(tokens, out)
