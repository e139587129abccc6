"""Real models load: torchvision's exports as users make them, and every model that is at hand."""

import glob
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings

RETROGRAD = os.environ["RETROGRAD"]
SOURCE = os.environ.get("SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
SHARED = os.environ.get("SHARED_DATA", os.path.join(SOURCE, "..", "shared", "data"))

# Operators that a reader may fold away; whatever else a file holds must become a tap.
FOLDED = {"Identity", "Constant", "Shape", "Gather", "Unsqueeze", "Squeeze", "Concat", "Slice", "Cast", "Transpose",
          "Pad", "Dropout", "Reshape"}

OPSETS = (9, 11, 13, 17)
# name of the variant, keywords of torch.onnx.export
VARIANTS = (
    ("fixed", {"do_constant_folding": True}),
    ("open", {"do_constant_folding": False, "dynamic_axes": {"input": {0: "N"}, "logits": {0: "N"}}}),
    ("kept", {"do_constant_folding": False, "training": "PRESERVE", "dynamic_axes": {"input": {0: "N"}}}),
)


def layers(path):
    """Run `retrograd layers`; returns (exit code, output, seconds)."""
    start = time.time()
    done = subprocess.run([RETROGRAD, "layers", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout, time.time() - start


def check(path, problems):
    """The model loads, and lists each of its operators that cannot be folded as often as the file holds it."""
    import onnx

    code, out, _ = layers(path)
    if code != 0:
        problems.append(f"{path}: exit code {code}: {out.strip()[-300:]}")
        return
    wanted = {}
    for node in onnx.load(path, load_external_data=False).graph.node:
        if node.op_type not in FOLDED:
            wanted[node.op_type] = wanted.get(node.op_type, 0) + 1
    for op, n in wanted.items():
        found = len(re.findall(rf"(?m)^ *\d+  \S+ +{op} +\[", out))
        if found != n:
            problems.append(f"{path}: {n} {op} in the file, {found} listed")


def networks(torch, torchvision):
    """(name, network) with random weights; VGG's classifier is made narrow, its layers are the same."""
    from torch import nn

    class Views(nn.Module):
        """Batch sizes that pass through shapes, as people write them."""

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.weight = nn.Parameter(torch.randn(10, 16))

        def forward(self, x):
            x = nn.functional.relu6(self.conv(x))
            x = nn.functional.adaptive_avg_pool2d(x, 1)
            x = x.view(x.size(0), -1, 1, 1)
            x = x.reshape(x.shape[0], 4)
            x = torch.cat([x, x, x, x], dim=1)
            return x @ self.weight.t()

    for name in ("vgg11", "vgg11_bn", "resnet18", "squeezenet1_0", "squeezenet1_1"):
        net = getattr(torchvision.models, name)(weights=None)
        if name.startswith("vgg"):
            net.classifier[0] = nn.Linear(512 * 49, 16)
            net.classifier[3] = nn.Linear(16, 16)
            net.classifier[6] = nn.Linear(16, 10)
        yield name, net.eval()
    yield "views", Views().eval()


def check_exports(folder, problems):
    """Export every network at every opset in every variant, and load it; returns how many."""
    import torch
    import torchvision

    n = 0
    torch.manual_seed(1)
    image = torch.randn(1, 3, 224, 224)
    for name, net in networks(torch, torchvision):
        for opset in OPSETS:
            for variant, keywords in VARIANTS:
                if variant == "kept" and (opset < 13 or not any("bn" in k for k in net.state_dict())):
                    continue  # the same nodes as "open"
                path = os.path.join(folder, f"{name}_{opset}_{variant}.onnx")
                options = dict(keywords)
                if "training" in options:
                    options["training"] = torch.onnx.TrainingMode.PRESERVE
                torch.onnx.export(net, image, path, opset_version=opset, input_names=["input"],
                                  output_names=["logits"], **options)
                check(path, problems)
                os.remove(path)
                n += 1
    return n


def check_refusal(folder, problems):
    """An unsupported operator is refused within a second, by name, with exit code 2."""
    import torch
    from torch import nn

    class Signs(nn.Module):
        def forward(self, x):
            return x.sign()

    path = os.path.join(folder, "refused.onnx")
    net = nn.Sequential(nn.Conv2d(3, 2, 3), Signs(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    torch.onnx.export(net, torch.randn(1, 3, 32, 32), path, opset_version=14, input_names=["input"])
    code, out, seconds = layers(path)
    if code != 2 or "operator Sign (opset 14)" not in out or "Supported: " not in out or seconds > 1.0:
        problems.append(f"unsupported operator: exit code {code} after {seconds:.2f} s: {out}")


def main():
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
        import torchvision  # noqa: F401
    except ImportError as e:
        print(f"skipped: {e}")
        return 77
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        exported = check_exports(folder, problems)
        check_refusal(folder, problems)
    files = sorted(glob.glob(os.path.join(SHARED, "models", "**", "*.onnx"), recursive=True))
    files += sorted(glob.glob(os.path.join(SOURCE, "demo", "*.onnx")))
    for path in files:
        check(path, problems)
    print(f"{exported} exports and {len(files)} files, {len(problems)} problems")
    if not os.path.isdir(SHARED):
        print("the shared models are not here; only exports and demo models were loaded")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
