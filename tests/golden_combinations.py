"""Methods over a set of layers, written out in float64: FullGrad, Guided Grad-CAM, CAMERAS, layers put together."""

import math
import re

import torch
import torch.nn.functional as F

import golden_averages
import golden_methods
import golden_operators
import golden_rules

PLACE = "over_layers"
# Roots of numbers that are nearly 0 magnify what float32 rounds: such places of products are not compared.
LEAST = 1e-3
# By themselves, and every parameter at another value than its default.
METHODS = [
    "fullgrad", "fullgrad(post=signed)", "fullgrad(post=positive,input=0)", "fullgrad(simple=1)", "fullgrad(implicit=0)",
    "smoothgrad(n=3)[fullgrad]", "guided_grad_cam", "guided_grad_cam(upsample=nearest)",
    "guided_grad_cam(layer=last,channels=sum)", "guided_grad_cam(layer=asked,channels=norm)", "layers_sum",
    "layers_sum(weights=linear)[grad_cam]", "layers_product", "layers_product(weights=linear)[linear_approx]",
]

# Where something saturates or is curved.
CURVED = [m for m in METHODS if m.startswith("fullgrad")]
# On networks that take images of other sizes.
SIZED = ["cameras", "cameras(sizes=3,step=7)", "cameras(sizes=4,agree=0)", "cameras(sizes=2,layer=last_conv)"]


def parse(text):
    """Name, parameters as text, what stands in brackets."""
    found = re.fullmatch(r"(\w+)(?:\(([^)]*)\))?(?:\[(.*)\])?", text)
    return found[1], dict(p.split("=") for p in (found[2] or "").split(",") if p), found[3]


def up(m, net, **how):
    """[h, w] as large as the input."""
    return F.interpolate(m[None, None], net.x.shape[2:], **(how or {"mode": "bilinear", "align_corners": False}))[0, 0]


def mm(m):
    low, high = m.min(), m.max()
    return (m - low) / (high - low) if high > low else torch.zeros_like(m)


def implicit(net, node):
    """f(x) - f'(x) x of what saturates or is curved; None for other nodes.  x sigmoid(x) is one function, at the
    product, as the program has it."""
    gate = next((n for n in net.graph.nodes if n.op == "Sigmoid" and n.output in node.inputs), None)
    if node.op == "Sigmoid" or (node.op != "Clip" and node.op not in golden_operators.CURVES):
        return None
    x = tuple(net.values[n] for n in (gate.inputs if gate else node.inputs))
    run = F.silu if gate else lambda *x: golden_operators.run(node, x)
    return net.values[node.output] - torch.autograd.functional.jvp(run, x, x)[1]


def bias(node):
    """What a node adds, to be broadcast over its output; None for nothing."""
    if node.op == "BatchNormalization":
        scale, shift, mean, var = node.weights
        return (shift - mean * scale / torch.sqrt(var + node.get("epsilon", 1e-5))).view(1, -1, 1, 1)
    if node.op in (*golden_operators.WEIGHTED, "ConvTranspose") and len(node.weights) > 1:
        return node.weights[1].view(1, -1, *[1] * (0 if node.op == "Gemm" else 2))
    return None


def post(t, kind):
    """The term of one tensor [1, K, H, W], scaled and summed over channels."""
    if kind == "signed":
        return (t / (t.abs().max() + 1e-6)).sum(1)[0]
    t = t.abs() if kind == "absolute" else t.clamp(min=0)
    t = t - t.min()
    return (t / (t.max() + 1e-6)).sum(1)[0]


def fullgrad(net, signal, given):
    kind = given.get("post", "absolute")
    total = torch.zeros(net.x.shape[2:], dtype=torch.float64)
    if int(given.get("input", 1)):
        total += post(net.x * signal[net.graph.input], kind)
    for node in net.graph.nodes:
        g, b = signal[node.output], bias(node)
        if b is None and int(given.get("implicit", 1)) and not int(given.get("simple", 0)):
            b = implicit(net, node)
        if b is None or g.dim() != 4:
            continue
        t = g if int(given.get("simple", 0)) else b * g
        total += up(post(t, kind), net, mode="bilinear", align_corners=True)
    return total


def complete(net, target):
    """S, and what all terms add up to."""
    signal = signals(net, "gradient", target)
    total = (net.x * signal[net.graph.input]).sum()
    for node in net.graph.nodes:
        if bias(node) is not None:
            total = total + (bias(node) * signal[node.output]).sum()
    return float(net.values[net.graph.output][0, target]), float(total)


def signals(net, rule, target):
    return golden_rules.signals(net.graph, net.x, target, rule, net.bounds)


