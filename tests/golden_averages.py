"""Averages over copies of the input, written out: noise and paths from baselines.

The random numbers are those of proof_averages.py: Philox, counted by seed, stream, copy and sample.
"""

import re

import numpy as np
import torch

import golden_methods
import golden_rules
import proof_averages

PATH_STREAM = 1
SEED = 0
# What an average by itself is of.
OF = {"integrated_gradients": "gradient/bias/sum", "expected_gradients": "gradient/bias/sum"}
NOISE = ("smoothgrad", "smoothgrad_squared", "vargrad")

# By themselves, and every parameter at another value than its default; the last are at any tap.
AT_INPUT = [
    *NOISE, "integrated_gradients", "expected_gradients", *(f"{name}(n=4,spread=0.3)" for name in NOISE),
    "integrated_gradients(n=8,quadrature=trapezoid)", "integrated_gradients(n=7,quadrature=right)",
    "integrated_gradients(n=9,baseline=black)", "integrated_gradients(n=9,baseline=mean)",
    "integrated_gradients(n=9,baseline=blur)", "integrated_gradients(n=9,baseline=blur,sigma=2)",
    "integrated_gradients(n=9,baseline=given)", "expected_gradients(n=7)",
]
ANYWHERE = ["smoothgrad(n=3)[normgrad]", "vargrad(n=3)[gradient/bias/sum]"]


def parse(text):
    """Name, parameters as text, and what the average is of; None for other methods."""
    found = re.fullmatch(r"(\w+)(?:\(([^)]*)\))?(?:\[(.*)\])?", text)
    if not found or found[1] not in (*NOISE, *OF):
        return None
    given = dict(p.split("=") for p in (found[2] or "").split(",") if p)
    return found[1], given, found[3] or OF.get(found[1], "gradient/bias/maxabs")


def places(quadrature, n):
    """Where on the path the gradient is taken, and the weights."""
    if quadrature == "trapezoid":
        w = np.full(n, 1 / (n - 1))
        w[[0, -1]] /= 2
        return np.arange(n) / (n - 1), w
    return (np.arange(n) + (1 if quadrature == "right" else 0.5)) / n, np.full(n, 1 / n)


def baseline(net, given):
    """[1, C, H, W]"""
    return golden_rules.baseline(net.x, net.bounds, given.get("baseline", "zero"), float(given.get("sigma", 10)),
                                 net.baselines[0])


def copies(net, name, given):
    """(copy, its weight, x - baseline or None) one by one."""
    n = int(given.get("n", {"integrated_gradients": 50, "expected_gradients": 200}.get(name, 25)))
    for i in range(n):
        if name in NOISE:
            noisy = proof_averages.noisy(net.x[0].numpy(), SEED, i, net.sample, float(given.get("spread", 0.15)))
            yield torch.from_numpy(noisy.astype("f8"))[None], 1 / n, None
        elif name == "expected_gradients":
            u = proof_averages.uniform(2, SEED, PATH_STREAM, i, net.sample)
            begin = net.baselines[int(u[0] * len(net.baselines))]
            yield begin + u[1] * (net.x - begin), 1 / n, net.x - begin
        else:
            at, w = places(given.get("quadrature", "midpoint"), n)
            begin = baseline(net, given)
            yield begin + at[i] * (net.x - begin), w[i], net.x - begin


def made(net, method, tap, target):
    """The map of an average at a tap."""
    name, given, of = parse(method)
    rule, total, squares = golden_methods.rule_of(of), 0, 0
    for x, w, way in copies(net, name, given):
        g = golden_rules.signals(net.graph, x, target, rule, net.bounds)[tap]
        total = total + w * (g if way is None else g * way)
        squares = squares + w * g * g
    g = {"smoothgrad_squared": squares, "vargrad": squares - total ** 2}.get(name, total)
    return golden_methods.made(of, net.values[tap], g)


def by_captum(net, method, target):
    """Paths alone: captum draws its own noise.  Its trapezoid's weights sum to 1 - 1 / n, and its places are of
    torch's default precision."""
    from captum.attr import IntegratedGradients

    import golden_libraries
    name, given, _ = parse(method)
    if name != "integrated_gradients":
        return None
    n, quadrature = int(given.get("n", 50)), given.get("quadrature", "midpoint")
    kind = {"midpoint": "riemann_middle", "right": "riemann_right", "trapezoid": "riemann_trapezoid"}[quadrature]
    torch.set_default_dtype(torch.float64)
    found = IntegratedGradients(golden_libraries.Network(net.graph)).attribute(
        net.x, baseline(net, given), target, n_steps=n, method=kind)[0].sum(0).detach()
    torch.set_default_dtype(torch.float32)
    return found * n / (n - 1) if quadrature == "trapezoid" else found
