"""Every rule written out in float64: what each operator hands down from the signal R that comes to it.

Formulas are those of the papers; the two linear pieces of each, W x and W' s, are torch's.  Relevance rules
see a convolution and the BatchNormalization behind it as one operator (Graph.folded).
"""

import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F
from golden_operators import WEIGHTED, forward, halves, linear, plain, transposed, weighted

SHARES = ("Add", "AveragePool", "GlobalAveragePool")
TINY = 1e-20  # TorchRay's addend to the denominators of excitation backprop


def backward(graph, values, seed, rule):
    """The signal at every value, from the seed on the logits."""
    signal = {graph.output: seed}
    for node in reversed(graph.nodes):
        if node.output in signal:
            xs = [values[n] for n in node.inputs]
            for name, r in zip(node.inputs, rule(node, xs, values[node.output], signal[node.output])):
                signal[name] = signal[name] + r if name in signal else r
    return signal


# Rules of rectifiers

def guided(node, xs, y, r):
    return [(xs[0] > 0) * r.clamp(min=0)] if node.op == "Relu" else plain(node, xs, y, r)


def deconvnet(node, xs, y, r):
    return [r.clamp(min=0)] if node.op == "Relu" else plain(node, xs, y, r)


def positive(node, xs, y, r):
    rs = guided(node, xs, y, r)
    return [r.clamp(min=0) for r in rs] if node.op in (*WEIGHTED, *SHARES, "BatchNormalization") else rs


def negative(node, xs, y, r):
    return [(xs[0] > 0) * r.clamp(max=0)] if node.op == "Relu" else plain(node, xs, y, r)


def percentile(p, q, linear_between):
    """Nearest rank of TensorFlow 1, or numpy's."""
    ordered = p.flatten().sort().values
    place = q / 100 * (ordered.numel() - 1)
    if linear_between:
        low = int(place)
        high = min(low + 1, ordered.numel() - 1)
        return ordered[low] + (place - low) * (ordered[high] - ordered[low])
    assert abs(place % 1 - 0.5) > 1e-6, "a percentile half-way between two ranks"
    return ordered[round(place)]


