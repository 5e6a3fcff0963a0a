"""Builds a twin with boto3, changes it and removes it. Argument: the endpoint's URL. Fails with a traceback."""

import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "iottwinmaker",
    endpoint_url=sys.argv[1],
    config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
)
ARN = "arn:aws:iottwinmaker:us-east-1:000000000000:workspace/home"
LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:connector"
ALARM = "com.amazon.iottwinmaker.alarm.basic"


def refused(code, part, operation, **request):
    """A call that must fail with this code and say this."""
    try:
        operation(**request)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        assert part in error.response["Error"]["Message"], error.response
        return
    raise AssertionError(f"{operation.__name__} did not fail with {code}")


def series(kind):
    return {"dataType": {"type": kind}, "isTimeSeries": True, "isStoredExternally": True}


READER = {"dataReader": {"implementedBy": {"lambda": {"arn": LAMBDA}}}}
TYPE = {
    "propertyDefinitions": {
        "id": {"dataType": {"type": "STRING"}, "isExternalId": True, "isRequiredInEntity": True},
        "note": {"dataType": {"type": "STRING"}, "defaultValue": {"stringValue": "none"}},
        "t": series("DOUBLE"),
    },
    "functions": READER,
}
home = {"workspaceId": "home"}

# Workspaces
created = client.create_workspace(**home, description="where I live", tags={"owner": "me"})
assert created["arn"] == ARN, created
assert abs(created["creationDateTime"].timestamp() - time.time()) < 60, created
refused("ConflictException", "home already exists", client.create_workspace, **home)
assert client.get_workspace(workspaceId=ARN)["description"] == "where I live"
client.update_workspace(**home, description="")
assert client.get_workspace(**home)["description"] == ""
refused("ResourceNotFoundException", "work does not exist", client.get_workspace, workspaceId="work")
for name in ["b2", "c3", "d4"]:
    client.create_workspace(workspaceId=name)
page = client.list_workspaces(maxResults=3)
assert [w["workspaceId"] for w in page["workspaceSummaries"]] == ["b2", "c3", "d4"], page
page = client.list_workspaces(maxResults=3, nextToken=page["nextToken"])
assert [w["workspaceId"] for w in page["workspaceSummaries"]] == ["home"] and "nextToken" not in page, page
refused("ValidationException", "nextToken is not valid", client.list_workspaces, nextToken="x y")

# Tags
client.tag_resource(resourceARN=ARN, tags={"room": "all", "owner": "us"})
client.untag_resource(resourceARN=ARN, tagKeys=["room", "none"])
assert client.list_tags_for_resource(resourceARN=ARN)["tags"] == {"owner": "us"}
many = {f"k{n}": "v" for n in range(50)}
refused("TooManyTagsException", "more than 50 tags", client.tag_resource, resourceARN=ARN, tags=many)
refused("ResourceNotFoundException", "does not exist", client.tag_resource, resourceARN=ARN + "/entity/x", tags={})

# Component types
created = client.create_component_type(**home, componentTypeId="house.sensor", **TYPE)
assert created["arn"] == ARN + "/component-type/house.sensor" and created["state"] == "ACTIVE", created
found = client.get_component_type(**home, componentTypeId="house.sensor")
assert found["propertyDefinitions"]["note"]["defaultValue"] == {"stringValue": "none"}, found
assert not found["isAbstract"] and found["status"] == {"state": "ACTIVE"}, found
client.create_component_type(**home, componentTypeId="house.alarm", extendsFrom=[ALARM], functions=READER)
client.create_component_type(**home, componentTypeId="houses.bare", propertyDefinitions={"t": series("LONG")})
alarm = client.get_component_type(**home, componentTypeId="house.alarm")
assert alarm["propertyDefinitions"]["alarm_key"]["isInherited"], alarm
assert len(alarm["propertyDefinitions"]["alarm_status"]["dataType"]["allowedValues"]) == 4, alarm


