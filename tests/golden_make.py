"""Makes methods_golden.h5: what every rule and method must give on small networks.

    golden_make.py [--out FILE]

Everything is computed in float64 by the formulas of golden_rules.py and golden_methods.py, and once more by the
public libraries that have it (golden_libraries.py); the table that is printed, and the file, say which values
rest on a library and which on the formula alone.  Run by the target `golden`; needs torch, onnx and h5py, and
what golden_requirements.txt lists.

The samples are chosen so that float32 takes no decision differently: no input of a rectifier, no second in a
max pooling window and no product before RectGrad's threshold is nearly on the edge, and torch's own float32
agrees.  Signals are kept at some positions of each tap, with the tap's largest |value|.
"""

import argparse
import collections
import hashlib
import json
import os
import sys

import golden_averages
import golden_combinations
import golden_libraries
import golden_meta
import golden_methods
import golden_networks
import golden_operators
import golden_rules
import h5py
import numpy as np
import torch
import torch.nn.functional as F

SHARED = os.environ.get("SHARED_DATA", os.path.join(os.path.dirname(__file__), "..", "..", "shared", "data"))
SQUEEZENET = os.path.join(SHARED, "models", "squeezenet_v1.0.onnx")
MAP_POSITIONS = 60
SINGLE_BOUND = 2e-5  # relative, of torch's float32
LIBRARY_BOUND = 1e-9  # relative, between library and formula in float64

# The sample under test is the middle one; `each` positions of a tap are kept.
Spec = collections.namedtuple("Spec", "size mean std taps slots each map_taps margin images without any_size",
                              defaults=(False,))
SPECS = {
    "plain": Spec((12, 9), (0.48, 0.45, 0.41), (0.23, 0.22, 0.22),
                  ("conv1", "pool", "conv2", "relu2", "relu3", "fc1"), ("predicted", "least"), 26,
                  ("input", "pool", "relu2", "relu3"), 1e-4, 3, ()),
    "residual": Spec((12, 9), (0.5, 0.4, 0.45), (0.25, 0.2, 0.3),
                     ("relu1", "pool", "relu2", "norms", "join1", "relu4", "concat", "conv5"), ("predicted", "least"),
                     22, ("input", "relu3", "concat", "relu6"), 1e-4, 3, (), True),
    "curved": Spec((12, 9), (0.5, 0.4, 0.45), (0.25, 0.2, 0.3), ("cut", "bend", "swish"), ("predicted",), 1,
                   ("input", "bend", "swish"), 1e-4, 3, ()),
    # Of a reference of one colour most windows of the first pooling are ties, which rounding decides.
    "squeezenet": Spec((47, 47), None, None, None, ("predicted",), 24, None, 3e-6, 1,
                       ("deeplift", "deeplift(baseline=black)")),
}


def prepared(image, mean, std):
    """Network input [1, 3, H, W] of an image of bytes."""
    x = torch.from_numpy(np.asarray(image, "f8")).permute(2, 0, 1)[None] / 255
    return (x - column(mean)) / column(std)


def column(v):
    return torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1)


def margin(graph, values):
    """How near a decision is to its edge, relative to the largest value there.  Where a convolution sees nothing
    but zeros its output is the bias, in any precision."""
    least, makers = 1.0, graph.makers()
    for node in graph.nodes:
        x = values[node.inputs[0]]
        if node.op in ("Clip", "PRelu", "HardSwish"):
            edges = {"Clip": [0.0, 0.5], "PRelu": [0.0], "HardSwish": [-3.0, 3.0]}[node.op]
            least = min(least, *(float((x - e).abs().min() / x.abs().max()) for e in edges))
        if node.op == "Relu":
            maker = makers[node.inputs[0]]
            sees = torch.ones_like(x)
            if maker.op in golden_operators.WEIGHTED:
                sees = golden_operators.linear(maker, values[maker.inputs[0]].abs(), maker.weights[0].abs())
            least = min(least, float(x.abs()[sees > 0].min() / x.abs().max()))
        if node.op == "MaxPool":
            pads = golden_operators.halves(node.get("pads", [0] * 4))
            cells = F.unfold(F.pad(x, (pads[1], pads[1], pads[0], pads[0])).transpose(0, 1), node.get("kernel_shape"),
                             stride=node.get("strides"))
            top = cells.topk(2, 1).values
            gap = (top[:, 0] - top[:, 1])[top[:, 0] > 0]  # ties at 0 are decided alike
            least = min(least, float(gap.min() / x.abs().max()))
    return least


