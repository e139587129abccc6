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


def softmax(node, x):
    return torch.softmax(x, attributes(node).get("axis", -1 if x.dim() == 2 else 1))


PLAIN = {
    "Conv": conv, "AveragePool": average_pool, "Gemm": gemm, "BatchNormalization": batch_normalization,
    "Reshape": reshape, "Flatten": flatten, "Softmax": softmax,
    "Add": lambda node, a, b: a + b, "Mul": lambda node, a, b: a * b, "MatMul": lambda node, a, b: a @ b,
    "Concat": lambda node, *x: torch.cat(x, attributes(node)["axis"]),
    "GlobalAveragePool": lambda node, x: x.mean((2, 3), keepdim=True),
    "Identity": lambda node, x: x * 1, "Dropout": lambda node, x, *rest: x * 1,
}
DECIDING = {"Relu": Relu, "LeakyRelu": Relu, "Elu": Relu, "Clip": Clip, "MaxPool": MaxPool}


class Network:
    """An ONNX classifier in one floating-point type."""

    def __init__(self, path, dtype=torch.float64):
        self.graph, self.dtype = onnx.load(path).graph, dtype
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

        seen: values by name as another implementation has them: branches are decided by these.
        flips: a list; branches are decided here, and for each that `seen` decides otherwise the
        distance to the threshold over the value's largest magnitude is appended.
        """
        values = dict(self.constants)
        values[self.input] = self.tensor(x).requires_grad_()
        for node in self.nodes():
            inputs = [values[name] if name else None for name in node.input]
            values[node.output[0]] = self.evaluate(node, inputs, rule, seen, flips)
        return values

    def nodes(self):
        return [node for node in self.graph.node if node.output[0] not in self.constants]

    def evaluate(self, node, inputs, rule, seen, flips):
        if node.op_type not in DECIDING:
            return PLAIN[node.op_type](node, *inputs)
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
        if seen is not None:
            # thresholds are float32 numbers in the file, so these comparisons are exact
            theirs = decision.decide(torch.from_numpy(seen[node.input[0]]))
        if theirs is not None and flips is None:
            return decision.apply(x, theirs, rule)
        own = decision.decide(x)
        if flips is not None:
            other = own != theirs
            distance = decision.distance(x.detach(), theirs)[other] / x.detach().abs().max()
            flips.extend(distance.tolist())
        return decision.apply(x, own, rule)

    def signals(self, values, taps, classes):
        """d(logit of class)/d(tap) as the rule of the forward pass has it, for every tap."""
        logits = values[self.output]
        seed = logits[torch.arange(len(logits)), torch.as_tensor(classes)].sum()
        return [g.detach().numpy() for g in torch.autograd.grad(seed, [values[t] for t in taps])]
