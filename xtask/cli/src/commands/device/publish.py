"""Publishes a file as this device: python publish.py TOPIC FILE"""

import json
import pathlib
import sys

import paho.mqtt.client as mqtt

here = pathlib.Path(__file__).parent
connection = json.loads((here / "connection.json").read_text())
topic, file = sys.argv[1:]

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=connection["device"])
client.tls_set(
    ca_certs=here / connection["authority"],
    certfile=here / connection["certificate"],
    keyfile=here / connection["key"],
)
client.connect(connection["endpoint"], connection["port"])
client.loop_start()
# Delivered at least once: the broker has it when it is published.
message = client.publish(topic, pathlib.Path(file).read_bytes(), qos=1)
message.wait_for_publish(timeout=20)
if not message.is_published():
    sys.exit("the broker did not take it")
client.disconnect()
client.loop_stop()