def types(**filters):
    listed = client.list_component_types(**home, **filters)["componentTypeSummaries"]
    return [summary["componentTypeId"] for summary in listed]


assert types() == [ALARM, "house.alarm", "house.sensor", "houses.bare"], types()
assert types(filters=[{"extendsFrom": ALARM}]) == ["house.alarm"]
assert types(filters=[{"namespace": "house"}]) == ["house.alarm", "house.sensor"]
assert types(filters=[{"isAbstract": True}]) == [ALARM, "houses.bare"]
two = [{"isAbstract": True}, {"namespace": "house"}]
refused("ValidationException", "one filter", client.list_component_types, **home, filters=two)
sensor = {**home, "componentTypeId": "house.sensor"}
refused("ConflictException", "house.sensor already exists", client.create_component_type, **sensor)
refused("ValidationException", "belongs to the service", client.create_component_type, **home, componentTypeId=ALARM)
refused("ValidationException", "work does not exist", client.create_component_type, workspaceId="work", componentTypeId="x")

# Entities
components = {
    "telemetry": {"componentTypeId": "house.sensor", "properties": {"id": {"value": {"stringValue": "s1"}}}},
}
created = client.create_entity(**home, entityId="sensor-1", entityName="Küche", components=components)
assert created["arn"] == ARN + "/entity/sensor-1" and created["state"] == "ACTIVE", created
floor = client.create_entity(**home, entityName="floor")["entityId"]
assert len(floor) == 36, floor
below = {"telemetry": {**components["telemetry"], "properties": {"id": {"value": {"stringValue": "s2"}}}}}
client.create_entity(**home, entityId="sensor-2", entityName="bath", components=below, parentEntityId=floor)
one = {**home, "entityId": "sensor-1"}
refused("ConflictException", "sensor-1 already exists", client.create_entity, **one, entityName="x")
for part, components_of in [
    ("needs values of id", {"c": {"componentTypeId": "house.sensor"}}),
    ("houses.bare: that is abstract", {"c": {"componentTypeId": "houses.bare"}}),
    ("nothing does not exist", {"c": {"componentTypeId": "nothing"}}),
    ("needs a componentTypeId", {"c": {}}),
    ("stored externally", {"c": {"componentTypeId": "house.sensor", "properties": {"t": {"value": {"doubleValue": 1}}}}}),
    ("does not define it", {"c": {"componentTypeId": "house.sensor", "properties": {"x": {"value": {"longValue": 1}}}}}),
    ("asks for stringValue", {"c": {"componentTypeId": "house.sensor", "properties": {"id": {"value": {"longValue": 1}}}}}),
]:
    refused("ValidationException", part, client.create_entity, **home, entityName="x", components=components_of)
refused("ValidationException", "nobody does not exist", client.create_entity, **home, entityName="x", parentEntityId="nobody")


def entities(**filters):
    return [summary["entityId"] for summary in client.list_entities(**home, **filters)["entitySummaries"]]


assert sorted(entities()) == sorted(["sensor-1", "sensor-2", floor])
assert entities(filters=[{"externalId": "s2"}]) == ["sensor-2"]
assert entities(filters=[{"componentTypeId": "house.sensor"}]) == ["sensor-1", "sensor-2"]
assert sorted(entities(filters=[{"parentEntityId": "$ROOT"}])) == sorted(["sensor-1", floor])
assert entities(filters=[{"parentEntityId": floor}, {"externalId": "s1"}]) == []
assert client.get_entity(**home, entityId=floor)["hasChildEntities"]

# What is used cannot change what it is
refused("ValidationException", "sensor-1 uses it", client.delete_component_type, **sensor)
refused("ValidationException", "sensor-1 uses it", client.update_component_type, **sensor, functions={})
more = {**TYPE["propertyDefinitions"], "more": series("LONG")}
refused("ValidationException", "sensor-1 uses it", client.update_component_type, **sensor, propertyDefinitions=more)
client.update_component_type(**sensor, description="a sensor", **TYPE)
assert client.get_component_type(**sensor)["description"] == "a sensor"
refused("ValidationException", "3 entities", client.delete_workspace, **home)

