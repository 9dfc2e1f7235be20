"""Turns the fp32 weights of MiniLM-L6 into the one file that Hearth's embed hand maps.

What is done: encoder weights to int8, one scale for each output channel; the table of word pieces to
4 bits, blocks of 16, one scale each; pieces that English text cannot produce are left out. Only
element-wise IEEE arithmetic in a fixed order, so the same bytes come out on every machine.
`src/embed/model/` reads the file; the container is the safetensors format.
"""

import json
import sys
import unicodedata

import numpy as np

LAYERS = 6
# Positions kept; sentence-transformers cuts this model's input there (max_seq_length).
POSITIONS = 256
BLOCK = 16
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
# Candidates for the value that the largest weight of a block is mapped to; the best one is taken.
ANCHORS = tuple(sign * step / 8 for sign in (-1, 1) for step in range(44, 73))


def read(path):
    """The tensors of a safetensors file."""
    raw = open(path, "rb").read()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__" or about["dtype"] != "F32":
            continue
        first, last = about["data_offsets"]
        data = raw[8 + size + first : 8 + size + last]
        tensors[name] = np.frombuffer(data, np.float32).reshape(about["shape"])
    return tensors


def write(path, tensors, metadata):
    """Writes a safetensors file: wide types first, so that each tensor lies aligned."""
    names = {np.dtype(np.float32): "F32", np.dtype(np.float16): "F16", np.dtype(np.int8): "I8", np.dtype(np.uint8): "U8"}
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header, at = {"__metadata__": metadata}, 0
    for name in order:
        tensor = tensors[name]
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(header, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 64 + 56)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            out.write(np.ascontiguousarray(tensors[name]).astype(tensors[name].dtype.newbyteorder("<")).tobytes())


def kept(piece):
    """Whether a word piece stays: the rule is about spelling, no list of frequent words is used.

    Four markers, and every piece of Latin letters, digits, punctuation and signs (below U+0250, and
    U+2000 to U+22FF) that a text without accents can hold. What falls out: [MASK] and the [unused…]
    rows, pieces with an accent, which the tokenizer takes off before it looks, and pieces of scripts
    that this English model has hardly seen.
    """
    if piece in SPECIAL:
        return True
    if piece.startswith("[") and len(piece) > 1:
        return False
    plain = all(ord(c) < 0x250 or 0x2000 <= ord(c) < 0x2300 for c in piece)
    return plain and not any(unicodedata.combining(c) for c in unicodedata.normalize("NFD", piece))


def int8_rows(weights):
    """Symmetric int8 with one scale a row."""
    scale = np.abs(weights).max(axis=1, keepdims=True) / np.float32(127)
    scale[scale == 0] = 1
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale[:, 0].astype(np.float32)


def int4_blocks(table):
    """Symmetric 4 bits around 8 in blocks of a row; the scale of least squared error among the anchors."""
    rows, width = table.shape
    blocks = table.reshape(rows, width // BLOCK, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)
    best = None
    for anchor in ANCHORS:
        scale = (largest / np.float32(anchor)).astype(np.float16).astype(np.float32)
        scale[scale == 0] = np.float32(1e-7)
        digits = np.clip(np.rint(blocks / scale) + 8, 0, 15)
        error = ((digits - 8) * scale - blocks) ** 2
        total = np.zeros(error.shape[:-1], np.float32)
        for column in range(BLOCK):  # One after the other: a vectorised sum depends on the machine.
            total = total + error[..., column]
        if best is None:
            best = [digits, scale, total]
        else:
            better = total < best[2]
            best[0] = np.where(better[..., None], digits, best[0])
            best[1] = np.where(better[..., None], scale, best[1])
            best[2] = np.where(better, total, best[2])
    digits = best[0].reshape(rows, width).astype(np.uint8)
    return digits[:, 0::2] | (digits[:, 1::2] << 4), best[1][..., 0].astype(np.float16)


def pruned(folder):
    """The pieces that stay, and their rows in the original table."""
    pieces = open(f"{folder}/vocab.txt", encoding="utf-8").read().split("\n")
    pieces = [piece for piece in pieces if piece]
    rows = [row for row, piece in enumerate(pieces) if kept(piece)]
    return [pieces[row] for row in rows], rows


def prepare(folder):
    """Every tensor of the file."""
    weights = read(f"{folder}/model.safetensors")
    pieces, rows = pruned(folder)
    made = {"vocabulary": np.frombuffer("\n".join(pieces).encode(), np.uint8)}
    made["table.digits"], made["table.scales"] = int4_blocks(weights["embeddings.word_embeddings.weight"][rows])
    # One sentence at a time: the type of a token is always 0, so its row is part of the position.
    place = weights["embeddings.position_embeddings.weight"][:POSITIONS] + weights["embeddings.token_type_embeddings.weight"][0]
    made["positions"] = place.astype(np.float16)
    norm(made, "norm", weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        theirs, ours = f"encoder.layer.{layer}.", f"layer{layer}."
        joined = [weights[theirs + f"attention.self.{part}.weight"] for part in ("query", "key", "value")]
        biases = [weights[theirs + f"attention.self.{part}.bias"] for part in ("query", "key", "value")]
        # The 1/sqrt(32) of attention goes into the queries.
        head = np.float32(1 / np.sqrt(32))
        joined[0], biases[0] = joined[0] * head, biases[0] * head
        linear(made, ours + "attend", np.concatenate(joined), np.concatenate(biases))
        for name, part in (("join", "attention.output"), ("widen", "intermediate"), ("narrow", "output")):
            linear(made, ours + name, weights[f"{theirs}{part}.dense.weight"], weights[f"{theirs}{part}.dense.bias"])
        norm(made, ours + "norm1", weights, theirs + "attention.output.LayerNorm")
        norm(made, ours + "norm2", weights, theirs + "output.LayerNorm")
    return made


def linear(made, name, weights, bias):
    made[name + ".digits"], made[name + ".scales"] = int8_rows(weights)
    made[name + ".bias"] = bias


def norm(made, name, weights, theirs):
    made[name + ".weight"], made[name + ".bias"] = weights[theirs + ".weight"], weights[theirs + ".bias"]


if __name__ == "__main__":
    source, out = sys.argv[1:]
    about = {
        "format": "hearth-embed-1",
        "name": "all-MiniLM-L6-v2, English, int8 encoder, 4-bit table",
        "licence": "Apache-2.0",
        "changed": "quantised and pruned by models/prepare.py of Hearth",
    }
    write(out, prepare(source), about)
