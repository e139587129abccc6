"""Hand-made graphs: channels last as TensorFlow exports them, and patterns that are one operator.

Each is loaded and run forward, and its logits are compared with a float64 interpreter of the file
(onnx_reference.py); `retrograd layers` says which operators are left.  The bound is 1e-5 of the largest
logit: a few thousand float32 operations, each rounded to 6e-8.
"""

import math
import os
import re
import subprocess
import sys
import tempfile

BOUND = 1e-5
SAMPLES = 3


class Graph:
    """An ONNX classifier that grows node by node; values are names."""

    def __init__(self, shape, opset=13):
        import numpy as np
        self.shape, self.opset, self.nodes, self.constants = shape, opset, [], []
        self.random = np.random.default_rng(3)

    def constant(self, array):
        import numpy as np
        from onnx import numpy_helper
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def floats(self, *shape):
        return self.constant(self.random.standard_normal(shape).astype("f4") / math.sqrt(shape[-1]))

    def number(self, x):
        import numpy as np
        return self.constant(np.float32(x))

    def ints(self, *list_):
        import numpy as np
        return self.constant(np.array(list_, "i8"))

    def node(self, op, *inputs, outputs=1, **attributes):
        from onnx import helper
        names = [f"v{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def save(self, path, logits):
        import onnx
        from onnx import TensorProto, helper
        graph = helper.make_graph(
            self.nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *self.shape])],
            [helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["N", None])], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.save(model, path)


def conv_nhwc(g, x, channels, kernel):
    """A convolution between two Transposes, as tf2onnx writes it."""
    y = g.node("Transpose", x, perm=[0, 3, 1, 2])
    y = g.node("Conv", y, g.floats(kernel, channels, 3, 3), pads=[1, 1, 1, 1])
    return g.node("Transpose", y, perm=[0, 2, 3, 1])


def channels_last():
    g = Graph((12, 10, 3))
    y = conv_nhwc(g, "x", 3, 8)
    y = g.node("Relu", g.node("Add", g.node("Mul", y, g.floats(8)), g.floats(1, 1, 8)))
    y = g.node("Pad", y, g.ints(0, 1, 2, 0, 0, 0, 1, 0), g.number(0.5))
    a, b = g.node("Split", y, g.ints(3, 5), outputs=2, axis=-1)
    y = g.node("Concat", b, g.node("Sigmoid", a), b, axis=3)
    s = g.node("ReduceMean", y, axes=[1, 2], keepdims=1)
    y = g.node("Mul", y, g.node("Clip", s, g.number(-1.0), g.number(1.0)))
    y = conv_nhwc(g, y, 13, 6)
    y = g.node("ReduceMean", y, axes=[1, 2], keepdims=0)
    return g, g.node("Add", g.node("MatMul", y, g.floats(6, 4)), g.floats(4)), ("Transpose",), ("Split", "Pad")


def channels_last_flattened():
    """Rows of pixels with their channels: here the axes really have to move."""
    g = Graph((6, 5, 2))
    y = g.node("Relu", conv_nhwc(g, "x", 2, 3))
    y = g.node("Reshape", y, g.ints(-1, 90))
    return g, g.node("MatMul", y, g.floats(90, 4)), (), ("Transpose",)


def one_pixel():
    """[N, 1, 1, C] is [N, C, 1, 1] without moving anything."""
    g = Graph((6, 5, 3))
    y = g.node("Transpose", conv_nhwc(g, "x", 3, 5), perm=[0, 3, 1, 2])
    y = g.node("Transpose", g.node("GlobalAveragePool", y), perm=[0, 2, 3, 1])
    return g, g.node("MatMul", g.node("Reshape", y, g.ints(-1, 5)), g.floats(5, 4)), ("Transpose",), ()


def head(g, y, width):
    """Flatten and classify."""
    return g.node("MatMul", g.node("Flatten", y), g.floats(width, 4))


def start(opset=13):
    """A product, so that patterns must not take their own input apart."""
    g = Graph((3, 4, 5), opset)
    return g, g.node("Mul", "x", g.number(2.0))


