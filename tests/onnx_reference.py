"""A small interpreter of ONNX classifiers on PyTorch, the reference for signals at every value.

Operators with a decision (rectifiers, max pooling) are three functions of their node: `decide` says
which branch every element takes, `apply` computes with given branches, `distance` says how far an
element lies from taking another branch.  Given the branches of another implementation, both
differentiate the same piecewise linear function: comparison "at equal gates".
"""

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


class Rectifier(torch.autograd.Function):
    """y given; backward by rule from dy and the derivative f'.

    gradient f' dy; guided f' max(dy, 0) (Springenberg et al. 2014); deconvnet max(dy, 0) (Zeiler,
    Fergus 2013).
    """

    @staticmethod
    def forward(ctx, x, y, derivative, rule):
        ctx.save_for_backward(derivative)
        ctx.rule = rule
        return y.clone()

    @staticmethod
    def backward(ctx, dy):
        derivative, = ctx.saved_tensors
        back = {"gradient": lambda: dy * derivative, "guided": lambda: dy.clamp(min=0) * derivative,
                "deconvnet": lambda: dy.clamp(min=0)}
        return back[ctx.rule](), None, None, None


class Relu:
    """Branches: False at and below 0, True above; LeakyRelu and Elu have the same ones."""

    def __init__(self, node, inputs):
        self.alpha = attributes(node).get("alpha", {"LeakyRelu": 0.01, "Elu": 1.0}.get(node.op_type, 0.0))
        self.elu = node.op_type == "Elu"

    def decide(self, x):
        return x > 0

    def distance(self, x, branch):
        return x.abs()

    def apply(self, x, branch, rule):
        with torch.no_grad():
            one = torch.ones_like(x)
            low, slope = ((self.alpha * torch.expm1(x), self.alpha * torch.exp(x)) if self.elu
                          else (self.alpha * x, self.alpha * one))
            y, derivative = torch.where(branch, x, low), torch.where(branch, one, slope)
        return Rectifier.apply(x, y, derivative, rule)


class Clip:
    """Branches: 0 at and below the lower bound, 1 between, 2 at and above the upper."""

    def __init__(self, node, inputs):
        found = attributes(node)
        bounds = [i.item() if i is not None else None for i in inputs[1:]] + [None, None]
        self.low = found.get("min", bounds[0] if bounds[0] is not None else -np.inf)
        self.high = found.get("max", bounds[1] if bounds[1] is not None else np.inf)

    def decide(self, x):
        return (x > self.low).int() + (x >= self.high).int()

    def distance(self, x, branch):
        return torch.minimum((x - self.low).abs(), (x - self.high).abs())

    def apply(self, x, branch, rule):
        with torch.no_grad():
            y = torch.where(branch == 1, x, torch.where(branch == 0, self.low * torch.ones_like(x),
                                                        self.high * torch.ones_like(x)))
        return Rectifier.apply(x, y, (branch == 1).to(x.dtype), rule)


class HardSigmoid(Clip):
    """max(0, min(1, alpha x + beta)), and x times it: HardSwish.  Branches as of Clip."""

    def __init__(self, node, inputs):
        found = attributes(node)
        self.swish = node.op_type == "HardSwish"
        self.alpha, self.beta = (1 / 6, 0.5) if self.swish else (found.get("alpha", 0.2), found.get("beta", 0.5))
        self.low, self.high = -self.beta / self.alpha, (1 - self.beta) / self.alpha

    def apply(self, x, branch, rule):
        inner = torch.where(branch == 1, self.alpha * x + self.beta, (branch == 2).to(x.dtype))
        return x * inner if self.swish else inner


class MaxPool:
    """Branch: the flat index, in the plane, of the first largest element of the window."""

    def __init__(self, node, inputs):
        self.window = Window(attributes(node))

    def decide(self, x):
        w, array = self.window, x.detach().numpy()
        place = np.arange(array.shape[2] * array.shape[3]).reshape(1, 1, *array.shape[2:])
        values, places = w.view(array, -np.inf), w.view(place, -1)
        best = values.argmax(-1)  # the first of equals
        return torch.from_numpy(np.take_along_axis(np.broadcast_to(places, values.shape), best[..., None], -1)[..., 0])

    def pick(self, x, branch):
        return x.flatten(2).gather(2, branch.flatten(2)).reshape(branch.shape)

    def distance(self, x, branch):
        return (self.pick(x, self.decide(x)) - self.pick(x, branch)).abs()

    def apply(self, x, branch, rule):
        return self.pick(x, branch)


