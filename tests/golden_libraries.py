"""The same signals and maps by public libraries: zennit, TorchRay, captum and pytorch-grad-cam.

Each takes the network as modules of torch; a graph becomes one module per node.
"""

import warnings

import torch
from torch import nn

import golden_operators
import golden_rules

ZENNIT, TORCHRAY, CAPTUM, CAM = "zennit 0.5.1", "TorchRay 1.0.0.2", "captum 0.6.0", "grad-cam 1.4.6"


class Concat(nn.Module):
    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def forward(self, *xs):
        return torch.cat(xs, self.axis)


class Sum(nn.Module):
    def forward(self, *xs):
        return sum(xs[1:], xs[0])


class ZennitSum(nn.Module):
    def __init__(self):
        super().__init__()
        from zennit.layer import Sum
        self.sum = Sum()

    def forward(self, *xs):
        return self.sum(torch.stack(xs, -1))


class TorchRaySum(nn.Module):
    def forward(self, *xs):
        from torchray.attribution import excitation_backprop
        return excitation_backprop.eltwise_sum(*xs)


def module(node, sum_kind):
    """The module of torch that computes a node."""
    half = golden_operators.halves(node.get("pads", [0] * 4)) if node.op != "Pad" else None
    if node.op == "Conv":
        w = node.weights[0]
        group = node.get("group", 1)
        made = nn.Conv2d(w.shape[1] * group, w.shape[0], w.shape[2:], tuple(node.get("strides", [1, 1])), tuple(half),
                         tuple(node.get("dilations", [1, 1])), group, bias=len(node.weights) > 1)
    elif node.op == "Gemm":
        made = nn.Linear(node.weights[0].shape[1], node.weights[0].shape[0], bias=len(node.weights) > 1)
    elif node.op == "BatchNormalization":
        made = nn.BatchNorm2d(node.weights[0].numel(), eps=node.get("epsilon", 1e-5))
        made.running_mean.data, made.running_var.data = node.weights[2].clone(), node.weights[3].clone()
    elif node.op == "Pad":
        before, after = node.weights[0].tolist()[2:4], node.weights[0].tolist()[6:8]
        return nn.ZeroPad2d((before[1], after[1], before[0], after[0]))
    elif node.op == "MaxPool":
        return nn.MaxPool2d(node.get("kernel_shape"), node.get("strides"), half,
                            ceil_mode=bool(node.get("ceil_mode", 0)))
    elif node.op == "AveragePool":
        return nn.AvgPool2d(node.get("kernel_shape"), node.get("strides"), half,
                            count_include_pad=bool(node.get("count_include_pad", 0)))
    else:
        return {"Relu": nn.ReLU, "GlobalAveragePool": lambda: nn.AdaptiveAvgPool2d(1), "Flatten": nn.Flatten,
                "Add": sum_kind, "Concat": lambda: Concat(node.get("axis")), "Dropout": nn.Dropout}[node.op]()
    made.weight.data = node.weights[0].clone()
    if len(node.weights) > 1:
        made.bias.data = node.weights[1].clone()
    return made


class Network(nn.Module):
    """A graph as modules; `kept` holds every value of the last run."""

    def __init__(self, graph, sum_kind=ZennitSum):
        super().__init__()
        self.graph = graph
        self.part = nn.ModuleDict({node.output.replace(".", "_"): module(node, sum_kind) for node in graph.nodes})
        self.eval()
        self.kept = {}

    def of(self, value):
        return self.part[value.replace(".", "_")]

    def forward(self, x):
        self.kept = {self.graph.input: x}
        for node in self.graph.nodes:
            self.kept[node.output] = self.of(node.output)(*[self.kept[n] for n in node.inputs])
        return self.kept[self.graph.output]


def back(net, x, target):
    """Pseudo-gradients of all values, as the hooks in force make them."""
    x = x.clone().requires_grad_()
    y = net(x)
    names = [n for n, v in net.kept.items() if v.requires_grad]
    found = torch.autograd.grad(y[0, target], [net.kept[n] for n in names], allow_unused=True)
    return {n: g.detach() for n, g in zip(names, found) if g is not None}


def never_zero(z):
    """zennit divides by 0 where nothing stabilises: hand nothing on instead."""
    return torch.where(z == 0, torch.full_like(z, float("inf")), z)