def erf_part(g, x, divide):
    inner = g.node("Div", x, g.number(math.sqrt(2))) if divide else g.node("Mul", x, g.number(math.sqrt(0.5)))
    return g.node("Add", g.node("Erf", inner), g.number(1.0))


def gelu_torch():
    g, x = start()
    y = g.node("Mul", g.node("Mul", x, erf_part(g, x, True)), g.number(0.5))
    return g, head(g, y, 60), ("Erf",), ("Gelu",)


def gelu_half_first():
    g, x = start()
    y = g.node("Mul", g.node("Mul", g.number(0.5), x), erf_part(g, x, False))
    return g, head(g, y, 60), ("Erf",), ("Gelu",)


def gelu_of_the_sum():
    g, x = start()
    y = g.node("Mul", x, g.node("Div", erf_part(g, x, True), g.number(2.0)))
    return g, head(g, y, 60), ("Erf",), ("Gelu",)


def tanh_part(g, x, cube):
    sum_ = g.node("Add", x, g.node("Mul", g.number(0.044715), cube))
    return g.node("Add", g.node("Tanh", g.node("Mul", sum_, g.number(math.sqrt(2 / math.pi)))), g.number(1.0))


def gelu_tanh_power():
    g, x = start()
    y = g.node("Mul", g.node("Mul", x, g.number(0.5)), tanh_part(g, x, g.node("Pow", x, g.number(3.0))))
    return g, head(g, y, 60), ("Tanh",), ("Gelu",)


def gelu_tanh_products():
    g, x = start()
    cube = g.node("Mul", g.node("Mul", x, x), x)
    y = g.node("Mul", g.number(0.5), g.node("Mul", x, tanh_part(g, x, cube)))
    return g, head(g, y, 60), ("Tanh",), ("Gelu",)


def not_gelu():
    """Another factor, and another argument of erf: left as they are."""
    g, x = start()
    y = g.node("Mul", g.node("Mul", x, erf_part(g, x, True)), g.number(0.6))
    y = g.node("Mul", g.node("Mul", y, erf_part(g, x, True)), g.number(0.5))
    return g, head(g, y, 60), ("Gelu",), ("Erf",)


def hard_swish_sigmoid():
    g, x = start()
    y = g.node("Mul", x, g.node("HardSigmoid", x, alpha=1 / 6, beta=0.5))
    return g, head(g, y, 60), ("HardSigmoid",), ("HardSwish",)


def hard_swish_clip():
    g, x = start()
    clip = g.node("Clip", g.node("Add", x, g.number(3.0)), g.number(0.0), g.number(6.0))
    y = g.node("Div", g.node("Mul", x, clip), g.number(6.0))
    return g, head(g, y, 60), ("Clip",), ("HardSwish",)


def not_hard_swish():
    g, x = start()
    y = g.node("Mul", x, g.node("HardSigmoid", x, alpha=0.2, beta=0.5))
    return g, head(g, y, 60), ("HardSwish",), ("HardSigmoid",)


def swish():
    g, x = start()
    return g, head(g, g.node("Mul", g.node("Sigmoid", x), x), 60), ("Sigmoid",), ("Swish",)


def swish_and_gate():
    """A sigmoid that something else reads, too, stays where it can be asked for."""
    g, x = start()
    gate = g.node("Sigmoid", x)
    return g, head(g, g.node("Add", g.node("Mul", gate, x), gate), 60), (), ("Sigmoid", "Swish")


def gate():
    """A gate by another value's sigmoid is no Swish."""
    g, x = start()
    y = g.node("Mul", g.node("Sigmoid", g.node("Neg", x)), x)
    return g, head(g, y, 60), ("Swish",), ("Sigmoid",)


def centre(g, x, axes):
    return g.node("Sub", x, g.node("ReduceMean", x, axes=axes))


def layer_norm(axes, twice, square):
    def make():
        g, x = start()
        d = centre(g, x, axes)
        e = centre(g, x, axes) if twice else d
        squares = g.node("Mul", e, e) if square else g.node("Pow", e, g.number(2.0))
        variance = g.node("ReduceMean", squares, axes=axes)
        y = g.node("Div", d, g.node("Sqrt", g.node("Add", variance, g.number(1e-3))))
        shape = (5,) if len(axes) == 1 else (4, 5)
        y = g.node("Add", g.node("Mul", y, g.floats(*shape)), g.floats(*shape))
        return g, head(g, y, 60), ("ReduceMean",), ("LayerNormalization",)
    make.__name__ = f"layer_norm_{len(axes)}_axes_{'twice' if twice else 'once'}"
    return make