def relative(found, wanted):
    error = float((found - wanted).abs().max())
    return error and error / float(wanted.abs().max())


class Network:
    """A network with its samples and the classes that are explained."""

    def __init__(self, name, spec, data):
        self.name, self.spec, self.data = name, spec, data
        self.graph = golden_networks.Graph(data)
        self.single = self.graph.to(torch.float32)
        self.bounds = [(v - column(spec.mean)) / column(spec.std) for v in (0.0, 1.0)]
        self.sample = spec.images // 2
        pictures = [golden_networks.pixels(9000 + i, *spec.size) for i in range(2)]
        self.baseline_images = np.array(pictures)
        self.baselines = [prepared(p, spec.mean, spec.std) for p in pictures]
        self.curved = name == "curved"  # steps and FullGrad alone: few rules have formulas for its operators
        self.rules = [r for r in (*golden_rules.RULES, *golden_rules.VARIANTS) if r not in spec.without]
        self.rules = ["gradient"] if self.curved else self.rules

    def choose(self):
        """The first seed whose sample under test leaves no doubt."""
        for seed in range(2000):
            self.images = [golden_networks.pixels(3 * seed + i, *self.spec.size) for i in range(self.spec.images)]
            self.x = prepared(self.images[self.sample], self.spec.mean, self.spec.std)
            self.values = golden_operators.forward(self.graph, self.x)
            if margin(self.graph, self.values) >= self.spec.margin and self.agrees():
                return seed
        raise SystemExit(f"{self.name}: every sample leaves doubt")

    def classes(self):
        logits = self.values[self.graph.output][0]
        return {"predicted": int(logits.argmax()), "least": int(logits.argmin())}

    def agrees(self):
        """Whether float32 gives the signals to a tenth of what the program is allowed; notes its error."""
        self.single_error = {}
        for rule in self.rules:
            for slot in self.spec.slots:
                args = self.classes()[slot], rule
                wide = golden_rules.signals(self.graph, self.x, *args, self.bounds)
                narrow = golden_rules.signals(self.single, self.x.float(), *args, [b.float() for b in self.bounds])
                error = max(relative(narrow[tap].double(), wide[tap]) for tap in self.probed())
                self.single_error[rule] = max(error, self.single_error.get(rule, 0.0))
            if self.single_error[rule] > SINGLE_BOUND:
                return False
        return True

    def probed(self):
        return (self.graph.input, *self.spec.taps)

    def positions(self):
        """(tap, indices) where signals are kept, spread over each tap."""
        for tap in self.probed():
            yield tap, spread(self.values[tap].numel(), self.spec.each * (4 if tap == self.graph.input else 1))


def spread(n, kept):
    """So many of n positions, always the same ones."""
    return np.sort(np.random.RandomState(n).permutation(n)[:kept])


def check_library(what, found, wanted, evidence):
    """A library's value must be the formula's; notes the largest error of each."""
    for library, value in found.items():
        error = relative(torch.as_tensor(value), wanted)
        if error > LIBRARY_BOUND:
            raise SystemExit(f"{what}: {library} differs from the formula by {error:.1e}")
        evidence[library] = max(error, evidence.get(library, 0.0))


def said(evidence):
    return "; ".join(f"{library}: {error:.0e}" for library, error in sorted(evidence.items())) or "formula alone"


def write_signals(net, group):
    """Signals of every rule, one row each."""
    places = list(net.positions())
    write_text(group, tap=[t for t, _ in places], slot=net.spec.slots)
    group["first"] = np.cumsum([0] + [len(i) for _, i in places]).astype("i4")
    group.create_dataset("index", data=np.concatenate([i for _, i in places]).astype("i4"), **PACKED)
    values, largest, evidence = [], [], []
    for rule in net.rules:
        row, most, known = [], [], {}
        for slot in net.spec.slots:
            args = net.graph, net.x, net.classes()[slot], rule, net.bounds
            signal = golden_rules.signals(*args)
            libraries = golden_libraries.signals(*args)
            for library, found in libraries.items():
                for value in found.keys() & signal.keys():
                    check_library(f"{net.name} {rule} at {value}", {library: found[value]}, signal[value], known)
            for tap, index in places:
                row.append(signal[tap].flatten().numpy()[index])
                most.append(float(signal[tap].abs().max()))
        values.append(np.concatenate(row))
        largest.append(most)
        evidence.append(said(known))
        print(f"{net.name:10} {rule:46} {evidence[-1]:40} float32: {net.single_error[rule]:.0e}", flush=True)
    write_text(group, rule=net.rules, evidence=evidence)
    group["largest"] = np.array(largest)
    group.create_dataset("value", data=np.array(values, "f4"), **PACKED)


