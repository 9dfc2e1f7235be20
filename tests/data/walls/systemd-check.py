"""What the guest of tests/heavy/systemd-cgroup must have said. Ends with 1 and every fault."""

import json
import re
import sys

text = open(sys.argv[1], encoding="utf-8", errors="replace").read()
cases = {name: (body, code) for name, body, code in re.findall(r"^BEGIN (\S+)\n(.*?)^CODE (\d+)\nEND", text, re.S | re.M)}
faults = []


def check(holds, what):
    if not holds:
        faults.append(what)


def of(name):
    if name not in cases:
        sys.exit(f"systemd-cgroup: the guest said nothing of {name}: {text[-2000:]}")
    return cases[name]


body, code = of("doctor")
# The last answer: before it come those that were asked for too early.
found = json.loads(body[("\n" + body).rindex("\n{") : body.rindex("}") + 1])
for name, walls in found["classes"].items():
    wall = walls["walls"]["cgroup"]
    check(wall["standing"] == "holds", f"{name}: cgroup {wall}")
    check(walls["succeeded_with_all_walls"] == [], f"{name} let through {walls['succeeded_with_all_walls']}")
    if name != "shell":
        check(wall["tried"].get("tree_memory") == "ended by SIGKILL", f"{name}: memory in a group: {wall}")
# Without that wall a hand could take it: the refusal is the wall's.
check("tree_memory" not in found["refused_without_walls"], f"refused to anybody: {found['refused_without_walls']}")
body, code = of("groups")
shells = []
for line in body.split("\n"):
    words = line.split()
    if len(words) == 5:
        most, peak, processes, ended = (int(word) for word in words[1:])
        check(peak <= most, f"{words[0]} took {peak} of {most}")
        # A hand of any other class is one process.
        shells += [(peak, most, ended)] if processes > 1 else []
check(any(ended > 0 and peak > most * 9 // 10 for peak, most, ended in shells), f"no shell was stopped at its cap: {body}")
for name in ["lamp", "after"]:
    body, code = of(name)
    check(code == "0" and "lamp is" in body, f"{name}: {body}")
for fault in faults:
    print("systemd-cgroup:", fault, file=sys.stderr)
sys.exit(1 if faults else 0)