def positions(net, tap):
    v = net.values[tap]
    return v.dim() == 4 and v[0, 0].numel() > 1


def guided_grad_cam(net, target, given, layers):
    convs = [n.output for n in net.graph.nodes if n.op == "Conv" and positions(net, n.output)]
    last = [n.output for n in net.graph.nodes if positions(net, n.output)]
    asked = [t for t in last if t in layers]
    tap = {"last_conv": convs, "last": last, "asked": asked}[given.get("layer", "last_conv")][-1]
    cam = golden_methods.made("grad_cam", net.values[tap], signals(net, "gradient", target)[tap])
    how = {"mode": "nearest"} if given.get("upsample") == "nearest" else {}
    guided = signals(net, "guided", target)[net.graph.input]
    one = golden_methods.made(f"guided/bias/{given.get('channels', 'maxabs')}", net.x, guided)
    return one * up(cam, net, **how)


def cameras(net, target, given):
    """Means of activations and of gradients over sizes of the image, enlarged, then multiplied."""
    last = [n.output for n in net.graph.nodes if positions(net, n.output)]
    convs = [n.output for n in net.graph.nodes if n.op == "Conv" and positions(net, n.output)]
    tap = {"last": last, "last_conv": convs}[given.get("layer", "last")][-1]
    own = net.x.shape[2:]
    side = min(own)
    step = int(given.get("step", 0)) or side * 100 / 224
    seen, classes = [], []
    for i in range(int(given.get("sizes", 8))):
        by = (side + math.floor(i * step + 0.5)) / side
        size = [math.floor(n * by + 0.5) for n in own]
        x = F.interpolate(net.x, size, mode="bicubic", align_corners=False)
        values = golden_operators.forward(net.graph, x)
        signal = golden_rules.signals(net.graph, x, target, "gradient", net.bounds)
        classes.append(int(values[net.graph.output][0].argmax()))
        seen.append([F.interpolate(v[tap], own, mode="bilinear", align_corners=False) for v in (values, signal)])
    keep = [True] * len(seen)
    if target == classes[0] and int(given.get("agree", 1)):
        keep = [c == classes[0] for c in classes]
    net.classes_at_sizes = classes
    a, g = (sum(s[k] for s, kept in zip(seen, keep) if kept) / sum(keep) for k in range(2))
    return (a * g).sum(1)[0].clamp(min=0)


def layers_of(net, name, target, given, of, layers):
    taps = [t for t in net.values if t in layers and positions(net, t)]
    weights = [(j + 1) / len(taps) if given.get("weights") == "linear" else 1.0 for j in range(len(taps))]
    rule = golden_methods.rule_of(of)
    signal = signals(net, rule, target)
    maps = [mm(up(golden_methods.made(of, net.values[t], signal[t]), net)) for t in taps]
    least = torch.stack(maps).amin(0)
    net.certain = (least == 0) | (least > LEAST)
    shares = [w / sum(weights) for w in weights]
    if name == "layers_sum":
        return sum(v * m for v, m in zip(shares, maps))
    return torch.stack([m ** v for v, m in zip(shares, maps)]).prod(0)


def made(net, method, target, layers):
    """The map [H, W]; layers: names of the taps that are asked for."""
    name, given, of = parse(method)
    if name == "smoothgrad":  # of averaged signals and the input itself
        total = {}
        for x, w, _ in golden_averages.copies(net, name, given):
            for tap, g in golden_rules.signals(net.graph, x, target, "gradient", net.bounds).items():
                total[tap] = total.get(tap, 0) + w * g
        return fullgrad(net, total, parse(of)[1])
    if name == "fullgrad":
        return fullgrad(net, signals(net, "gradient", target), given)
    if name == "guided_grad_cam":
        return guided_grad_cam(net, target, given, layers)
    if name == "cameras":
        return cameras(net, target, given)
    return layers_of(net, name, target, given, of or "normgrad", layers)


def by_captum(net, method, target):
    """Guided Grad-CAM at the last convolution; the largest |value| over channels."""
    from captum.attr import GuidedGradCam

    import golden_libraries
    name, given, _ = parse(method)
    if name != "guided_grad_cam" or "layer" in given:
        return None
    convs = [n.output for n in net.graph.nodes if n.op == "Conv" and positions(net, n.output)]
    model = golden_libraries.Network(net.graph)
    how = given.get("upsample", "bilinear")
    found = GuidedGradCam(model, model.of(convs[-1])).attribute(net.x, target, interpolate_mode=how)[0]
    return found.abs().amax(0).detach()
