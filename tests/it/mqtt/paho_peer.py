"""An independent client: says things at every quality of service and checks the answers."""

import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, version, device = int(sys.argv[1]), sys.argv[2], sys.argv[3]
protocol = mqtt.MQTTv5 if version == "5" else mqtt.MQTTv311
heard, up = queue.Queue(), queue.Queue()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="paho", protocol=protocol)
client.on_message = lambda c, u, m: heard.put(m)
client.on_subscribe = lambda *a: up.put(True)
client.connect("127.0.0.1", port)
client.loop_start()
base = f"hearth/{device}"
client.subscribe([(f"{base}/reply", 2), (f"{base}/availability", 1), (f"{base}/paho/response", 2), ("paho/mine", 2)])
up.get(timeout=10)
m = heard.get(timeout=20)
while m.topic != f"{base}/availability" or m.payload != b"online":
    m = heard.get(timeout=20)
answers = 0
for qos in (0, 1, 2):
    for say, expected in (("on", "The kitchen lamp is on."), ("off", "The kitchen lamp is off.")):
        client.publish(f"{base}/cmd/light.kitchen_lamp/set", say.upper(), qos=qos)
        reply = json.loads(heard.get(timeout=10).payload)
        assert reply["text"] == expected, reply
        text = f"turn {'off' if say == 'on' else 'on'} the kitchen lamp"
        properties = None
        if version == "5":
            properties = Properties(PacketTypes.PUBLISH)
            properties.ResponseTopic = "paho/mine"
            properties.CorrelationData = bytes([qos])
        client.publish(f"{base}/paho/request", json.dumps({"text": text, "id": f"{qos}{say}"}), qos=qos, properties=properties)
        m = heard.get(timeout=10)
        reply = json.loads(m.payload)
        assert reply["id"] == f"{qos}{say}" and "lamp is" in reply["text"], reply
        if version == "5":
            assert m.topic == "paho/mine" and m.properties.CorrelationData == bytes([qos]), m.topic
        else:
            assert m.topic == f"{base}/paho/response", m.topic
        answers += 2
print(f"all {answers} answers")
client.loop_stop()