def not_layer_norm():
    """Over an axis in the middle."""
    g, x = start()
    d = centre(g, x, [2])
    variance = g.node("ReduceMean", g.node("Pow", d, g.number(2.0)), axes=[2])
    y = g.node("Div", d, g.node("Sqrt", g.node("Add", variance, g.number(1e-3))))
    y = g.node("Add", g.node("Mul", y, g.floats(5)), g.floats(5))
    return g, head(g, y, 60), ("LayerNormalization",), ("ReduceMean",)


CASES = (channels_last, channels_last_flattened, one_pixel, gelu_torch, gelu_half_first, gelu_of_the_sum,
         gelu_tanh_power, gelu_tanh_products, not_gelu, hard_swish_sigmoid, hard_swish_clip, not_hard_swish, swish,
         swish_and_gate, gate, layer_norm([-1], False, False), layer_norm([3], True, False), layer_norm([-2, -1], False, True),
         not_layer_norm)


def run(path, x, classes):
    """Logits of the program for a unit of images [N, C, H, W]."""
    import numpy as np
    x.tofile(path + ".x")
    done = subprocess.run([os.environ["TOOL_MODEL"]], input=f"{path} {len(x)} {path}.x {path}.y\n",
                          stdout=subprocess.PIPE, text=True, check=True)
    if done.stdout.strip() != f"ok {classes}":
        raise RuntimeError(done.stdout.strip())
    return np.fromfile(path + ".y", "f4").reshape(len(x), classes)


def operators(path):
    out = subprocess.run([os.environ["RETROGRAD"], "layers", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return set(re.findall(r"(?m)^ *\d+  \S+ +(\w+) +\[", out))


def check(make, path):
    """What is wrong with a case; empty where nothing is."""
    import numpy as np
    from onnx_reference import Network
    g, logits, gone, left = make()
    g.save(path, logits)
    nhwc = g.shape[-1] <= 4 < g.shape[0]
    x = np.random.default_rng(5).standard_normal((SAMPLES, *g.shape)).astype("f4")
    wanted = Network(path).forward(x)[logits].detach().numpy()
    found = run(path, np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if nhwc else x, wanted.shape[1])
    error = np.abs(found - wanted).max() / np.abs(wanted).max()
    print(f"{make.__name__:28} {error:.1e}")
    ops = operators(path)
    return ([f"error {error:.1e}"] if not error <= BOUND else []) + \
        [f"{op} is there" for op in gone if op in ops] + [f"{op} is not there" for op in left if op not in ops]


def ask_inside(path):
    """What is wrong with asking for a value that became part of one operator; empty where nothing is."""
    import h5py
    import numpy as np
    g, x = start()
    inner = g.node("Sigmoid", x)
    outer = g.node("Mul", inner, x)
    g.save(path, head(g, outer, 60))
    with h5py.File(path + ".h5", "w") as f:
        f["x"] = np.zeros((1, *g.shape), "f4")
    done = subprocess.run([os.environ["RETROGRAD"], "attribute", "--model", path, "--data", path + ".h5:x", "--out",
                           path + ".out", "--layers", inner, "--methods", "gradient", "--dry-run"],
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wanted = f"layer '{inner}' lies inside '{outer}' (Swish), which is computed as one operator; ask for that one"
    return [] if done.returncode == 2 and wanted in done.stderr else [f"exit code {done.returncode}: {done.stderr}"]


def main():
    try:
        import h5py  # noqa: F401
        import numpy  # noqa: F401
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as e:
        print(f"skipped: {e}")
        return 77
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for make in CASES:
            problems += [f"{make.__name__}: {p}" for p in check(make, os.path.join(folder, make.__name__ + ".onnx"))]
        problems += ask_inside(os.path.join(folder, "inside.onnx"))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
