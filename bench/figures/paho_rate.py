"""Messages a second that paho-mqtt publishes at QoS 0, 1 and 2, until the last is acknowledged."""

import sys
import time

import paho.mqtt.client as mqtt

port, count = int(sys.argv[1]), int(sys.argv[2])
for qos in (0, 1, 2):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"paho-rate-{qos}", protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    while not client.is_connected():
        time.sleep(0.01)
    began = time.monotonic()
    flying = [client.publish("rate/t", b"x" * 64, qos=qos) for _ in range(count)]
    for one in flying:
        one.wait_for_publish(60)
    print(f"{count / (time.monotonic() - began):.0f}")
    client.disconnect()
    client.loop_stop()
