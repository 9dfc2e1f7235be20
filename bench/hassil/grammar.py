"""Times Hearth and hassil on the same sentences and homes, and prints p50 and p99 in microseconds."""

import json
import os
import subprocess
import sys
import time

import hassil
from hassil.intents import Intents, TextSlotList
from hassil.recognize import recognize_best

ROOMS = ["pantry", "lounge", "loft", "shed", "porch", "nursery", "bathroom", "carport", "cellar", "studio"]
THINGS = [("light", "lamp"), ("light", "spot"), ("switch", "socket"), ("fan", "fan"), ("cover", "blind")]
GRAMMAR = {
    "language": "en",
    "intents": {
        "HassTurnOn": {"data": [{"sentences": [
            "(turn|switch|put) on [the] {name}", "(turn|switch|put) [the] {name} on", "open [the] {name}",
            "(turn|switch) on [the] {area} lights", "{area} lights on"]}]},
        "HassTurnOff": {"data": [{"sentences": [
            "(turn|switch|put) off [the] {name}", "(turn|switch|put) [the] {name} off", "(close|shut) [the] {name}",
            "(turn|switch) off [the] {area} lights", "{area} lights off"]}]},
        "HassLightSet": {"data": [{"sentences": [
            "(set|dim|turn) [the] {name} [brightness] to {brightness} [percent]",
            "(set|make|turn) [the] {name} {color}"]}]},
        "HassGetState": {"data": [{"sentences": ["is [the] {name} (on|off|open|closed)", "what is [the] state of [the] {name}"]}]},
    },
    "lists": {
        "brightness": {"range": {"from": 0, "to": 100}},
        "color": {"values": ["red", "green", "blue", "purple"]},
    },
}


def home(count):
    entities = []
    for number in range(count):
        room = ROOMS[number % len(ROOMS)]
        kind, noun = THINGS[number // len(ROOMS) % len(THINGS)]
        round_ = number // (len(ROOMS) * len(THINGS))
        name = f"{room} {noun}" + (f" {round_ + 1}" if round_ else "")
        entities.append({"id": f"{kind}.e{number}", "name": name, "area": room})
    return {"areas": [{"name": room} for room in ROOMS], "entities": entities}


def sentences(entities):
    forms = ["turn on the {}", "switch the {} off", "set the {} to 40 percent", "is the {} on", "make the {} blue"]
    picked = entities[:: max(1, len(entities) // 20)]
    return [form.format(entity["name"]) for entity in picked for form in forms] + [
        "switch on the loft lights", "porch lights off", "what a lovely day it is", "sing me a song"]


def spread(times):
    times = sorted(times)
    return f"p50 {times[len(times) // 2]:9.1f}   p99 {times[min(len(times) - 1, len(times) * 99 // 100)]:9.1f}"


def resident(binary, count, language):
    """Peak resident memory in KB of one `say`, with and without the language data in use."""
    path = f"/tmp/hearth-bench-{count}.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(home(count), file)
    # A batch without a case reads the home and stops before the language is needed.
    cases = json.dumps({"home": path, "sentence": "hello"}) if language else ""
    command = [binary, "say", "--home", path, "--batch", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    process.stdin.write(cases.encode())
    process.stdin.close()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_maxrss


def memory(binary):
    data = os.path.join(os.path.dirname(__file__), "../../src/intent/data/en.txt")
    print(f"language data: {os.path.getsize(data)} bytes of text in the program")
    # The whole process is mostly pages of the program itself; what is added is what counts.
    empty = resident(binary, 0, False)
    print(f"the whole process with an empty home: {empty} KB, mostly pages of the program")
    for count in (0, 10, 100, 1000):
        without, with_language = (resident(binary, count, said) for said in (False, True))
        print(f"{count:5} devices: {without - empty:+} KB for the home, {with_language - without:+} KB for the language data")


def main():
    memory(sys.argv[1])
    intents = Intents.from_dict(GRAMMAR)
    version = getattr(hassil, "__version__", "from PyPI")
    for count in (10, 100, 1000):
        house = home(count)
        said = sentences(house["entities"])
        lists = {
            "name": TextSlotList.from_strings(e["name"] for e in house["entities"]),
            "area": TextSlotList.from_strings(ROOMS),
        }
        theirs = []
        for text in said:
            begun = time.perf_counter()
            recognize_best(text, intents, slot_lists=lists)
            theirs.append((time.perf_counter() - begun) * 1e6)
        path = f"/tmp/hearth-bench-{count}.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(house, file)
        cases = "\n".join(json.dumps({"home": path, "sentence": text}) for text in said)
        done = subprocess.run([sys.argv[1], "say", "--batch", "-"], input=cases, capture_output=True, text=True, check=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        ours = [answer["microseconds"] for answer in answers]
        acted = sum(answer["decision"] in ("act", "answer") for answer in answers)
        print(f"{count:5} devices, {len(said)} sentences, {acted} covered")
        print(f"        hearth  {spread(ours)} µs")
        print(f"        hassil  {spread(theirs)} µs ({version})")


main()