def zennit_composite(name, given, bounds):
    """The composite of a rule, or None."""
    from zennit import composites, rules, types
    e = given.get("epsilon", 1e-6)
    stable = {"stabilizer": e}
    whole = {
        "lrp_zero": lambda: rules.Epsilon(never_zero),
        "lrp_epsilon": lambda: rules.Epsilon(e),
        "lrp_gamma": lambda: rules.Gamma(given.get("gamma", 0.25), **stable),
        "lrp_alpha_beta": lambda: rules.AlphaBeta(given.get("alpha", 2.0), given.get("alpha", 2.0) - 1, **stable),
        "lrp_zplus": lambda: rules.ZPlus(**stable),
        "lrp_wsquare": lambda: rules.WSquare(zero_params="bias", **stable),
        "lrp_flat": lambda: rules.Flat(**stable),
        "lrp_zbox": lambda: rules.ZPlus(**stable),
    }
    if name in whole:
        layers = composites.layer_map_base(never_zero if name == "lrp_zero" else e) + [(types.Linear, whole[name]())]
        if name != "lrp_zbox":
            return composites.LayerMapComposite(layers)
        first = [(types.Linear, rules.ZBox(*bounds, **stable))]
        return composites.SpecialFirstLayerMapComposite(layers, first)
    both = {"epsilon": e, **stable}
    named = {
        "guided": lambda: composites.GuidedBackprop(),
        "deconvnet": lambda: composites.DeconvNet(),
        "lrp_epsilon_plus": lambda: composites.EpsilonPlus(**both),
        "lrp_epsilon_plus_flat": lambda: composites.EpsilonPlusFlat(**both),
        "lrp_epsilon_alpha2_beta1": lambda: composites.EpsilonAlpha2Beta1(**both),
        "lrp_epsilon_alpha2_beta1_flat": lambda: composites.EpsilonAlpha2Beta1Flat(**both),
        "lrp_epsilon_gamma_box": lambda: composites.EpsilonGammaBox(*bounds, gamma=given.get("gamma", 0.25), **both),
    }
    return named[name]() if name in named else None


def by_zennit(graph, x, target, rule, bounds):
    """zennit folds the pairs itself, but leaves their epsilon: 1 / sqrt(1 + 1e-5) would remain."""
    from zennit.canonizers import NamedMergeBatchNorm
    composite = zennit_composite(*golden_rules.parse(rule), [b.to(x) for b in bounds])
    if composite is None:
        return None
    if golden_rules.is_relevance(rule):
        composite.canonizers = [NamedMergeBatchNorm(
            [(["part." + conv.output], "part." + norm.output) for conv, norm in graph.pairs()])]
    with composite.context(Network(graph)) as net:
        for _, norm in graph.pairs() if golden_rules.is_relevance(rule) else ():
            net.of(norm.output).eps = 0.0
        found = back(net, x, target)
    inner = {conv.output for conv, _ in graph.pairs()} if golden_rules.is_relevance(rule) else set()
    return {n: v for n, v in found.items() if n not in inner}


def by_torchray(graph, x, target, rule, bounds):
    """Pairs are folded here, as TorchRay wants scales that are positive.  The contrast is taken off at the input
    of the last linear layer; where that is not the end of the network TorchRay would also run what follows on
    negated logits, which the rule does not."""
    from torchray.attribution.excitation_backprop import ExcitationBackpropContext
    if rule not in ("excitation", "excitation_contrast"):
        return None
    net = Network(graph.folded(), TorchRaySum).requires_grad_(False)
    with ExcitationBackpropContext():
        found = back(net, x, target)
        if rule == "excitation":
            return found
        last = [n for n in net.graph.nodes if n.op in golden_operators.WEIGHTED][-1]
        if last.output != net.graph.output:
            return None
        weight = net.of(last.output).weight
        weight.data.neg_()
        contrast = back(net, x, target)[last.inputs[0]]
        weight.data.neg_()
        x = x.clone().requires_grad_()
        net(x)
        names = [n for n, v in net.kept.items() if v.requires_grad]
        at = last.inputs[0]
        below = torch.autograd.grad(net.kept[at], [net.kept[n] for n in names], found[at] - contrast, allow_unused=True)
    return {**found, **{n: g.detach() for n, g in zip(names, below) if g is not None}}


def overlaps(node):
    return node.op == "MaxPool" and any(k > s for k, s in zip(node.get("kernel_shape"), node.get("strides")))