def write_text(group, **lists):
    for name, text in lists.items():
        group.create_dataset(name, data=np.array(text, "S"), **PACKED)


def methods_of(net, tap):
    """Named methods; averages on the small networks; and where the tap is the last of the list every cell under
    the gradient."""
    cells = [f"gradient/{e}/{a}" for e in golden_methods.EXTRACTS for a in golden_methods.AGGREGATES]
    averages = golden_averages.ANYWHERE + golden_averages.AT_INPUT * (tap == net.graph.input)
    averages *= net.name != "squeezenet" and (tap in (net.graph.input, net.spec.map_taps[1]))
    if tap == net.graph.input:
        return list(golden_methods.NAMED) + averages
    named = [m for m in golden_methods.NAMED if m not in golden_methods.INPUT_ONLY]
    return named + averages + (cells if tap == net.spec.map_taps[-1] else [])


def conditioned(net, method, tap, target):
    """Whether float32 gives a map to a tenth of what the program is allowed: the denominators of Grad-CAM++
    vanish at some negative gradients."""
    maps = []
    for graph, x in ((net.graph, net.x), (net.single, net.x.float())):
        rule = golden_methods.rule_of(method)
        signal = golden_rules.signals(graph, x, target, rule, [b.to(x.dtype) for b in net.bounds])
        maps.append(golden_methods.made(method, golden_operators.forward(graph, x)[tap], signal[tap]).double())
    return relative(maps[1], maps[0]) <= SINGLE_BOUND


def write_maps(net, group):
    """Maps of the predicted class: (method, tap) pairs, each at some positions."""
    pairs = [(m, tap) for tap in net.spec.map_taps for m in methods_of(net, tap) if not net.curved]
    target = net.classes()["predicted"]
    real = golden_methods.REAL.get(net.name)
    pairs += [(m, real) for m in golden_methods.REAL_METHODS if real]
    pairs += [(m, tap) for m in golden_meta.METHODS for tap in net.spec.map_taps[:2] if real or net.curved]
    pairs += [(m, golden_combinations.PLACE) for m in golden_combinations.METHODS if real]
    pairs += [(m, golden_combinations.PLACE) for m in golden_combinations.CURVED if net.curved]
    pairs += [(m, golden_combinations.PLACE) for m in golden_combinations.SIZED if net.spec.any_size]
    for pair in [p for p in pairs if p[0] in golden_methods.NAMED and not conditioned(net, *p, target)]:
        print(f"{net.name:10} {pair[0]:46} at {pair[1]}: left out, float32 is not good enough for it")
        pairs.remove(pair)
    by_rule, known, values, indices = {}, collections.defaultdict(dict), [], []
    largest = []
    for method, tap in pairs:
        if tap == golden_combinations.PLACE:
            wanted = golden_combinations.made(net, method, target, (*net.spec.map_taps, real))
            found = {golden_libraries.CAPTUM: golden_combinations.by_captum(net, method, target)}
            found = {k: v for k, v in found.items() if v is not None}
        elif method in golden_methods.REAL_METHODS:
            node = net.graph.makers()[tap]
            signal = golden_rules.signals(net.graph, net.x, target, "gradient", net.bounds)[tap]
            wanted, found = golden_methods.real(method, node, net.values[node.inputs[0]], signal), {}
        elif golden_meta.parse(method):
            wanted, found = golden_meta.made(net, method, tap, target), {}
        elif golden_averages.parse(method):
            wanted = golden_averages.made(net, method, tap, target)
            found = {golden_libraries.CAPTUM: golden_averages.by_captum(net, method, target)}
            found = {k: v for k, v in found.items() if v is not None}
        else:
            rule = golden_methods.rule_of(method)
            if rule not in by_rule:
                by_rule[rule] = golden_rules.signals(net.graph, net.x, target, rule, net.bounds)
            wanted = golden_methods.made(method, net.values[tap], by_rule[rule][tap])
            found = golden_libraries.maps(net.graph, net.x, target, method, tap)
        check_library(f"{net.name} {method} at {tap}", found, wanted, known[method])
        largest.append(float(wanted.abs().max()))
        index = spread(wanted.numel(), MAP_POSITIONS)
        if method.startswith("layers_product"):
            index = index[net.certain.flatten().numpy()[index]]
        indices.append(index)
        values.append(wanted.flatten().numpy()[index])
    for method in dict.fromkeys(m for m, _ in pairs if m.count("/") != 2 or "[" in m):
        print(f"{net.name:10} {method:46} {said(known[method])}")
    write_text(group, method=[m for m, _ in pairs], tap=[t for _, t in pairs],
               evidence=[said(known[m]) for m, _ in pairs])
    group["first"] = np.cumsum([0] + [len(v) for v in values]).astype("i4")
    group["largest"] = np.array(largest)
    group.create_dataset("index", data=np.concatenate(indices).astype("i4"), **PACKED)
    group.create_dataset("value", data=np.concatenate(values).astype("f4"), **PACKED)


