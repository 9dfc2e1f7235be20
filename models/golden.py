"""Makes what the tests compare with: token ids of the reference tokenizer, vectors of the fp32 model.

  texts.txt     lines of our own making, odd Unicode included; the first SENTENCES are English sentences
  pieces.u16    for each line: how many ids, then the ids, each two bytes (`tokenizers`, pruned vocabulary)
  vectors.i8    for each sentence: one scale (float32), then 384 int8 (fp32 weights, full vocabulary)

The fp32 network is written here a second time, as an ONNX graph that `onnx`'s own reference evaluator
runs: nothing of Hearth's arithmetic is in it.
"""

import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

import prepare
from texts import SENTENCES, lines

HEADS = 12


def tokenizer(pieces):
    """The reference tokenizer, with a vocabulary in this order."""
    made = Tokenizer(models.WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first, last = pieces.index("[CLS]"), pieces.index("[SEP]")
    return lambda text, most: [first] + made.encode(text).ids[: most - 2] + [last]


class Graph:
    """An ONNX graph while it is made."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def linear(self, x, weights, bias):
        return self.op("Add", self.op("MatMul", x, self.constant(weights.T)), self.constant(bias))

    def norm(self, x, weights, name):
        scale, bias = (self.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-12)


def reference(weights):
    """MiniLM-L6 in fp32, ids [S] to the vector [384]."""
    g = Graph()
    words = g.op("Gather", g.constant(weights["embeddings.word_embeddings.weight"]), "ids")
    place = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    length = g.op("Shape", "ids")
    place = g.op("Slice", g.constant(place), g.constant(np.array([0])), length, g.constant(np.array([0])))
    x = g.norm(g.op("Add", words, place), weights, "embeddings.LayerNorm")
    split, join = g.constant(np.array([0, HEADS, 32])), g.constant(np.array([0, 384]))
    for layer in range(prepare.LAYERS):
        p = f"encoder.layer.{layer}."
        part = {}
        for name in ("query", "key", "value"):
            y = g.linear(x, weights[f"{p}attention.self.{name}.weight"], weights[f"{p}attention.self.{name}.bias"])
            part[name] = g.op("Reshape", y, split)
        q, v = (g.op("Transpose", part[name], perm=[1, 0, 2]) for name in ("query", "value"))
        k = g.op("Transpose", part["key"], perm=[1, 2, 0])
        near = g.op("Div", g.op("MatMul", q, k), g.constant(np.sqrt(np.float32(32))))
        mixed = g.op("Transpose", g.op("MatMul", g.op("Softmax", near, axis=-1), v), perm=[1, 0, 2])
        mixed = g.op("Reshape", mixed, join)
        y = g.linear(mixed, weights[f"{p}attention.output.dense.weight"], weights[f"{p}attention.output.dense.bias"])
        x = g.norm(g.op("Add", y, x), weights, f"{p}attention.output.LayerNorm")
        wide = g.op("Gelu", g.linear(x, weights[f"{p}intermediate.dense.weight"], weights[f"{p}intermediate.dense.bias"]))
        y = g.linear(wide, weights[f"{p}output.dense.weight"], weights[f"{p}output.dense.bias"])
        x = g.norm(g.op("Add", y, x), weights, f"{p}output.LayerNorm")
    mean = g.op("ReduceMean", x, g.constant(np.array([0])), keepdims=0)
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["S"])]
    outputs = [helper.make_tensor_value_info(mean, TensorProto.FLOAT, [384])]
    graph = helper.make_graph(g.nodes, "minilm", inputs, outputs, g.constants)
    evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]))

    def run(ids):
        vector = evaluator.run(None, {"ids": np.array(ids, np.int64)})[0]
        return vector / np.linalg.norm(vector)

    return run


if __name__ == "__main__":
    source, model, out = sys.argv[1:]
    kept, _ = prepare.pruned(source)
    everything = open(f"{source}/vocab.txt", encoding="utf-8").read().split("\n")[:-1]
    texts = lines(kept)
    assert all("\n" not in text for text in texts)
    with open(f"{out}/texts.txt", "wb") as file:
        file.write("\n".join(texts).encode())
    ids = tokenizer(kept)
    with open(f"{out}/pieces.u16", "wb") as file:
        for text in texts:
            made = ids(text, prepare.POSITIONS)
            file.write(np.array([len(made)] + made, "<u2").tobytes())
    run, ids = reference(prepare.read(f"{source}/model.safetensors")), tokenizer(everything)
    with open(f"{out}/vectors.i8", "wb") as file:
        for text in texts[:SENTENCES]:
            vector = run(ids(text, prepare.POSITIONS))
            scale = np.float32(np.abs(vector).max() / 127)
            file.write(scale.tobytes() + np.rint(vector / scale).astype(np.int8).tobytes())
    print(f"golden: {len(texts)} texts, {SENTENCES} vectors")
