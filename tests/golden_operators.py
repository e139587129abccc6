"""The operators of the golden networks, forward and transposed, in torch."""

import torch
import torch.nn.functional as F

WEIGHTED = ("Conv", "Gemm")
CURVES = {"Sigmoid": torch.sigmoid, "Mul": torch.mul, "HardSwish": F.hardswish, "Softplus": F.softplus}


def halves(pads):
    """Both ends alike, as torch pads."""
    assert pads[:len(pads) // 2] == pads[len(pads) // 2:]
    return pads[:len(pads) // 2]


def linear(node, x, w, b=None):
    """W x + b of a weighted operator, with other weights."""
    if node.op == "Gemm":
        assert node.get("transB") == 1 and node.get("alpha", 1.0) == 1.0
        return F.linear(x, w, b)
    return F.conv2d(x, w, b, node.get("strides", [1, 1]), halves(node.get("pads", [0] * 4)),
                    node.get("dilations", [1, 1]), node.get("group", 1))


def run(node, xs):
    """The output of a node."""
    x = xs[0]
    if node.op in WEIGHTED:
        return linear(node, x, *node.weights)
    if node.op == "Relu":
        return F.relu(x)
    if node.op == "MaxPool":
        return F.max_pool2d(x, node.get("kernel_shape"), node.get("strides"), halves(node.get("pads", [0] * 4)),
                            ceil_mode=bool(node.get("ceil_mode", 0)))
    if node.op == "AveragePool":
        return F.avg_pool2d(x, node.get("kernel_shape"), node.get("strides"), halves(node.get("pads", [0] * 4)),
                            count_include_pad=bool(node.get("count_include_pad", 0)))
    if node.op == "GlobalAveragePool":
        return x.mean((2, 3), keepdim=True)
    if node.op == "BatchNormalization":
        scale, shift, mean, var = (v.view(1, -1, 1, 1) for v in node.weights)
        return (x - mean) / torch.sqrt(var + node.get("epsilon", 1e-5)) * scale + shift
    if node.op == "Add":
        return xs[0] + xs[1]
    if node.op == "Concat":
        return torch.cat(xs, node.get("axis"))
    if node.op == "Flatten":
        return torch.flatten(x, 1)
    if node.op == "Pad":
        before, after = node.weights[0].tolist()[2:4], node.weights[0].tolist()[6:8]
        return F.pad(x, (before[1], after[1], before[0], after[0]))
    if node.op == "Clip":
        return x.clamp(*(float(w) for w in node.weights))
    if node.op == "ConvTranspose":
        return F.conv_transpose2d(x, *node.weights, node.get("strides"), halves(node.get("pads")),
                                  node.get("output_padding"), node.get("group"), node.get("dilations"))
    if node.op == "PRelu":
        return torch.where(x > 0, x, node.weights[0] * x)
    if node.op == "LayerNormalization":
        return F.layer_norm(x, node.weights[0].shape, *node.weights, node.get("epsilon", 1e-5))
    if node.op == "Transpose":
        return x.permute(node.get("perm"))
    if node.op in CURVES:
        return CURVES[node.op](*xs)
    if node.op in ("Dropout", "Identity"):
        return x
    raise NotImplementedError(node.op)


def forward(graph, x):
    """Every value of the network."""
    values = {graph.input: x}
    for node in graph.nodes:
        values[node.output] = run(node, [values[n] for n in node.inputs])
    return values


def transposed(function, xs, r):
    """J' r of a function of several tensors."""
    xs = [x.detach().requires_grad_() for x in xs]
    return list(torch.autograd.grad(function(xs), xs, r))


def plain(node, xs, y, r):
    return transposed(lambda xs: run(node, xs), xs, r)


def weighted(node, x, w, s):
    """W' s."""
    return transposed(lambda xs: linear(node, xs[0], w), [x], s)[0]