# Updates of an entity
def update(**request):
    return client.update_entity(**one, **request)["state"]


def telemetry():
    return client.get_entity(**one)["components"]["telemetry"]["properties"]


def change(name, **property_update):
    return update(componentUpdates={"telemetry": {"updateType": "UPDATE", "propertyUpdates": {name: property_update}}})


assert update(entityName="kitchen", parentEntityUpdate={"updateType": "UPDATE", "parentEntityId": floor}) == "ACTIVE"
assert client.get_entity(**one)["parentEntityId"] == floor
refused("ValidationException", "below itself", client.update_entity, **home, entityId=floor, parentEntityUpdate={"updateType": "UPDATE", "parentEntityId": "sensor-1"})
update(parentEntityUpdate={"updateType": "DELETE"})
assert client.get_entity(**one)["parentEntityId"] == "$ROOT"
change("note", value={"stringValue": "hot"})
assert telemetry()["note"]["value"] == {"stringValue": "hot"}
change("note", updateType="RESET_VALUE")
assert "value" not in telemetry()["note"]
change("own", updateType="CREATE", definition={"dataType": {"type": "LONG"}}, value={"longValue": 7})
assert telemetry()["own"]["value"] == {"longValue": 7}
change("own", updateType="DELETE")
assert "own" not in telemetry()
for part, name, property_update in [
    ("needs values of id", "id", {"updateType": "RESET_VALUE"}),
    ("belongs to its component type", "note", {"updateType": "DELETE"}),
    ("does not exist", "own", {"value": {"longValue": 1}}),
    ("exists already", "note", {"updateType": "CREATE"}),
]:
    refused("ValidationException", part, change, name=name, **property_update)
other = {"telemetry": {"componentTypeId": "house.alarm"}}
refused("ValidationException", "cannot change its component type", client.update_entity, **one, componentUpdates=other)
key = {"alarm_key": {"value": {"stringValue": "s1/t"}}}
alarm = {"updateType": "CREATE", "componentTypeId": "house.alarm", "propertyUpdates": key}
update(componentUpdates={"t_alarm": alarm, "telemetry": {"updateType": "DELETE"}})
assert list(client.get_entity(**one)["components"]) == ["t_alarm"]
refused("ResourceNotFoundException", "nobody does not exist", client.get_entity, **home, entityId="nobody")

# What is not done is refused by name
for operation, request in [
    (client.list_scenes, home),
    (client.list_components, one),
    (client.get_pricing_plan, {}),
    (client.execute_query, {**home, "queryStatement": "SELECT 1"}),
    (client.batch_put_property_values, {**home, "entries": [{"entityPropertyReference": {"propertyName": "t"}}]}),
]:
    refused("ValidationException", "is not supported by this local endpoint", operation, **request)
composite = {"c": {"componentTypeId": "house.sensor"}}
refused("ValidationException", "compositeComponentTypes", client.create_component_type, **home, componentTypeId="x", compositeComponentTypes=composite)

# And away with it
refused("ValidationException", "isRecursive", client.delete_entity, **home, entityId=floor)
assert client.delete_entity(**home, entityId=floor, isRecursive=True)["state"] == "DELETING"
assert entities() == ["sensor-1"]
client.delete_entity(**one)
refused("ResourceNotFoundException", "sensor-1 does not exist", client.delete_entity, **one)
refused("ValidationException", "3 component types", client.delete_workspace, **home)
for name in ["house.sensor", "house.alarm", "houses.bare"]:
    assert client.delete_component_type(**home, componentTypeId=name)["state"] == "DELETING"
refused("ResourceNotFoundException", "house.alarm does not exist", client.delete_component_type, **home, componentTypeId="house.alarm")
refused("ValidationException", "belongs to the service", client.delete_component_type, **home, componentTypeId=ALARM)
client.delete_workspace(**home)
refused("ResourceNotFoundException", "home does not exist", client.delete_workspace, **home)