PACKED = {"compression": "gzip", "compression_opts": 9, "shuffle": True}


def write(net, group):
    spec = net.spec
    group.attrs["seed"] = net.choose()
    group.attrs["margin"] = margin(net.graph, net.values)
    group.attrs["size"] = spec.size
    group.attrs["any_size"] = spec.any_size
    group.attrs["sha256"] = hashlib.sha256(net.data).hexdigest()
    group.attrs["recipe"] = json.dumps({"size": spec.size, "mean": spec.mean, "std": spec.std, "scale": 1 / 255,
                                        "resize": None, "crop": None})
    if net.name != "squeezenet":
        group.create_dataset("baselines", data=net.baseline_images, **PACKED)
        group.create_dataset("onnx", data=np.frombuffer(net.data, "u1"), **PACKED)
    group.create_dataset("images", data=np.array(net.images), **PACKED)
    group["target_class"] = [net.classes()[slot] for slot in spec.slots]
    group["logits"] = net.values[net.graph.output][0].numpy()
    if not net.curved:
        write_signals(net, group.create_group("signals"))
    write_maps(net, group.create_group("maps"))
    print(f"{net.name}: nearest decision {group.attrs['margin']:.1e} of the largest value, seed {group.attrs['seed']}")


def networks():
    for name, kind in (("plain", golden_networks.Plain), ("residual", golden_networks.Residual)):
        yield Network(name, SPECS[name], golden_networks.export(golden_networks.draw(kind, 1), *SPECS[name].size))
    yield Network("curved", SPECS["curved"],
                  golden_networks.export(golden_networks.draw(golden_networks.Curved, 1), *SPECS["curved"].size, 17))
    if not os.path.exists(SQUEEZENET):
        raise SystemExit(f"there is no {SQUEEZENET} (set SHARED_DATA)")
    with open(SQUEEZENET, "rb") as f:
        data = f.read()
    with open(SQUEEZENET[:-5] + ".json", encoding="utf-8") as f:
        recipe = json.load(f)
    makers = [n.output for n in golden_networks.Graph(data).nodes]
    pools = [n.output for n in golden_networks.Graph(data).nodes if n.op in ("MaxPool", "Concat")]
    yield Network("squeezenet", SPECS["squeezenet"]._replace(
        mean=recipe["mean"], std=recipe["std"], taps=(pools[0], pools[3], pools[6], pools[-1], makers[-4]),
        map_taps=("input", pools[-1])), data)


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "methods_golden.h5"))
    out = ask.parse_args().out
    torch.set_num_threads(1)
    with h5py.File(out + ".part", "w", libver="latest") as f:
        f.attrs["title"] = "Signals and maps that rules and methods must give; made by golden_make.py"
        for net in networks():
            write(net, f.create_group(net.name))
    os.replace(out + ".part", out)
    print(f"{out}: {os.path.getsize(out):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
