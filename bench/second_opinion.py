#!/usr/bin/env python3
"""Whether the embedder's nearest phrase may stand in where the grammar abstains (`intent::consider`).

    bench/second_opinion.py target/release/hearth

For sentences that the grammar leaves alone: own wordings that ask for something (ASKS), those of
tests/data/say/people that must move nothing, and sentences about other things (HEARTH_SHARED). The
nearest of a few golden phrases about what is named (GOLDEN) is what would be done. Prints, for each
threshold, how many would be right and wrong, and how many would move something that must not.
"""
import json, os, pathlib, re, subprocess, sys, tempfile

GOLDEN = {
    "light": "on=turn on X|off=turn off X|bright=make X brighter|dim=dim X|color=make X blue|?=is X on",
    "switch": "on=turn on X|off=turn off X|?=is X on",
    "fan": "on=turn on X|off=turn off X|fast=make X faster|slow=make X slower|?=is X on",
    "cover": "open=open X|close=close X|stop=stop X|?=is X open",
    "lock": "lock=lock X|unlock=unlock X|?=is X locked",
    "climate": "warm=make X warmer|cool=make X cooler|off=turn off X|on=turn on X|?=what is the temperature of X",
    "media_player": "on=turn on X|off=turn off X|pause=pause X|play=resume X|loud=make X louder|quiet=make X quieter|?=what is playing on X",
    "vacuum": "start=start X|dock=send X back to its dock|stop=stop X|?=where is X",
    "area": "on=turn on the lights in X|off=turn off the lights in X|dim=dim the lights in X|bright=make the lights in X brighter|warm=make it warmer in X|cool=make it cooler in X|?=which lights are on in X",
    "": "on=turn on the lights|off=turn off the lights|pause=pause the music|loud=turn the volume up|quiet=turn the volume down|lock=lock the doors|warm=make it warmer|cool=make it cooler|?=what time is it|?=what is the weather|close=close the blinds|open=open the blinds|clean=start the vacuum",
}
ASKS = """loft|banish the darkness with big bertha|on
loft|big bertha may go to sleep now|off
loft|the glow worm should shine a lot stronger|bright
loft|the glow worm is blinding me|dim
loft|fire is wanted in the kiln|on
loft|no more power for the gaggia|off
loft|the whirligig could spin quicker|fast
loft|give the whirligig a rest|off
loft|jack frost is not cold enough|cool
loft|hush now thunderbox|pause
loft|thunderbox deserves more volume|loud
loft|let the north skylight breathe|open
loft|seal the north skylight|close
loft|the beast has work to do|start
loft|the beast deserves a nap|dock
loft|the street door must not let anybody in|lock
loft|i wonder about the state of the roof hatch|?
loft|let the flamingo sparkle|on
loft|the flamingo can rest|off
loft|wake big bertha|on
millers|wake up the coffee pot|on
millers|the coffee pot has done its duty|off
millers|put the unicorn to bed|off
millers|the chandelier should sparkle|on
millers|bring life to the porch light|on
millers|the deck lights are far too strong|dim
millers|let some air flow with the primary bedroom fan|on
millers|the front door wants to be bolted tight|lock
millers|let the sun in through the dining room drapes|open
millers|shield us with the living room shades|close
millers|dusty has a mess to deal with|start
millers|dusty may retire|dock
millers|the kitchen could use some illumination|on
millers|darkness for the game room please|off
millers|the living room feels like an icebox|warm
millers|silence the deck speakers for a while|pause
millers|what a racket from the deck speakers|quiet
millers|get the space heater going|on
millers|the iron is dangerous, cut it|off
millers|garage door wide please|open
glasshouse|the seedlings are thirsty, mist sprayer|on
glasshouse|the well pump has pumped enough|off
glasshouse|the goat is hungry|start
glasshouse|bring the goat to its stable|dock
glasshouse|shed radio is annoying|quiet
glasshouse|let fresh air through the roof vent|open
glasshouse|it is stuffy, roof vent|open
glasshouse|cottage lamp, sleep well|off
glasshouse|lend me light from the shed light|on
glasshouse|nobody shall pass the shed door|lock"""
ROOT = pathlib.Path(__file__).resolve().parent.parent
PEOPLE = ROOT / "tests/data/say/people"


def run(arguments, lines):
    said = subprocess.run([sys.argv[1], *arguments], input="\n".join(lines), capture_output=True, text=True)
    return said.stdout


