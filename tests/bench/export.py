"""Models of the benchmark: torchvision's networks with random weights, as ONNX and as PyTorch weights.

    export.py FOLDER [MODEL...]

Per model, in FOLDER: NAME.onnx (opset 13, as a user exports it: BatchNormalization folded), NAME.pt
(the same weights for PyTorch) and NAME.json (operations of one image, taps of the suite).

Random weights alone make signals that vanish or overflow with depth, and arithmetic on denormal
numbers is slow; so the statistics of BatchNormalization are taken from one pass over noise.
"""

import json
import os
import sys

SIZE = 224
NAMES = ("vgg16", "resnet50", "mobilenet_v2", "squeezenet1_0")
# What makes the input of the ReLUs at which the suite is taken: all 13 after the convolutions of
# VGG-16, the outputs of all 16 blocks of ResNet-50.
TAPPED_AFTER = {"vgg16": "Conv", "resnet50": "Add"}


def make(name):
    """The network without its weights' random start, ready for load_state_dict."""
    import torchvision
    skip = {"init_weights": False} if name == "vgg16" else {}
    return getattr(torchvision.models, name)(weights=None, **skip).eval()


def random_network(name):
    import torch
    import torchvision
    torch.manual_seed(0)
    network = getattr(torchvision.models, name)(weights=None)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over the batches seen: of one
    if norms:
        with torch.no_grad():
            network.train()(torch.randn(8, 3, SIZE, SIZE))
    return network.eval()


def operations(network):
    """Floating-point operations of one image, forward, with every convolution computed directly."""
    import torch
    total = 0

    def count(module, _, out):
        nonlocal total
        total += 2 * out.numel() * module.weight[0].numel()

    counted = (torch.nn.Conv2d, torch.nn.Linear)
    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, counted)]
    with torch.no_grad():
        network(torch.zeros(1, 3, SIZE, SIZE))
    for hook in hooks:
        hook.remove()
    return total


def taps(path, after):
    """Values of the ReLUs whose input an operator `after` makes."""
    import onnx
    nodes = onnx.load(path, load_external_data=False).graph.node
    maker = {out: node.op_type for node in nodes for out in node.output}
    return [n.output[0] for n in nodes if n.op_type == "Relu" and maker.get(n.input[0]) == after]


def export(folder, name):
    import torch
    network = random_network(name)
    stem = os.path.join(folder, name)
    axes = {"input": {0: "N"}, "logits": {0: "N"}}
    torch.save(network.state_dict(), stem + ".pt")
    torch.onnx.export(network, torch.zeros(1, 3, SIZE, SIZE), stem + ".onnx", input_names=["input"],
                      output_names=["logits"], opset_version=13, dynamic_axes=axes)
    facts = {"operations": operations(network), "size": SIZE,
             "taps": taps(stem + ".onnx", TAPPED_AFTER[name]) if name in TAPPED_AFTER else []}
    with open(stem + ".json.part", "w", encoding="utf-8") as f:
        json.dump(facts, f, indent=1)
    os.replace(stem + ".json.part", stem + ".json")  # last: its presence says that all is there


def main(folder, *names):
    os.makedirs(folder, exist_ok=True)
    for name in names or NAMES:
        if not os.path.exists(os.path.join(folder, name + ".json")):
            print(f"exporting {name} to {folder}", file=sys.stderr, flush=True)
            export(folder, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
