"""What is asserted of a guest, in the order in which a home would meet it."""

import json

from frames import Line
from vm import wait_for

HOME = "hearth/guest"

# Registers of the BCM2837 that set and clear pins; in QEMU they also set what an input reads.
GPSET0 = 0x3F20_001C
GPCLR0 = 0x3F20_0028


def everything(machine, guest, broker, heard):
    """All checks of a machine."""
    up = guest.expect(r"GUEST up after [^\r\n]+[\r\n]").strip().splitlines()[-1]
    print(f"{machine.name}: {up}")
    heard.expect("the agent's availability", lambda _, payload: payload == "online")
    replies = broker.hear(f"{HOME}/reply")
    events = broker.hear(f"{HOME}/event")
    obeying(machine, guest, broker, replies)
    guest.quiet()
    if machine.clockless:
        year = guest.ask("date +%Y")
        assert year == "1970", f"this was to show the service without a clock, and the year is {year}"
    if machine.gpio_sim:
        relay(guest, broker, replies)
        button(guest, events)
    if machine.pl061:
        gate(machine, guest, events)
    elif machine.levels:
        looked_at(guest, broker, replies)
    if machine.thermometers:
        thermometers(machine, guest, broker, replies)
    serial(machine, guest)
    refused(machine, guest, broker, replies)
    keeper(guest)
    walls(machine, guest)
    memory(machine, guest)


def told(broker, replies, text, wanted):
    """Says a sentence over MQTT and waits for the answer that contains `wanted`."""
    broker.say(f"{HOME}/say", text)
    return replies.expect(f"«{wanted}» to «{text}»", lambda _, answer: wanted in str(answer))


def lamp(machine, guest):
    """Level of the porch lamp's pin: from the machine's registers, by the host, where it has pins."""
    if machine.levels:
        return guest.register(machine.levels) >> machine.bit & 1
    return sim(guest, 2)


def sim(guest, line):
    """Level of a line of gpio-sim, read in the guest's kernel."""
    return int(guest.ask(f"cat /tmp/sim/sim_gpio{line}/value"))


def obeying(machine, guest, broker, replies):
    """The first command is obeyed: the pin moves."""
    told(broker, replies, "turn on the porch lamp", "porch lamp is on")
    print(f"{machine.name}: switched on to obeying {guest.age():.1f} s")
    if machine.levels:
        assert lamp(machine, guest) == 1, "the lamp's pin is low"
        told(broker, replies, "turn off the porch lamp", "porch lamp is off")
        assert lamp(machine, guest) == 0, "the lamp's pin is high"
        told(broker, replies, "turn on the porch lamp", "porch lamp is on")
        assert lamp(machine, guest) == 1, "the lamp's pin is low again"


def relay(guest, broker, replies):
    """A command moves a line of gpio-sim, found by its name in the kernel."""
    assert sim(guest, 3) == 0, "the relay is on before anybody asked"
    told(broker, replies, "turn on the pump", "pump is on")
    assert sim(guest, 3) == 1, "the relay did not move"
    told(broker, replies, "turn off the pump", "pump is off")
    assert sim(guest, 3) == 0, "the relay did not move back"


def changed(entity, state):
    """Whether an event is a change of an entity to a state."""
    return lambda _, event: event["entity"] == entity and event["property"] == "state" and event["to"] == state


def button(guest, events):
    """An edge in the guest's kernel becomes an event; a bounce does not."""
    button = "binary_sensor.door_button"
    for pull, state in (("pull-up", "on"), ("pull-down", "off"), ("pull-up", "on")):
        guest.ask(f"echo {pull} > /tmp/sim/sim_gpio4/pull")
        events.expect(f"the button to be {state}", changed(button, state))
    # Down and up again within the debounce time: one long press stays one.
    guest.ask("for n in 1 2 3 4 5; do echo pull-down; echo pull-up; done > /tmp/sim/sim_gpio4/pull")
    guest.ask("sleep 1; echo pull-down > /tmp/sim/sim_gpio4/pull")
    events.expect("the button to be off at last", changed(button, "off"))
    # A bounce that became an event would have been taken for that one, and the last would still come.
    late = events.rest(lambda _, event: event["entity"] == button)
    assert not late, f"bounces became events: {late}"


def gate(machine, guest, events):
    """An edge that the host puts on the machine's pin becomes an event."""
    place = guest.device("pl061")
    for level, state in ((1, "on"), (0, "off"), (1, "on")):
        guest.qtest(f"set_irq_in {place} unnamed-gpio-in 5 {level}")
        events.expect(f"the gate to be {state}", changed("binary_sensor.garden_gate", state))


def looked_at(guest, broker, replies):
    """An input that the host sets is read when it is asked for; this machine's model has no edges."""
    for register, answer in ((GPSET0, "Yes"), (GPCLR0, "No"), (GPSET0, "Yes")):
        guest.set_register(register, 1 << 22)
        told(broker, replies, "is the garden gate on?", answer)


def thermometers(machine, guest, broker, replies):
    """What the host makes two thermometers on one bus feel is read, each by the descriptor that has its address."""
    for place, celsius in (("hall", 41.5), ("shed", -12.5), ("hall", 3.0), ("shed", 28.0)):
        guest.qmp("qom-set", path=f"/machine/peripheral/{place}", property="temperature", value=int(celsius * 1000))
        answer = told(broker, replies, f"what is the {place} temperature?", f"{celsius:g} °C")
        print(f"{machine.name}: tmp105 at {celsius} °C: {answer['text']}")
    # The brain opened both and keeps them for a hand that must be made again; the hand that has them may set no address
    # (`a_lines_hand_cannot_change_the_address_of_its_i2c_descriptor`).
    holders = guest.ask(
        "for p in /proc/[0-9]*; do n=$(ls -l $p/fd 2>/dev/null | grep -c /dev/i2c-1); "
        "[ $n = 0 ] || echo $(cat $p/comm) $n $(sed -n 's/^Seccomp:.//p' $p/status); done"
    )
    found = sorted(holders.splitlines())
    assert found == ["hearth 2 2", "hearth-lines 2 2"], f"not two devices in the sealed brain and hand: {holders}"


