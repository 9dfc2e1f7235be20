"""What the guest of tests/heavy/walls-qemu must have said. Ends with 1 and every fault."""

import json
import re
import sys

text = open(sys.argv[1], encoding="utf-8", errors="replace").read()
cases = {name: body for name, body in re.findall(r"^BEGIN (\S+)\n(.*?)^END \1", text, re.S | re.M)}
faults = []


def check(holds, what):
    if not holds:
        faults.append(what)


def code(name):
    found = re.search(r"^CODE (\d+)$", cases.get(name, ""), re.M)
    return int(found.group(1)) if found else None


def report(name):
    body = cases.get(name, "")
    try:
        return json.loads(body[body.index("{") : body.rindex("}") + 1])
    except ValueError as error:
        sys.exit(f"{name}: {error}: {body[:800]}\n{text[-1500:]}")


HANDS = ["pure", "files", "lines", "net", "link", "embed"]
MISSING = ["user_ns", "mount_ns", "net_ns", "pid_ns", "ipc_ns", "landlock_files", "landlock_tcp", "landlock_scopes", "uid"]


def walls(found, cgroup):
    """Claims: what this kernel has, and only that."""
    for name in HANDS + ["shell"]:
        of = found["classes"][name]
        for wall in MISSING:
            standing = of["walls"][wall]["standing"]
            check(standing in ("missing", "unused"), f"{name}: {wall} is {standing}")
            check(of["walls"][wall]["tried"] == {}, f"{name}: something is claimed of {wall}")
        check(of["walls"]["rlimits"]["standing"] == "holds", f"{name}: rlimits {of['walls']['rlimits']}")
        check(of["walls"]["cgroup"]["standing"] == cgroup, f"{name}: cgroup {of['walls']['cgroup']}")
    for name in HANDS:
        of = found["classes"][name]
        check(of["walls"]["seccomp"]["standing"] == "holds", f"{name}: seccomp {of['walls']['seccomp']}")
        check(of["succeeded_with_all_walls"] == [], f"{name} let through {of['succeeded_with_all_walls']}")
        for act in ["read_file", "write_file", "connect_tcp", "send_udp", "connect_abstract", "connect_path", "signal",
                    "trace", "fork", "exec", "mount", "shared_memory", "keys", "io_uring", "fault_handler", "bpf",
                    "map_executable"]:
            how = of["walls"]["seccomp"]["tried"].get(act)
            refusal = "ENOSYS: Function not implemented" if name == "embed" else "ended by SIGSYS"
            check(how == refusal, f"{name}: {act}: {how}")


kernel = cases.get("kernel", "")
check("landlock" not in kernel, f"this kernel has Landlock on: {kernel}")
check(re.search(r"^0$", kernel, re.M), f"this kernel has user namespaces: {kernel}")

plain = report("doctor")
walls(plain, "missing")
# That an act succeeds with no wall is what makes its refusal a claim; a mount needs a user namespace.
allowed_anyway = {"mount", "fault_handler", "io_uring"}
check(set(plain["refused_without_walls"]) <= allowed_anyway, f"refused to anybody: {plain['refused_without_walls']}")
check(code("doctor") == 0, f"doctor ended with {code('doctor')}")

shell = report("shell")
check(code("shell") != 0, "the shell was not refused")
told = shell["fault"]["message"]
check("no mount_ns" in told and "no landlock_files" in told and "hello" not in cases["shell"], f"shell: {told}")
check(code("lamp") == 0 and "lamp is on" in cases["lamp"], f"lamp: {cases.get('lamp')}")
check(code("hands") == 0 and "0 failed" in cases["hands"], f"hands: {cases.get('hands', '')[-800:]}")

# The control group: with it alone what a tree takes is refused, with no wall it is not.
grouped = report("doctor-in-a-group")
walls(grouped, "holds")
for name in HANDS:
    tried = grouped["classes"][name]["walls"]["cgroup"]["tried"]
    check(tried.get("fork", "").startswith("EAGAIN"), f"{name}: fork in a group: {tried}")
    check(tried.get("tree_memory") == "ended by SIGKILL", f"{name}: memory in a group: {tried}")
tried = grouped["classes"]["shell"]["walls"]["cgroup"]["tried"]
check(tried.get("tree_processes", "").startswith("EAGAIN"), f"shell: processes in a group: {tried}")
check(not {"tree_memory", "tree_processes", "fork"} & set(grouped["refused_without_walls"]), "without walls they succeed")
walls(report("doctor-without-group"), "taken_away")
check(code("lamp-in-a-group") == 0, f"lamp in a group: {cases.get('lamp-in-a-group')}")
check(code("hands-in-a-group") == 0, f"hands in a group: {cases.get('hands-in-a-group', '')[-800:]}")

for fault in faults:
    print("walls-qemu:", fault, file=sys.stderr)
sys.exit(1 if faults else 0)