class Window:
    """Kernel, strides, dilations and padding of a convolution or pooling."""

    def __init__(self, found, kernel=None):
        self.kernel = list(found.get("kernel_shape", kernel))
        self.stride = list(found.get("strides", [1, 1]))
        self.dilation = list(found.get("dilations", [1, 1]))
        self.pads = list(found.get("pads", [0, 0, 0, 0]))
        self.auto = found.get("auto_pad", b"NOTSET").decode()
        self.ceil = bool(found.get("ceil_mode", 0))

    def reach(self, axis):
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def padding(self, size):
        """(before, after, after with what a rounded-up last window wants) per axis."""
        found = []
        for axis, n in enumerate(size):
            before, after = self.pads[axis], self.pads[axis + 2]
            if self.auto.startswith("SAME"):
                total = max((-(-n // self.stride[axis]) - 1) * self.stride[axis] + self.reach(axis) - n, 0)
                before, after = total // 2, total - total // 2
                if self.auto == "SAME_LOWER":
                    before, after = after, before
            rest = (n + before + after - self.reach(axis)) % self.stride[axis]
            more = self.stride[axis] - rest if self.ceil and rest else 0
            starts_inside = n + before + after + more - self.reach(axis) < n + before
            found.append((before, after, after + (more if starts_inside else 0)))
        return found

    def view(self, x, fill):
        """Windows of an array [N, C, H, W] as [N, C, OH, OW, KH * KW]."""
        (top, _, bottom), (left, _, right) = self.padding(x.shape[2:])
        padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
        view = np.lib.stride_tricks.sliding_window_view(padded, (self.reach(0), self.reach(1)), (2, 3))
        view = view[:, :, ::self.stride[0], ::self.stride[1], ::self.dilation[0], ::self.dilation[1]]
        return view.reshape(*view.shape[:4], -1)


def conv(node, x, weight, bias=None):
    w = Window(attributes(node), weight.shape[2:])
    (top, bottom, _), (left, right, _) = w.padding(x.shape[2:])
    return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, w.stride, 0, w.dilation,
                    attributes(node).get("group", 1))


def average_pool(node, x):
    found = attributes(node)
    w = Window(found)
    (top, bottom, low), (left, right, far) = w.padding(x.shape[2:])
    inside = torch.ones_like(x[:1, :1])
    counted = bool(found.get("count_include_pad", 0))
    inside = F.pad(inside, (left, right, top, bottom), value=float(counted))
    more = (0, far - right, 0, low - bottom)
    total, n = (F.avg_pool2d(F.pad(v, more), w.kernel, w.stride, divisor_override=1)
                for v in (F.pad(x, (left, right, top, bottom)), inside))
    return total / n


def gemm(node, a, b, c=None):
    found = attributes(node)
    a = a.T if found.get("transA", 0) else a
    b = b.T if found.get("transB", 0) else b
    y = found.get("alpha", 1.0) * (a @ b)
    return y if c is None else y + found.get("beta", 1.0) * c


def batch_normalization(node, x, scale, shift, mean, variance):
    return F.batch_norm(x, mean, variance, scale, shift, False, 0.0, attributes(node).get("epsilon", 1e-5))


def reshape(node, x, shape):
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())])


def flatten(node, x):
    axis = attributes(node).get("axis", 1) % (x.dim() + 1)
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


def softmax(node, x, after=lambda x, axis: torch.softmax(x, axis)):
    """Before opset 13 all axes from the given one on are one; the files here have one such axis."""
    return after(x, attributes(node).get("axis", -1 if x.dim() == 2 or node.opset >= 13 else 1))


def axes_of(node, name, *lists):
    """A list that is an attribute or an input."""
    found = attributes(node).get(name)
    if found is not None:
        return list(found)
    return [int(i) for i in lists[0].tolist()] if lists and lists[0] is not None else None


def gather(node, x, index):
    axis = attributes(node).get("axis", 0) % max(x.dim(), 1)
    index = torch.where(index < 0, index + x.shape[axis], index)
    return torch.index_select(x, axis, index.flatten()).reshape((*x.shape[:axis], *index.shape, *x.shape[axis + 1:]))


