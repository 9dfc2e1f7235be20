"""A guest under qemu-system: its console, its other serial line, and its hardware seen from the host.

The console is root's shell in the guest. `qtest` reads and writes the machine's registers and wiggles
input pins while the guest runs, so that a level is asserted by the host and not by the program under test.
"""

import json
import os
import re
import socket
import subprocess
import time

# A busy machine emulates slowly; a wait ends at once where what it waits for comes.
PATIENCE = float(os.environ.get("GUEST_PATIENCE", "240"))


class Guest:
    """One machine; `with` ends it."""

    def __init__(self, arguments, folder, console=0, serials=2):
        self.folder = folder
        self.began = time.monotonic()
        self.seen = b""
        self.log = open(os.path.join(folder, "console.log"), "wb")
        command = list(arguments) + ["-display", "none", "-monitor", "none", "-no-reboot", "-accel", "tcg"]
        for number in range(serials):
            command += ["-chardev", f"socket,id=s{number},path={folder}/s{number},server=on,wait=off"]
            command += ["-serial", f"chardev:s{number}"]
        for name in ("qmp", "qtest"):
            command += [f"-{name}", f"unix:{folder}/{name},server=on,wait=off"]
        command += ["-qtest-log", "/dev/null"]
        self.errors = os.path.join(folder, "qemu.log")
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        try:
            self.attach(console)
        except BaseException:
            self.__exit__()
            raise

    def attach(self, console):
        """Takes the console, the monitor and the registers."""
        self.console = self.connect(f"s{console}")
        self.console.settimeout(0.2)
        self.monitor = self.connect("qmp").makefile("rw")
        self.monitor.readline()
        self.qmp("qmp_capabilities")
        self.test = self.connect("qtest").makefile("rw")
        self.commands = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def age(self):
        """Seconds since it was switched on."""
        return time.monotonic() - self.began

    def connect(self, name):
        """A socket of the machine."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                end = socket.socket(socket.AF_UNIX)
                end.connect(os.path.join(self.folder, name))
                return end
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    with open(self.errors, errors="replace") as errors:
                        raise SystemExit(f"qemu did not start: {errors.read()}") from None
                time.sleep(0.05)

    def expect(self, pattern, within=PATIENCE):
        """What the console shows up to a pattern."""
        until = time.monotonic() + within
        wanted = re.compile(pattern.encode())
        while not (found := wanted.search(self.seen)):
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f"no «{pattern}» on the console; it shows: {self.tail()}")
            try:
                part = self.console.recv(65536)
                self.log.write(part)
                self.log.flush()
                self.seen += part
            except TimeoutError:
                pass
        shown, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return shown.decode("utf-8", "replace")

    def tail(self):
        return self.seen[-2000:].decode("utf-8", "replace")

    def quiet(self):
        """Makes the console's shell one for a program: no echo, no prompt, no wrapped lines."""
        self.console.sendall(b"stty -echo cols 4096; PS1=; PS2=\n")
        self.shell("true")

    def shell(self, command, within=PATIENCE):
        """Exit code and output of a command in the guest."""
        self.commands += 1
        mark = f"guest-{self.commands}"
        self.console.sendall(f"{{ {command}\n}} 2>&1; echo \"<$?-{mark}>\"\n".encode())
        shown = self.expect(rf"<\d+-{mark}>", within).replace("\r", "")
        text, _, end = shown.rpartition("<")
        return int(end.split("-")[0]), text.replace("\x1b[6n", "").strip()

    def ask(self, command, within=PATIENCE):
        """The output of a command that must succeed."""
        code, text = self.shell(command, within)
        assert code == 0, f"`{command}` ended with {code}: {text}"
        return text

    def qmp(self, command, **arguments):
        """One command of the monitor."""
        self.monitor.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:
            answer = json.loads(self.monitor.readline())
            if "error" in answer:
                raise AssertionError(f"{command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def hmp(self, command):
        """One command of the monitor for people."""
        return self.qmp("human-monitor-command", **{"command-line": command})

    def qtest(self, command):
        """One command of the test protocol; its answer without the OK."""
        self.test.write(command + "\n")
        self.test.flush()
        while True:
            answer = self.test.readline().strip()
            if not answer.startswith("IRQ"):
                assert answer.startswith("OK"), f"{command}: {answer}"
                return answer[2:].strip()

    def register(self, address):
        """A 32-bit register of the machine, read by the host."""
        return int(self.qtest(f"readl {address:#x}"), 0)

    def set_register(self, address, value):
        """Writes a 32-bit register of the machine, from the host."""
        self.qtest(f"writel {address:#x} {value:#x}")

    def device(self, kind):
        """The place of the one device of a kind in the machine."""
        for line in self.hmp("info qom-tree").splitlines():
            if f"({kind})" in line:
                return "/machine/unattached/" + line.strip().split(" ")[0].lstrip("/")
        raise AssertionError(f"the machine has no {kind}")

    def off(self):
        """Switches it off in order."""
        self.console.sendall(b"/etc/init.d/S90hearth stop; poweroff -f\n")
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def wait_for(what, check, within=PATIENCE):
    """Waits until `check` gives something that is not None."""
    until = time.monotonic() + within
    while (found := check()) is None:
        assert time.monotonic() < until, f"waited {within:.0f} s for {what}"
        time.sleep(0.1)
    return found