def same(node, x, y):
    """Whether a convolution is one of TensorFlow's SAME padding: ceil(size / stride) rows and columns.  One of
    1x1 is, as the authors' code treats it, though nothing is padded."""
    sizes = zip(x.shape[2:], y.shape[2:], node.get("strides", [1, 1]))
    padded = any(node.get("pads", [0])) or max(node.weights[0].shape[2:]) == 1
    return padded and all(-(-n // stride) == m for n, m, stride in sizes)


def rectgrad(q=98.0, abs=0, linear=0, constant=None, proportional=0, ring=0):  # named as the parameters
    def rule(node, xs, y, r):
        if node.op == "Relu":
            p = y * (r.abs() if abs else r)
            tau = percentile(p, q, linear) if constant is None else constant
            return [r * (p > tau)]
        if node.op == "MaxPool" and proportional:
            return [in_proportion(node, xs[0], r)]
        if node.op == "Conv" and ring and same(node, xs[0], r) and min(r.shape[2:]) > 2:
            inner = torch.zeros_like(r)
            inner[:, :, 1:-1, 1:-1] = r[:, :, 1:-1, 1:-1]
            r = inner
        return plain(node, xs, y, r)
    return rule


def in_proportion(node, x, r):
    """x avgpool'(R / (avgpool(x) + 1e-10)), padding not counted."""
    def mean(xs):
        return F.avg_pool2d(xs[0], node.get("kernel_shape"), node.get("strides"), halves(node.get("pads", [0] * 4)),
                            ceil_mode=bool(node.get("ceil_mode", 0)), count_include_pad=False)
    return x * transposed(mean, [x], r / (mean([x]) + 1e-10))[0]


def blurred(x, sigma):
    """Gaussian, cut off at four sigma; beyond the borders the last value goes on."""
    planes = [scipy.ndimage.gaussian_filter(p, sigma, mode="nearest", truncate=4) for p in x[0].double().numpy()]
    return torch.from_numpy(np.stack(planes))[None].to(x)


def baseline(x, bounds, baseline="zero", sigma=10.0, given=None):
    """What a path begins at, and DeepLIFT compares with, by the names of the program's parameters."""
    return {"zero": lambda: torch.zeros_like(x), "black": lambda: bounds[0].expand_as(x), "given": lambda: given,
            "mean": lambda: x.mean((2, 3), keepdim=True).expand_as(x), "blur": lambda: blurred(x, sigma)}[baseline]()


def deeplift(graph, bounds, x, **chosen):
    """Rescale: slopes of secants to the reference; at a maximum through max(y, y')."""
    other = forward(graph, baseline(x, bounds, **chosen))

    def rule(node, xs, y, r):
        if node.op not in ("Relu", "MaxPool"):
            return plain(node, xs, y, r)
        x, x0, y0 = xs[0], other[node.inputs[0]], other[node.output]
        if node.op == "Relu":
            parts = r * (y - y0)
        else:
            top = torch.maximum(y, y0)
            parts = plain(node, [x], y, r * (top - y0))[0] + plain(node, [x0], y0, r * (y - top))[0]
        away = (x - x0).abs() > 1e-10
        return [torch.where(away, parts / torch.where(away, x - x0, torch.ones_like(x)), plain(node, xs, y, r)[0])]
    return rule


# Relevance rules

def over(r, z, epsilon):
    """R / (z + epsilon sgn z), sgn 0 = 1; a denominator of 0 hands nothing on."""
    z = torch.where(z < 0, z - epsilon, z + epsilon)
    return torch.where(z == 0, torch.zeros_like(r), r / torch.where(z == 0, torch.ones_like(z), z))


def parts(t):
    return t.clamp(min=0), t.clamp(max=0)


def bias_of(node):
    return node.weights[1] if len(node.weights) > 1 else node.weights[0].new_zeros(node.weights[0].shape[0])


def lrp_epsilon(epsilon):
    def rule(node, x, r):
        w, b = node.weights[0], bias_of(node)
        return x * weighted(node, x, w, over(r, linear(node, x, w, b), epsilon))
    return rule


def one_sign(node, x, r, sign, epsilon):
    """The part of the contributions of one sign, over its sum with the bias of that sign."""
    (xp, xn), (wp, wn), (bp, bn) = parts(x), parts(node.weights[0]), parts(bias_of(node))
    if sign < 0:
        wp, wn, bp = wn, wp, bn
    s = over(r, linear(node, xp, wp, bp) + linear(node, xn, wn), epsilon)
    return xp * weighted(node, x, wp, s) + xn * weighted(node, x, wn, s)


def lrp_alpha_beta(alpha, epsilon):
    def rule(node, x, r):
        return alpha * one_sign(node, x, r, 1, epsilon) - (alpha - 1) * one_sign(node, x, r, -1, epsilon)
    return rule


def lrp_gamma(gamma, epsilon):
    def rule(node, x, r):
        w, b = node.weights[0], bias_of(node)
        (xp, xn), (wp, wn), (bp, bn) = parts(x), parts(w), parts(b)
        z = linear(node, x, w, b)
        up, down, total = w + gamma * wp, w + gamma * wn, 0
        for here, like, other, bias in ((z > 0, up, down, b + gamma * bp), (z < 0, down, up, b + gamma * bn)):
            s = here * over(r, linear(node, xp, like, bias) + linear(node, xn, other), epsilon)
            total = total + xp * weighted(node, x, like, s) + xn * weighted(node, x, other, s)
        return total
    return rule


def lrp_wsquare(epsilon):
    def rule(node, x, r):
        w = node.weights[0] ** 2
        return weighted(node, x, w, over(r, linear(node, torch.ones_like(x), w), epsilon))
    return rule


def lrp_flat(epsilon):
    def rule(node, x, r):
        w = torch.ones_like(node.weights[0])
        return weighted(node, x, w, over(r, linear(node, torch.ones_like(x), w), epsilon))
    return rule


def lrp_zbox(low, high, epsilon):
    def rule(node, x, r):
        l, h = low.to(x).expand_as(x), high.to(x).expand_as(x)
        w, (wp, wn) = node.weights[0], parts(node.weights[0])
        s = over(r, linear(node, x, w) - linear(node, l, wp) - linear(node, h, wn), epsilon)
        return x * weighted(node, x, w, s) - l * weighted(node, x, wp, s) - h * weighted(node, x, wn, s)
    return rule


def excitation(node, x, r):
    wp = node.weights[0].clamp(min=0)
    return x * weighted(node, x, wp, over(r, linear(node, x, wp), TINY))


def contrast(node, x, r):
    """The same with the weights negated, taken off."""
    wn = (-node.weights[0]).clamp(min=0)
    return excitation(node, x, r) - x * weighted(node, x, wn, over(r, linear(node, x, wn), TINY))


def relevance(of_node, epsilon, gated=False):
    """A rule of the whole network from one of weighted operators: of_node(node) gives (node, x, R) -> R.
    gated: rectifiers as in the gradient, which matters only at their inputs."""
    def rule(node, xs, y, r):
        if node.op in WEIGHTED:
            return [of_node(node)(node, xs[0], r)]
        if node.op in SHARES:
            return [x * t for x, t in zip(xs, plain(node, xs, y, over(r, y, epsilon)))]
        if node.op == "BatchNormalization" or (node.op == "Relu" and not gated):
            return [r]
        return plain(node, xs, y, r)
    return rule


def composite(conv, full=None, first=None, epsilon=1e-6):
    """Rules of convolutions, of fully connected layers, and maybe of layers that see the input."""
    def make(graph, bounds, x):
        def of_node(node):
            if first and node.inputs[0] == graph.input:
                return lrp_zbox(*bounds, epsilon) if first == "zbox" else first
            return conv if node.op == "Conv" or not full else full
        return relevance(of_node, epsilon)
    return make


def contrastive(graph, bounds, x):
    last = [n for n in graph.nodes if n.op in WEIGHTED][-1]
    return relevance(lambda node: contrast if node is last else excitation, TINY, gated=True)


def excitations(graph, bounds, x):
    return relevance(lambda node: excitation, TINY, gated=True)


def one(rule):
    return lambda: lambda graph, bounds, x: rule


# By the program's names, each a function of the program's parameters; what it gives is made for a graph, for
# what black and white pixels are as inputs, and for the input.  `e` is `epsilon`.
RULES = {
    "gradient": one(plain),
    "guided": one(guided),
    "deconvnet": one(deconvnet),
    "positive": one(positive),
    "negative": one(negative),
    "rectgrad": lambda **p: lambda graph, bounds, x: rectgrad(**p),
    "deeplift": lambda **p: lambda graph, bounds, x: deeplift(graph, bounds, x, **p),
    "lrp_zero": lambda: composite(lrp_epsilon(0.0), epsilon=0.0),
    "lrp_epsilon": lambda e: composite(lrp_epsilon(e), epsilon=e),
    "lrp_gamma": lambda e, gamma=0.25: composite(lrp_gamma(gamma, e), epsilon=e),
    "lrp_alpha_beta": lambda e, alpha=2.0: composite(lrp_alpha_beta(alpha, e), epsilon=e),
    "lrp_zplus": lambda e: composite(lrp_alpha_beta(1.0, e), epsilon=e),
    "lrp_wsquare": lambda e: composite(lrp_wsquare(e), epsilon=e),
    "lrp_flat": lambda e: composite(lrp_flat(e), epsilon=e),
    "lrp_zbox": lambda e: composite(lrp_alpha_beta(1.0, e), first="zbox", epsilon=e),
    "lrp_epsilon_plus": lambda e: composite(lrp_alpha_beta(1.0, e), lrp_epsilon(e), epsilon=e),
    "lrp_epsilon_plus_flat": lambda e: composite(lrp_alpha_beta(1.0, e), lrp_epsilon(e), lrp_flat(e), e),
    "lrp_epsilon_alpha2_beta1": lambda e: composite(lrp_alpha_beta(2.0, e), lrp_epsilon(e), epsilon=e),
    "lrp_epsilon_alpha2_beta1_flat": lambda e: composite(lrp_alpha_beta(2.0, e), lrp_epsilon(e), lrp_flat(e), e),
    "lrp_epsilon_gamma_box": lambda e, gamma=0.25: composite(lrp_gamma(gamma, e), lrp_epsilon(e), "zbox", e),
    "excitation": lambda: excitations,
    "excitation_contrast": lambda: contrastive,
}

# With their parameters, as the program writes them: every one of them differs from its default somewhere.
VARIANTS = [
    "rectgrad(q=83.3)", "rectgrad(q=91.3,abs=1)", "rectgrad(q=88.7,linear=1)", "rectgrad(q=98,constant=0)",
    "rectgrad(q=98,constant=0.001)", "rectgrad(q=86.3,proportional=1)", "rectgrad(q=79.3,ring=1)",
    "deeplift(baseline=black)", "deeplift(baseline=blur,sigma=2)",
    "lrp_epsilon(epsilon=0.1)", "lrp_gamma(gamma=1)", "lrp_gamma(gamma=0.25,epsilon=0.01)",
    "lrp_alpha_beta(alpha=1.5)", "lrp_alpha_beta(alpha=2,epsilon=0.01)", "lrp_zplus(epsilon=0.01)",
    "lrp_wsquare(epsilon=0.01)", "lrp_flat(epsilon=0.01)", "lrp_zbox(epsilon=0.01)", "lrp_epsilon_plus(epsilon=0.01)",
    "lrp_epsilon_plus_flat(epsilon=0.01)", "lrp_epsilon_alpha2_beta1(epsilon=0.01)",
    "lrp_epsilon_alpha2_beta1_flat(epsilon=0.01)", "lrp_epsilon_gamma_box(gamma=0.5)",
    "lrp_epsilon_gamma_box(gamma=0.25,epsilon=0.01)",
]


def parse(text):
    """Name and parameters of rule(parameter=number,...)."""
    name, _, inside = text.rstrip(")").partition("(")
    given = dict(p.split("=") for p in inside.split(",") if p)
    return name, {k: v if k == "baseline" else float(v) for k, v in given.items()}


def is_relevance(rule):
    return rule.startswith(("lrp_", "excitation"))


def made(text):
    """The rule of that text, to be made for a graph."""
    name, given = parse(text)
    if name.startswith("lrp_") and name != "lrp_zero":
        given["e"] = given.pop("epsilon", 1e-6)
    return RULES[name](**given)


def signals(graph, x, target, rule, bounds):
    """The signal of a rule at every value of the network, for an input [1, C, H, W]."""
    seen = graph.folded() if is_relevance(rule) else graph
    values = forward(seen, x)
    seed = torch.zeros_like(values[seen.output])
    seed[0, target] = 1
    return backward(seen, values, seed, made(rule)(seen, bounds, x))
