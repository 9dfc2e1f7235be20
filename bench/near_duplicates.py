#!/usr/bin/env python3
"""May memories be merged at write because their vectors are near? Measured on pairs written for this.

usage: bench/near_duplicates.py HEARTH [PAIRS.jsonl]

Each pair says the same in other words, or looks alike and differs in a number, a date, a name, a negation and so on.
A threshold is chosen on one half: the least that has a precision of 0.99 there. The other half says what it is worth.
Once with the cosine alone, once behind a guard of words: numbers, days and months, names in their order, negations
and opposites must be the same in both texts.
"""
import json
import os
import re
import subprocess
import sys

NUMBERS = """one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand
first second third fourth fifth half both twice once""".split()
DAYS = """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
september october november december today tomorrow yesterday tonight morning noon evening night""".split()
NOT = "not no never none nobody nothing without hardly neither nor cannot n't isn't doesn't don't won't".split()
OPPOSITES = """on off in out open closed close full empty locked unlocked lock unlock raise lower left right upper hot
cold before after lost found more less old new sold bought confirmed cancelled always up down with""".split()


def signs(text, names):
    """What the guard looks at: numbers, days, negations and opposites, and names in their order."""
    found = {"numbers": [], "days": [], "not": [], "opposites": [], "names": []}
    for word in map(plain, re.findall(r"[\w']+", text)):
        if word.isdigit() or word in NUMBERS:
            found["numbers"].append(word)
        elif word in DAYS or word.rstrip("s") in DAYS:
            found["days"].append(word.rstrip("s"))
        elif word in NOT or word.endswith("n't"):
            found["not"].append("not")
        elif word in OPPOSITES:
            found["opposites"].append(word)
        elif word in names:
            found["names"].append(word)
    return {key: some if key == "names" else sorted(some) for key, some in found.items()}


def plain(word):
    return word.lower().removesuffix("'s")


def guarded(a, b):
    """Whether the words let both be the same."""
    # What is written large inside a sentence is a name, also where it begins the other sentence.
    names = {plain(w) for text in (a, b) for w in re.findall(r"[\w']+", text)[1:] if w[0].isupper() and w != "I"}
    return signs(a, names) == signs(b, names)


def cosines(hearth, pairs):
    texts = [text for pair in pairs for text in (pair["a"], pair["b"])]
    vectors = []
    for at in range(0, len(texts), 32):
        told = subprocess.run([hearth, "embed", "--json", "--bare", *texts[at:at + 32]], check=True,
                              capture_output=True, text=True).stdout
        vectors += [one["vector"] for one in json.loads(told)["texts"]]
    none = sum(vector is None for vector in vectors)
    if none:
        print(f"{none} texts got no vector")
    dot = lambda a, b: sum(x * y for x, y in zip(a, b)) if a and b else -1.0
    return [dot(a, b) for a, b in zip(vectors[::2], vectors[1::2])]


def score(pairs, threshold):
    hits = [pair for pair in pairs if pair["near"] >= threshold]
    right = sum(pair["same"] for pair in hits)
    return right, len(hits), sum(pair["same"] for pair in pairs)


def row(name, pairs, threshold):
    right, hits, all_same = score(pairs, threshold)
    precision = f"{right / hits:.3f}" if hits else "  -  "
    print(f"{name:<10} threshold {threshold:.3f}  precision {precision} ({right} of {hits})  "
          f"recall {right / all_same:.3f} ({right} of {all_same})")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[2] if len(sys.argv) > 2 else os.path.join(here, "../tests/data/memory/pairs.jsonl")
    pairs = [json.loads(line) for line in open(path, encoding="utf-8")]
    for pair, near in zip(pairs, cosines(sys.argv[1], pairs)):
        pair["near"] = near
    print(f"{len(pairs)} pairs, {sum(pair['same'] for pair in pairs)} of them the same")
    mean = lambda some: sum(pair["near"] for pair in some) / len(some)
    print(f"mean cosine of the same {mean([p for p in pairs if p['same']]):.3f}, by what differs:")
    for kind in sorted({pair["differs"] for pair in pairs if not pair["same"]}):
        of = [pair for pair in pairs if pair.get("differs") == kind]
        print(f"  {kind:<9} {mean(of):.3f}, greatest {max(pair['near'] for pair in of):.3f}")
    for name, some in [("alone", pairs), ("guarded", [p for p in pairs if guarded(p["a"], p["b"])])]:
        halves = [[p for p in some if p["held_out"] == half] for half in (False, True)]
        kinds = sorted({p["differs"] for p in some if not p["same"]})
        print(f"\n{name}: {len(some)} pairs, {sum(p['same'] for p in some)} the same; the others differ in {', '.join(kinds)}")
        for at in (0.80, 0.85, 0.90, 0.95, 0.97, 0.98, 0.99):
            row("all", some, at)
        least = sorted({p["near"] for p in halves[0] if p["same"]})
        good = [at for at in least if (s := score(halves[0], at))[0] >= 0.99 * s[1]]
        if good:
            row("chosen on", halves[0], good[0])
            row("held out", halves[1], good[0])
            row("all", some, good[0])
        else:
            print("no threshold has a precision of 0.99 on the half on which it is chosen")
        false = sorted((p for p in some if not p["same"]), key=lambda p: -p["near"])[:5]
        for pair in false:
            print(f"  not the same, {pair['near']:.3f}: {pair['a']} | {pair['b']}")


if __name__ == "__main__":
    main()
