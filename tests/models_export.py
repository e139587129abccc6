"""Every classification architecture of torchvision as ONNX files, and a survey of which of them load.

    models_export.py [--only NAME,NAME...] [--opsets 11,13,17] [--keep FOLDER] [--results FILE]

Each architecture is made with random weights from a small seed, exported at every opset in every
variant, loaded with `retrograd layers`, and removed before the next one: the largest takes 2.6 GB.
Without --only it is all of them, which takes about an hour; one line is printed per architecture, and one
per refusal.  With --results each architecture's line of JSON is appended there, and those that have one are not
tried again.  Run by the target `models_survey`; needs torch and torchvision.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings

OPSETS = (11, 13, 17)
# name of the variant, keywords of torch.onnx.export
VARIANTS = (
    ("folded", {"do_constant_folding": True}),
    ("plain", {"do_constant_folding": False}),
    ("open", {"do_constant_folding": False, "dynamic_axes": {"input": {0: "N"}, "logits": {0: "N"}}}),
)
# For proofs and surveys: an image this small changes no node of a convolutional network, but those that
# pool to a fixed grid and those that hold their input's size keep their own.
SMALL, SMALL_SIDE = 64, {"inception_v3": 107}
WHOLE = ("alexnet", "vgg", "vit", "swin", "maxvit")
SIDE = {"inception_v3": 299, "swin_v2_t": 256, "swin_v2_s": 256, "swin_v2_b": 256}
# Initialising these samples truncated normal distributions by rejection, for minutes.
SLOW_START = {"googlenet", "inception_v3"}


def architectures():
    """Names of all image classifiers of torchvision."""
    import torchvision
    return torchvision.models.list_models(torchvision.models)


def side(name):
    """Rows and columns of an architecture's input."""
    return SIDE.get(name, 224)


def small_side(name):
    """Rows and columns of the smallest input with the same nodes."""
    return side(name) if name.startswith(WHOLE) else SMALL_SIDE.get(name, SMALL)


def network(name, seed=1):
    """An architecture with random weights, for inference."""
    import torch
    import torchvision
    torch.manual_seed(seed)
    keywords = {"init_weights": False} if name in SLOW_START else {}
    return unsettle(torchvision.models.get_model(name, weights=None, **keywords))


def unsettle(net):
    """Move normalisations away from the identity that they start as, heads from zero, and the scales of
    ConvNeXt's branches from 1e-6; for inference from here on."""
    import torch
    with torch.no_grad():
        for key, value in [*net.named_parameters(), *net.named_buffers()]:
            if key.endswith("running_var") or key.endswith("layer_scale"):
                value.uniform_(0.5, 1.5)
            elif key.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif value.is_floating_point() and not value.any():
                value.normal_(0, 0.02)  # heads and biases that start as zeros
        for part in net.modules():
            if isinstance(part, (torch.nn.BatchNorm2d, torch.nn.LayerNorm)):
                part.weight.uniform_(0.5, 1.5)
                part.bias.normal_(0, 0.1)
    return net.eval()


def export(net, shape, path, opset, variant):
    """Write a network as an ONNX file; large ones spread over the folder as external data."""
    import torch
    image = torch.randn(1, *shape, generator=torch.Generator().manual_seed(7))
    torch.onnx.export(net, image, path, opset_version=opset, input_names=["input"], output_names=["logits"],
                      **dict(VARIANTS)[variant])


def layers(path):
    """Run `retrograd layers`: its exit code and what it printed."""
    done = subprocess.run([os.environ["RETROGRAD"], "layers", path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip()


def attempt(net, name, opset, variant, keep):
    """Export and load; returns "loads", "no export: ..." or the refusal."""
    with tempfile.TemporaryDirectory() as folder:
        folder = keep or folder
        path = os.path.join(folder, f"{name}_{opset}_{variant}.onnx")
        try:
            export(net, (3, small_side(name), small_side(name)), path, opset, variant)
        except Exception as e:  # PyTorch has no common type for what it cannot export
            return "no export: " + str(e).strip().split("\n")[0][:150]
        code, out = layers(path)
        return "loads" if code == 0 else out.split("\n")[-1].replace(path, "M")[:400]


def try_all(name, opsets, keep=None):
    """Try every export of an architecture: {what happened: [export, ...]}."""
    net = network(name)
    found = collections.defaultdict(list)
    for opset in opsets:
        for variant, _ in VARIANTS:
            found[attempt(net, name, opset, variant, keep)].append(f"{opset} {variant}")
    return found


def read_results(path):
    """What an earlier survey found: {architecture: {what happened: [export, ...]}}."""
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as f:
        return {name: found for line in f for name, found in json.loads(line).items()}


def survey(names, opsets, keep=None, results=None):
    """Try every export that `results` does not have; returns Counter of what happened."""
    counts = collections.Counter()
    known = read_results(results)
    for name in names:
        found = known.get(name) or try_all(name, opsets, keep)
        if results and name not in known:
            with open(results, "a", encoding="utf-8") as f:
                f.write(json.dumps({name: found}) + "\n")
        for what, where in found.items():
            counts[what if what == "loads" else what.split(":")[0]] += len(where)
            print(f"{name:20} {len(where)} of {len(opsets) * len(VARIANTS)}: {what}"
                  + ("" if what == "loads" else f"  [{', '.join(where)}]"), flush=True)
    return counts


def zero(graph, x):
    """x.zero_() of Swin V2, which PyTorch 1.13 cannot export by itself."""
    import torch
    return graph.op("Mul", x, graph.op("Constant", value_t=torch.tensor(0.0)))


def quiet():
    """PyTorch warns about its own tracing."""
    import torch
    for opset in OPSETS:
        torch.onnx.register_custom_op_symbolic("aten::zero", zero, opset)
    warnings.filterwarnings("ignore")
    sys.warnoptions.append("ignore")  # unittest would turn them on again
    torch.set_num_threads(1)


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--only", default="")
    ask.add_argument("--opsets", default=",".join(map(str, OPSETS)))
    ask.add_argument("--keep")
    ask.add_argument("--results")
    o = ask.parse_args()
    quiet()
    names = [n for n in re.split("[ ,]+", o.only) if n] or architectures()
    counts = survey(names, [int(n) for n in o.opsets.split(",")], o.keep, o.results)
    print(f"{len(names)} architectures: " + ", ".join(f"{n} {what}" for what, n in counts.most_common()))
    return 0 if set(counts) <= {"loads", "no export"} else 1


if __name__ == "__main__":
    sys.exit(main())