def left_alone(sentences):
    """Those that the grammar abstains on."""
    lines = [json.dumps({"home": str(PEOPLE / f"{home}.json"), "sentence": text}) for home, text, _ in sentences]
    answers = map(json.loads, run(["say", "--batch", "-"], lines).splitlines())
    return [one for one, answer in zip(sentences, answers) if answer["decision"] == "abstain"]


def golden(home, text):
    """What may be meant, as (meaning, phrase), about the longest name in the text."""
    text = f" {re.sub(r'[^a-z0-9_]+', ' ', text.lower())} "
    found = [(0, "", "")]
    for entity in home["entities"]:
        for name in [entity["name"], *entity.get("aliases", [])]:
            name = re.sub("[^a-z0-9]+", " ", name.lower())
            for form in {name, re.sub("^(the|front|dining room|living room) ", "", name)}:
                if len(form) > 3 and f" {form} " in text:
                    found.append((100 + len(form), entity["id"].split(".")[0], form))
    for area in home["areas"]:
        for name in [area["name"], *area.get("aliases", [])]:
            if f" {name.lower()} " in text:
                found.append((len(name), "area", name.lower()))
    _, kind, name = max(found)
    pairs = (pair.split("=") for pair in GOLDEN.get(kind, "").split("|") if pair)
    return [(meaning, phrase.replace("X", f"the {name}")) for meaning, phrase in pairs]


def vectors(texts):
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "hearth.toml")
        config.write_text(
            f'board = "host"\ndata_dir = "{folder}/d"\nruntime_dir = "{folder}/r"\nmodels_dir = "{ROOT}/models"\n')
        out = {}
        for at in range(0, len(texts), 64):
            part = texts[at:at + 64]
            made = json.loads(run(["--config", str(config), "embed", "--json"], part))
            out.update((text, one.get("vector")) for text, one in zip(part, made["texts"]))
        return out


def main():
    homes = {file.stem: json.loads(file.read_text()) for file in PEOPLE.glob("*.json")}
    asks = [tuple(line.split("|")) for line in ASKS.splitlines()]
    still = []
    for name in homes:
        for line in (PEOPLE / f"{name}.txt").read_text().splitlines():
            if " => " in line and not line.startswith("#") and " || " not in line:
                text, wanted = line.rsplit(" => ", 1)
                if wanted in ("none", "still"):
                    still.append((name, text.split(" @ ")[0], ""))
    shared = pathlib.Path(os.environ.get("HEARTH_SHARED", ROOT.parent / "shared")) / "home/snips_ood.json"
    if not shared.exists():
        shared = ROOT.parent.parent / "shared/home/snips_ood.json"
    other = [("millers", case["sentence"], "") for case in json.loads(shared.read_text())["cases"]] if shared.exists() else []
    rows = []
    for sort, sentences in (("asks", asks), ("still", still), ("other", other)):
        for home, text, wanted in left_alone(sentences):
            if phrases := golden(homes[home], text):
                rows.append((sort, text.replace("\n", " "), wanted, phrases))
    made = vectors(list({text: 0 for row in rows for text in [row[1], *(phrase for _, phrase in row[3])]}))
    judged = []
    for sort, text, wanted, phrases in rows:
        if not made[text]:
            continue
        # Vectors have the length 1.
        near = sorted(((sum(a * b for a, b in zip(made[text], made[p])), m) for m, p in phrases), reverse=True)
        judged.append((sort, wanted, near[0][0], near[0][0] - near[1][0], near[0][1]))
    count = lambda test: sum(1 for row in judged if test(*row))
    print({sort: count(lambda s, *_: s == sort) for sort in ("asks", "still", "other")}, "sentences left alone by the grammar")
    for least in (0.5, 0.6, 0.7, 0.75, 0.8, 0.86, 0.9):
        for ahead in (0.0, 0.04):
            near = lambda n, a: n >= least and a >= ahead
            right = count(lambda s, w, n, a, m: s == "asks" and near(n, a) and m == w)
            wrong = count(lambda s, w, n, a, m: s == "asks" and near(n, a) and m != w)
            still = count(lambda s, w, n, a, m: s == "still" and near(n, a) and m != "?")
            other = count(lambda s, w, n, a, m: s == "other" and near(n, a) and m != "?")
            print(f"from {least:.2f}, ahead by {ahead:.2f}: right {right}, wrong {wrong}; "
                  f"would move what must not: {still} of the home's, {other} about other things")


if __name__ == "__main__":
    main()