def slices(node, x, *lists):
    starts, ends = axes_of(node, "starts", *lists[:1]), axes_of(node, "ends", *lists[1:2])
    axes = axes_of(node, "axes", *lists[2:3]) or range(len(starts))
    steps = axes_of(node, "steps", *lists[3:4]) or [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        index = range(x.shape[axis])[slice(start, end if step > 0 or end >= -x.shape[axis] else None, step)]
        x = torch.index_select(x, axis, torch.tensor(list(index), dtype=torch.int64))
    return x


def split(node, x, lengths=None):
    axis = attributes(node).get("axis", 0)
    lengths = axes_of(node, "split", lengths) or -(-x.shape[axis] // len(node.output))
    return torch.split(x, lengths, axis)


def squeeze(node, x, axes=None):
    axes = axes_of(node, "axes", axes)
    gone = [a % x.dim() for a in axes] if axes is not None else [i for i, n in enumerate(x.shape) if n == 1]
    return x.reshape([n for i, n in enumerate(x.shape) if i not in gone])


def unsqueeze(node, x, axes=None):
    axes = axes_of(node, "axes", axes)
    for axis in sorted(a % (x.dim() + len(axes)) for a in axes):
        x = x.unsqueeze(axis)
    return x


def reduce(how):
    def run(node, x, axes=None):
        axes = axes_of(node, "axes", axes) or list(range(x.dim()))
        return how(x, axes, bool(attributes(node).get("keepdims", 1)))
    return run


def product_over(x, axes, keep):
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def cast(node, x):
    kind = onnx.helper.mapping.TENSOR_TYPE_TO_NP_TYPE[attributes(node)["to"]]
    if kind.kind == "f":
        return x if x.is_floating_point() else x.to(node.dtype)
    return x.to(torch.bool if kind.kind == "b" else torch.int64)


def constant_of_shape(node, shape):
    value = numpy_helper.to_array(attributes(node)["value"]) if node.attribute else np.zeros(1, "f4")
    made = torch.from_numpy(np.full(shape.tolist(), value[0]))
    return made.to(node.dtype) if made.is_floating_point() else made


def scatter_nd(node, x, index, updates):
    x = x.clone()
    x[tuple(index.movedim(-1, 0))] = updates
    return x


def divide(node, a, b):
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def layer_normalization(node, x, scale, shift=None):
    found = attributes(node)
    shape = x.shape[found.get("axis", -1):]
    return F.layer_norm(x, shape, scale, shift, found.get("epsilon", 1e-5))


def pad(node, x, pads=None, value=None):
    pads = axes_of(node, "pads", pads)
    n = len(pads) // 2
    pairs = [p for i in reversed(range(n)) for p in (pads[i], pads[n + i])]
    mode = attributes(node).get("mode", b"constant").decode()
    if mode == "constant":
        return F.pad(x, pairs, value=float(value) if value is not None else attributes(node).get("value", 0.0))
    return F.pad(x, pairs[:2 * (x.dim() - 2)], mode={"reflect": "reflect", "edge": "replicate"}[mode])


def gelu(node, x):
    return F.gelu(x, approximate=attributes(node).get("approximate", b"none").decode())


PLAIN = {
    "Conv": conv, "AveragePool": average_pool, "Gemm": gemm, "BatchNormalization": batch_normalization,
    "Reshape": reshape, "Flatten": flatten, "Softmax": softmax,
    "LogSoftmax": lambda node, x: softmax(node, x, torch.log_softmax),
    "Add": lambda node, a, b: a + b, "Mul": lambda node, a, b: a * b, "MatMul": lambda node, a, b: a @ b,
    "Sub": lambda node, a, b: a - b, "Div": divide, "Pow": lambda node, a, b: a ** b,
    "Concat": lambda node, *x: torch.cat(x, attributes(node)["axis"]),
    "GlobalAveragePool": lambda node, x: x.mean(tuple(range(2, x.dim())), keepdim=True),
    "Identity": lambda node, x: x * 1, "Dropout": lambda node, x, *rest: x * 1,
    "Gather": gather, "Slice": slices, "Split": split, "Squeeze": squeeze, "Unsqueeze": unsqueeze,
    "Transpose": lambda node, x: x.permute(attributes(node).get("perm", list(range(x.dim()))[::-1])),
    "Shape": lambda node, x: torch.tensor(x.shape), "Cast": cast, "ConstantOfShape": constant_of_shape,
    "Range": lambda node, a, b, step: torch.arange(a.item(), b.item(), step.item()),
    "Expand": lambda node, x, s: x.expand(torch.broadcast_shapes(x.shape, s.tolist())),
    "Tile": lambda node, x, n: x.repeat(n.tolist()), "Where": lambda node, c, a, b: torch.where(c, a, b),
    "Equal": lambda node, a, b: a == b, "Not": lambda node, a: ~a, "Mod": lambda node, a, b: a % b,
    "ScatterND": scatter_nd, "Floor": lambda node, x: x.floor(), "Ceil": lambda node, x: x.ceil(),
    "Sqrt": lambda node, x: x.sqrt(), "Exp": lambda node, x: x.exp(), "Log": lambda node, x: x.log(),
    "Neg": lambda node, x: -x, "Erf": lambda node, x: torch.erf(x), "Tanh": lambda node, x: x.tanh(),
    "Sigmoid": lambda node, x: x.sigmoid(), "Gelu": gelu, "LayerNormalization": layer_normalization,
    "Pad": pad, "Einsum": lambda node, *x: torch.einsum(attributes(node)["equation"].decode(), *x),
    "ReduceMean": reduce(lambda x, axes, keep: x.mean(axes, keepdim=keep)),
    "ReduceSum": reduce(lambda x, axes, keep: x.sum(axes, keepdim=keep)),
    "ReduceL2": reduce(lambda x, axes, keep: x.square().sum(axes, keepdim=keep).sqrt()),
    "ReduceProd": reduce(product_over),
}
DECIDING = {"Relu": Relu, "LeakyRelu": Relu, "Elu": Relu, "Clip": Clip, "MaxPool": MaxPool,
            "HardSigmoid": HardSigmoid, "HardSwish": HardSigmoid}


class View:
    """A node, and what its meaning depends on beside it."""

    def __init__(self, node, network):
        self.attribute, self.output, self.op_type = node.attribute, node.output, node.op_type
        self.opset, self.dtype = network.opset, network.dtype


class Network:
    """An ONNX classifier in one floating-point type."""

    def __init__(self, path, dtype=torch.float64):
        model = onnx.load(path)
        self.graph, self.dtype = model.graph, dtype
        self.opset = max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
        self.constants = {t.name: self.tensor(numpy_helper.to_array(t)) for t in self.graph.initializer}
        self.input = next(i.name for i in self.graph.input if i.name not in self.constants)
        self.output = self.graph.output[0].name
        for node in self.graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = self.tensor(numpy_helper.to_array(attributes(node)["value"]))
            elif node.op_type == "Identity" and node.input[0] in self.constants:
                self.constants[node.output[0]] = self.constants[node.input[0]]

    def tensor(self, array):
        made = torch.from_numpy(np.array(array))
        return made.to(self.dtype) if made.is_floating_point() else made

    def forward(self, x, rule="gradient", seen=None, flips=None):
        """All values of the graph for input x [N, C, H, W].

        seen: values by name as another implementation has them: branches are decided by these where
        they have as many elements.
        flips: a list; branches are decided here, and for each that `seen` decides otherwise the
        distance to the threshold over the value's largest magnitude is appended.
        """
        values = dict(self.constants)
        values[self.input] = self.tensor(x).requires_grad_()
        for node in self.nodes():
            inputs = [values[name] if name else None for name in node.input]
            made = self.evaluate(node, inputs, rule, seen, flips)
            values.update(zip(node.output, made if isinstance(made, tuple) else (made,)))
        return values

    def nodes(self):
        return [node for node in self.graph.node if node.output[0] not in self.constants]

    def evaluate(self, node, inputs, rule, seen, flips):
        if node.op_type not in DECIDING or not inputs[0].is_floating_point():
            return PLAIN[node.op_type](View(node, self), *inputs)
        decision = DECIDING[node.op_type](node, inputs)
        return self.decide(node, decision, inputs[0], rule, seen, flips)

    def steps(self, seen, signals, rule):
        """Every value's signal, one step back from the signals that `signals` has at its readers."""
        found = {}
        for node in self.nodes():
            names = [name for name in node.input if name in seen]
            leaves = iter([self.tensor(seen[name]).requires_grad_() for name in names])
            inputs = [next(leaves) if name in seen else self.constants.get(name) for name in node.input]
            y = self.evaluate(node, inputs, rule, seen, None)
            leaves = [x for x in inputs if x is not None and x.requires_grad]
            dy = self.tensor(signals[node.output[0]]).reshape(y.shape)
            for name, g in zip(names, torch.autograd.grad(y, leaves, dy)):
                found[name] = found.get(name, 0.0) + g.numpy()
        return found

    def decide(self, node, decision, x, rule, seen, flips):
        theirs = None
        other = seen.get(node.input[0]) if seen is not None else None
        if other is not None and other.size == x.numel():
            # thresholds are float32 numbers in the file, so these comparisons are exact
            theirs = decision.decide(torch.from_numpy(other).reshape(x.shape))
        if theirs is not None and flips is None:
            return decision.apply(x, theirs, rule)
        own = decision.decide(x)
        if flips is not None and theirs is not None:
            other = own != theirs
            distance = decision.distance(x.detach(), theirs)[other] / x.detach().abs().max()
            flips.extend(distance.tolist())
        return decision.apply(x, own, rule)

    def signals(self, values, taps, classes):
        """d(logit of class)/d(tap) as the rule of the forward pass has it, for every tap."""
        logits = values[self.output]
        seed = logits[torch.arange(len(logits)), torch.as_tensor(classes)].sum()
        return [g.detach().numpy() for g in torch.autograd.grad(seed, [values[t] for t in taps])]
