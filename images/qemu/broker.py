"""mosquitto on the host, and what the tests say and hear through it with its own clients."""

import json
import os
import queue
import shutil
import socket
import subprocess
import threading
import time

from vm import PATIENCE


def free_port():
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        return end.getsockname()[1]


class Broker:
    """A broker of its own for one guest; `with` ends it."""

    def __init__(self, folder):
        path = os.path.join(folder, "mosquitto.conf")
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.log = open(os.path.join(folder, "mosquitto.log"), "wb")
        until = time.monotonic() + PATIENCE
        self.process = None
        while True:
            # Another may take the port before mosquitto does: then it ends, and has another one.
            if self.process is None or self.process.poll() is not None:
                self.port = free_port()
                with open(path, "w") as settings:
                    settings.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
                self.process = subprocess.Popen([program, "-c", path], stdout=self.log, stderr=self.log)
            with socket.socket() as end:
                if end.connect_ex(("127.0.0.1", self.port)) == 0 and self.process.poll() is None:
                    break
            if time.monotonic() > until:
                self.process.kill()
                raise AssertionError("mosquitto did not start")
            time.sleep(0.05)
        self.children = [self.process]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
        self.log.close()

    def say(self, topic, payload):
        """Publishes."""
        command = ["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-m", payload]
        subprocess.run(command, check=True, timeout=60)

    def hear(self, *topics):
        """What comes on topics from now on, as it comes."""
        command = ["mosquitto_sub", "-p", str(self.port), "-q", "1", "-F", "%t %p"]
        for topic in topics:
            command += ["-t", topic]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        heard = queue.Queue()

        def read():
            for line in child.stdout:
                heard.put(line.rstrip("\n").split(" ", 1))

        threading.Thread(target=read, daemon=True).start()
        return Heard(heard)


class Heard:
    """Messages in the order in which they came."""

    def __init__(self, messages):
        self.messages = messages
        self.kept = []

    def expect(self, what, wanted):
        """The next message for which `wanted(topic, payload)` is true; JSON is read."""
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > 0:
            try:
                topic, payload = self.messages.get(timeout=min(left, 1))
            except queue.Empty:
                continue
            try:
                payload = json.loads(payload)
            except ValueError:
                pass
            self.kept.append((topic, payload))
            if wanted(topic, payload):
                return payload
        heard = [payload["text"] if "text" in payload else payload for _, payload in self.kept[-5:]]
        raise AssertionError(f"waited for {what}; heard {heard}")

    def rest(self, wanted, quiet=5):
        """The messages of a kind that still come, until for `quiet` seconds nothing does."""
        found = []
        while True:
            try:
                topic, payload = self.messages.get(timeout=quiet)
            except queue.Empty:
                return found
            payload = json.loads(payload)
            if wanted(topic, payload):
                found.append(payload)