def serial(machine, guest):
    """The second line takes a person's text and a machine's frames."""
    line = Line(guest.connect(machine.line))
    line.say("turn off the porch lamp")
    line.expect("porch lamp is off")
    assert lamp(machine, guest) == 0, "the lamp's pin is high after the text"
    outcome, text = line.command(7, "turn on the porch lamp")
    assert (outcome, text) == (0, "The porch lamp is on."), f"the frame was answered {outcome}: {text}"
    assert lamp(machine, guest) == 1, "the lamp's pin is low after the frame"
    outcome, text = line.command(8, "open the pod bay doors")
    assert outcome == 2, f"an unknown command was answered {outcome}: {text}"


def refused(machine, guest, broker, replies):
    """What must not happen is refused, and said."""
    guest.ask("echo HEARTH_RUNTIME=/run/hearth-agent HEARTH_DATA=/var/lib/hearth > /tmp/env")
    code, text = guest.shell("env $(cat /tmp/env) hearth tool call line_set '{\"line\": \"line_6\", \"value\": 1}' --json")
    assert code != 0 and "not_found" in text, f"a line outside the home: {code} {text}"
    # One client is somebody in [people], the other is nobody.
    broker.say(f"{HOME}/resident/request", json.dumps({"text": "turn off the porch lamp", "id": "1"}))
    wait_for("the resident's lamp", lambda: True if lamp(machine, guest) == 0 else None)
    broker.say(f"{HOME}/stranger/request", json.dumps({"text": "turn on the porch lamp", "id": "2"}))
    told(broker, replies, "is the porch lamp on?", "No")
    assert lamp(machine, guest) == 0, "a stranger moved the lamp"


def keeper(guest):
    """The secrets helper keeps root's secret; the agent's user may use it and not read it, and nobody else is let in."""
    canary = "canary-of-the-guest"

    def told(user, command):
        return guest.shell(f"su -s /bin/sh {user} -c 'env $(cat /tmp/env) hearth {command}'")

    guest.ask("env $(cat /tmp/env) hearth secret init")
    guest.ask(f"printf %s {canary} | env $(cat /tmp/env) hearth secret add model")
    guest.ask("env $(cat /tmp/env) hearth keeper enrol --uid $(id -u hearth) --key /var/lib/hearth/session.key")
    assert "model" in guest.ask("env $(cat /tmp/env) hearth secret list"), "root's secret is not listed"
    assert canary in guest.ask("env $(cat /tmp/env) hearth secret export model"), "root's secret is another one"
    code, text = told("hearth", "keeper status")
    assert code == 0, f"the keeper refuses the agent's user: {text}"
    code, text = told("hearth", "secret export model")
    assert code != 0 and canary not in text, "the agent's user exports a secret"
    code, text = told("stranger", "keeper status")
    assert code != 0, f"the keeper answers a stranger: {text}"


def walls(machine, guest):
    """Every hand's walls as this kernel raised them: tried, not assumed."""
    if machine.board:
        boards = guest.ask("env $(cat /tmp/env) hearth board list")
        assert f"* {machine.board} " in boards, f"its device tree is not known: {boards}"
    # Some 400 processes try them, one after another: the first question may be too early.
    doctor = "env $(cat /tmp/env) hearth doctor --json"
    # As long as the service itself waits for them.
    text = wait_for("the walls", lambda: (lambda code, text: text if code == 0 else None)(*guest.shell(doctor, 1300)), 1300)
    print(f"{machine.name}: walls tried {guest.age():.0f} s after it was switched on")
    report = json.loads(text[text.index("{") :])
    for name, hand in report["classes"].items():
        standing = {wall: found["standing"] for wall, found in hand["walls"].items()}
        print(f"{machine.name}: walls of {name}: " + ", ".join(f"{wall} {how}" for wall, how in standing.items()))
        for wall in ("seccomp", "landlock_files", "user_ns", "mount_ns", "net_ns", "rlimits"):
            assert standing[wall] == "holds", f"{name}: {wall} {standing[wall]}"
        assert "broken" not in standing.values(), f"{name}: {standing}"
        assert not hand["succeeded_with_all_walls"], f"{name}: {hand['succeeded_with_all_walls']}"
        tried = hand["walls"]["seccomp"]["tried"]
        # A hand that tries is ended; the programs of `shell` and the embedder, which others wrote, are told that there
        # is no such call.
        ending = "ENOSYS" if name in ("shell", "embed") else "SIGSYS"
        assert len(tried) > 10 and all(ending in how for how in tried.values()), f"{name}: {tried}"
        print(f"{machine.name}: {name}: its filter refused {len(tried)} acts of {len(tried)}")


def memory(machine, guest):
    """Proportional memory of each of our processes."""
    script = (
        "for p in /proc/[0-9]*; do read -r name < $p/comm; case $name in hearth*) "
        "awk -v n=$name '/^Pss:/{s+=$2} END{print n, s}' $p/smaps;; esac; done"
    )
    shares = [line.split() for line in guest.ask(script).splitlines()]
    total = sum(int(kib) for _, kib in shares)
    print(f"{machine.name}: PSS in KiB: " + ", ".join(f"{name} {kib}" for name, kib in shares) + f"; together {total}")
    assert wait_for("the agent", lambda: True if any(name == "hearth" for name, _ in shares) else None, 1)
