"""Texts of our own making for the golden data: sentences of a home, and Unicode at its oddest."""

import random

ROOMS = ["kitchen", "bedroom", "hall", "attic", "garage", "nursery", "study", "bathroom", "cellar", "greenhouse"]
THINGS = ["lamp", "ceiling fan", "radiator", "roller shutter", "radio", "humidifier", "water heater", "door lock"]
PEOPLE = ["Mira", "Tomasz", "Grandma", "Dr. Okafor", "the Lindqvists", "our neighbour", "Uncle Ray", "Aiko"]
# Where there was a wording that others use too (`tests/it/overlap.rs`), there is none now: the dice fall as before.
PATTERNS = [
    "Please switch the {thing} in the {room} on.",
    None,
    "{person} forgot a blue umbrella in the {room} on {day}.",
    "The {thing} in the {room} was repaired for {n} euros by {person}.",
    "Remind me in {n} minutes to look after the {thing}.",
    "How warm was it in the {room} last {day} at noon?",
    "{person} is allergic to walnuts and does not drink milk.",
    "The spare key of the {room} hangs behind the {thing}.",
    "We sold the old {thing} to {person} for {n} dollars.",
    "Never open the {room} window while the {thing} is running.",
    "{person}'s train leaves at a quarter past {n} every {day}.",
    "The serial number of the {thing} begins with HX{n}.",
    "Who has borrowed the ladder that stood in the {room}?",
    "I would like to hear quiet piano music in the {room} on {day} evening.",
    "The humidity in the {room} must stay below {n} percent.",
    "{person} plays the cello and rehearses every {day}.",
    "Dim everything in the {room} to {n} percent when the film starts.",
    "Our insurance covers the {thing} until the spring of 20{n}.",
    "If the {thing} makes a grinding noise, call {person} at once.",
    None,
]
HAND = [
    "hi", "stop", "lights!", "What?", "no, the other one", "42", "21.5 °C", "e-mail", "it's 7:30 a.m.",
    "The quick brown fox jumps over the lazy dog.",
    "Photosynthesis turns carbon dioxide and water into sugar and oxygen.",
    "The bicycle lock opens with the digits seven, three and nine.",
    "Unscrupulous antidisestablishmentarianists misunderstood the counterintelligence reorganisation.",
    "The recipe asks for 350 ml of water, 500 g of flour, 10 g of salt and a spoon of yeast; let it rest overnight.",
    "Because the plumber came late, the water stayed shut until evening, and we washed the dishes in the garden.",
    "A vector is a list of numbers whose direction carries meaning.",
    "My grandmother's maiden name was Brzezinska-O'Connor.",
    "The café on Rosenstraße closes at 18:00; the naïve façade fooled us.",
    "Version 2.0.1-rc3 of the firmware fixes CVE-like problems in the bootloader (see release notes).",
    "https://example.org/path?query=1&x=y#part", "C:\\Users\\mira\\Desktop", "a@b.example", "#hashtag @mention $5.00 100%",
    "The meeting about the meeting has been moved to the meeting room.",
    "Whoever was last in the greenhouse left the door open, and two tomato plants froze.",
    "The electricity meter showed 48213 in October and 48991 in November.",
    "We celebrate on the ninth of August because we married on that day in 2011.",
    "It rained. It poured. It stopped. The sun came out, and the children ran barefoot over the wet grass.",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
ROLLS = 360
SENTENCES = 327

ODD = [
    "", " ", "\t", "\r", "   leading and trailing   ", "a\u00a0b", "a\u2003b\u3000c", "zero\u200bwidth", "joined\u2060word",
    "soft\u00adhyphen", "\ufeffmark of byte order", "bell\u0007 and delete\u007f", "nul\u0000inside", "replacement \ufffd sign",
    "e\u0301 and \u00e9", "n\u0303o\u0308", "\u1e9e STRASSE stra\u00dfe", "\u0130stanbul \u0131", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u03a3\u03a3",
    "\u01c5 \u01f2 \ufb01ne \ufb03", "\u212b \u2126 \u212a", "\uac00\ub098 \u1112\u1161\u11ab", "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0", "\u4e2d\u6587\u53e5\u5b50\u3002\u597d",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u05e9\u05dc\u05d5\u05dd \u05e0\u05b4\u05e7\u05d5\u05bc\u05d3", "\u0645\u0631\u062d\u0628\u0627 \u0640\u0640 \u0651", "\u041f\u0440\u0438\u0432\u0435\u0442 \u0451\u0439",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f", "\U0001d5d4\U0001d5ef\U0001d5f0 bold", "\U00020000 \U0002b820 \U0002b920 \U0002f800", "\U000e0041 tag", "\ue000 private \uf8ff",
    "\u202eright to left\u202c", "\u0300\u0301\u0302", "a\u0300\u0301\u0302b", "[CLS] [SEP] [UNK] [PAD] [MASK] [unused7]", "[sep]", "##ing ## #",
    "don't can\u2019t \u201cquoted\u201d \u2026 \u2014 \u2013 \u00ab\u00bb \u00bf\u00a1", "1,000.50 \u00bd \u00b2 \u2167 \u2460", "x" * 99, "x" * 100, "x" * 101, "word " * 300, "\u00e9" * 100, "\u00e9" * 101,
    "a" + "\u0301" * 120, "\u597d" * 300, "!" * 300, "_under_score_ ^caret `tick ~tilde |pipe", "\u00a7 \u00b6 \u2030 \u20ac \u00a5 \u00a3 \u00a4", "\u1d00\u1d2c\u2090 \ua7b5", "\u0345\u037e\u0387",
]


def lines(pieces):
    """All texts: sentences first, then what is odd, then code points by the row, then mixed words."""
    dice = random.Random(20261121)
    made = list(HAND)
    for at in range(len(HAND), ROLLS):
        fill = {"room": dice.choice(ROOMS), "thing": dice.choice(THINGS), "person": dice.choice(PEOPLE)}
        fill |= {"day": dice.choice(DAYS), "n": dice.randrange(11, 99)}
        pattern, as_written = PATTERNS[at % len(PATTERNS)], dice.random() < 0.6
        if pattern:
            text = pattern.format(**fill)
            made.append(text if as_written else text.lower().rstrip(".?"))
    made += ODD
    # Every code point of the first planes in rows of 40, apart and glued to letters.
    points = [c for c in list(range(0x20, 0x3400)) + list(range(0xA000, 0xAC00)) + list(range(0xD7B0, 0xD800))
              + list(range(0xF900, 0x10000)) + list(range(0x10000, 0x12000)) + list(range(0x1D000, 0x1FB00))]
    for at in range(0, len(points), 40):
        row = [chr(c) for c in points[at : at + 40] if c not in (0x2028, 0x2029)]
        made.append(" ".join(row))
        made.append("a".join(row))
    # Words that the vocabulary makes: whole, glued, cut.
    bare = [piece.removeprefix("##") for piece in pieces[4:]]
    for _ in range(1500):
        words = ["".join(dice.choices(bare, k=dice.choice([1, 1, 1, 2, 3])))[: dice.randrange(1, 24)] for _ in range(dice.randrange(1, 12))]
        glue = dice.choice([" ", " ", " ", "-", "  ", "\t", ", "])
        text = glue.join(words)
        made.append(dice.choice([str, str.upper, str.title])(text))
    return made
