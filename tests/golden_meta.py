"""Meta-saliency written out in float64: one step of gradient descent on all weights, then the map."""

import copy

import torch
import torch.nn.functional as F

import golden_combinations
import golden_methods
import golden_operators
import golden_rules

METHODS = ["meta", "meta(lr=0.01)[gradient]", "meta(lr=0.003,negate=1)[grad_cam_signed]"]
PARAMETERS = {"Conv": 2, "ConvTranspose": 2, "Gemm": 2, "PRelu": 1, "BatchNormalization": 2, "LayerNormalization": 2}  # the first so many weights of a node


def parse(method):
    """The step's parameters and what it is of; None for other methods."""
    name, given, of = golden_combinations.parse(method) if "/" not in method.split("[")[0] else ("", {}, None)
    return (given, of or "normgrad") if name == "meta" else None


def loss(graph, x, target):
    logits = golden_operators.forward(graph, x)[graph.output]
    return F.cross_entropy(logits, torch.tensor([target]))


def stepped(graph, x, target, lr=0.0025, negate=0):
    """The network after the step; the loss must have become smaller, or larger where negated."""
    other = copy.copy(graph)
    other.nodes, weights = [], []
    for node in graph.nodes:
        one = copy.copy(node)
        one.weights = [w.clone() for w in node.weights]
        for w in one.weights[:PARAMETERS.get(node.op, 0)]:
            weights.append(w.requires_grad_())
        other.nodes.append(one)
    before = loss(other, x, target)
    sign = -1 if int(negate) else 1
    gradients = torch.autograd.grad(before, weights)
    with torch.no_grad():
        for w, g in zip(weights, gradients):
            w -= sign * float(lr) * g
            w.requires_grad_(False)
    if not sign * float(loss(other, x, target)) < sign * float(before):
        raise SystemExit(f"the step of {lr} does not change the loss as it should")
    return other


def made(net, method, tap, target):
    given, of = parse(method)
    graph = stepped(net.graph, net.x, target, **given)
    values = golden_operators.forward(graph, net.x)
    signal = golden_rules.signals(graph, net.x, target, golden_methods.rule_of(of), net.bounds)
    return golden_methods.made(of, values[tap], signal[tap])