def deeplift_by_captum(graph, x, target, rule, bounds):
    """Above pools whose windows overlap alone: where two have the same winner captum keeps one of them."""
    from captum import attr
    begin = golden_rules.baseline(x, bounds, **golden_rules.parse(rule)[1])
    last = max([i for i, node in enumerate(graph.nodes) if overlaps(node)], default=-1)
    values, found = golden_operators.forward(graph, x), {}
    if last < 0:
        found[graph.input] = attr.DeepLift(Network(graph, Sum), False).attribute(x, begin, target)
    for node in graph.nodes[max(last, 0):-1]:
        if node.op != "MaxPool" or overlaps(node):
            net = Network(graph, Sum)
            m = attr.LayerDeepLift(net, net.of(node.output), False).attribute(x, begin, target)
            found[node.output] = m.view_as(values[node.output])
    return {name: m.detach() for name, m in found.items()}


def by_captum(graph, x, target, rule, bounds):
    """At the input alone, but for DeepLIFT."""
    from captum import attr
    if rule.startswith("deeplift"):
        return deeplift_by_captum(graph, x, target, rule, bounds)
    made = {"gradient": lambda net: attr.Saliency(net).attribute(x, target, abs=False),
            "guided": lambda net: attr.GuidedBackprop(net).attribute(x, target),
            "deconvnet": lambda net: attr.Deconvolution(net).attribute(x, target)}
    if rule not in made:
        return None
    return {graph.input: made[rule](Network(graph)).detach()}


SIGNALS = {ZENNIT: by_zennit, TORCHRAY: by_torchray, CAPTUM: by_captum}


def signals(graph, x, target, rule, bounds):
    """{library: {value: signal}} of the libraries that have the rule."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {name: by(graph, x, target, rule, bounds) for name, by in SIGNALS.items()}
    return {name: values for name, values in found.items() if values is not None}


def cam(kind):
    """A map of pytorch-grad-cam before it is scaled and resized."""
    def make(graph, x, target, tap):
        import pytorch_grad_cam
        net = Network(graph)
        g = back(net, x, target)[tap].numpy()
        a = net.kept[tap].detach().numpy()
        if tap == graph.input:
            return None
        with getattr(pytorch_grad_cam, kind)(net, [net.of(tap)]) as one:
            return one.get_cam_image(x, net.of(tap), None, a, g, False)[0].clip(min=0)
    return make


def captum_cam(relu):
    def make(graph, x, target, tap):
        from captum.attr import LayerGradCam
        if tap == graph.input:
            return None
        net = Network(graph)
        return LayerGradCam(net, net.of(tap)).attribute(x, target, relu_attributions=relu)[0, 0].detach().numpy()
    return make


def captum_input(kind, reduce):
    def make(graph, x, target, tap):
        from captum import attr
        if tap != graph.input:
            return None
        return reduce(getattr(attr, kind)(Network(graph)).attribute(x, target)[0]).detach().numpy()
    return make


def torchray_map(rule, reduce):
    def make(graph, x, target, tap):
        found = by_torchray(graph, x, target, rule, None)
        return found and reduce(found[tap][0].sum(0)).numpy()
    return make


# library, then the function of (graph, x, target, tap) that gives its map or None where it has none
MAPS = {
    "gradient": [(CAPTUM, captum_input("Saliency", lambda g: g.amax(0)))],
    "input_x_gradient": [(CAPTUM, captum_input("InputXGradient", lambda g: g.sum(0)))],
    "guided_backprop": [(CAPTUM, captum_input("GuidedBackprop", lambda g: g.abs().amax(0)))],
    "deconvnet": [(CAPTUM, captum_input("Deconvolution", lambda g: g.abs().amax(0)))],
    "grad_cam": [(CAM, cam("GradCAM")), (CAPTUM, captum_cam(True))],
    "grad_cam_signed": [(CAPTUM, captum_cam(False))],
    "grad_cam_pp": [(CAM, cam("GradCAMPlusPlus"))],
    "xgrad_cam": [(CAM, cam("XGradCAM"))],
    "hires_cam": [(CAM, cam("HiResCAM"))],
    "elementwise_cam": [(CAM, cam("GradCAMElementWise"))],
    "layer_cam": [(CAM, cam("LayerCAM"))],
    "excitation_backprop": [(TORCHRAY, torchray_map("excitation", lambda m: m))],
    "contrastive_excitation_backprop": [(TORCHRAY, torchray_map("excitation_contrast", lambda m: m.clamp(min=0)))],
}


def maps(graph, x, target, method, tap):
    """{library: map} of the libraries that have the method at that tap."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {name: by(graph, x, target, tap) for name, by in MAPS.get(method, [])}
    return {name: m for name, m in found.items() if m is not None}
