"""PyTorch's side of the benchmark, driven line by line like engine.c:

    torch_side.py MODEL FOLDER SAMPLES plain    a model that export.py left in FOLDER, as a user runs it
    torch_side.py MODEL FOLDER SAMPLES tuned    the same, at its best
    torch_side.py MODEL FOLDER SAMPLES loop     as installed, with the suite's loop at its best
    torch_side.py FILE.onnx - SAMPLES plain     any ONNX file, on the tests' interpreter: for checks

It prints one JSON line (versions, memory after import), then answers each line of stdin with one:

    input PATH          float32 [SAMPLES, C, H, W]
    form NAME           lay activations out so: contiguous, channels_last, or frozen (forward alone)
    forward             seconds of logits alone, nothing recorded
    gradient            seconds of logits and d(logit of class b of sample b)/d(input)
    suite PATH          seconds of the suite; its maps are written to PATH where it is not "-"
    logits              all logits of all samples
    save PATH           write the last input gradient

Weights never need a gradient.  Tuned is meant to be the best that can be written: BatchNormalization
is folded into the convolutions, the driver picks the form that is fastest here and gives malloc
settings that keep memory; one forward serves the three rules of the suite, and every map is computed
in a hook as soon as its signal is there, from sums that the methods share, without anything of K x K.
"""

import json
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

import export

LARGE = 1 << 21  # elements of a tap
FORMS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def fold(module):
    """Fold every BatchNormalization into the convolution that its parent names just before it."""
    before = None
    for name, child in list(module.named_children()):
        if isinstance(child, torch.nn.BatchNorm2d) and isinstance(before[1], torch.nn.Conv2d):
            setattr(module, before[0], fuse_conv_bn_eval(before[1], child))
            setattr(module, name, torch.nn.Identity())
        else:
            fold(child)
        before = (name, child)


class Ruled(torch.autograd.Function):
    """ReLU in place whose way back is the rule of the moment: fused kernels, no copy forward."""

    @staticmethod
    def forward(ctx, x, state):
        ctx.state = state
        ctx.mark_dirty(x.clamp_(min=0))
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        if ctx.state.rule == "deconvnet":
            return g.clamp(min=0), None
        y, = ctx.saved_tensors
        dx = torch.ops.aten.threshold_backward(g, y, 0)
        return (dx.clamp_(min=0) if ctx.state.rule == "guided" else dx), None


class State:
    """What ReLUs and hooks of a network look at: the rule, None outside the suite, and the maps."""

    def __init__(self):
        self.rule = None
        self.maps = []


class SwitchedRelu(torch.nn.Module):
    def __init__(self, state):
        super().__init__()
        self.state = state

    def forward(self, x):
        return Ruled.apply(x, self.state) if self.state.rule else F.relu_(x)


def switch_relus(module, state):
    for name, child in list(module.named_children()):
        if isinstance(child, torch.nn.ReLU):
            setattr(module, name, SwitchedRelu(state))
        switch_relus(child, state)


def weigh(a, w):
    """sum_k w_k a_k as a matrix product over the channels, whichever of the two layouts."""
    n, k, height, width = a.shape
    if a.is_contiguous():
        return torch.bmm(w.view(n, 1, k), a.view(n, k, -1)).view(n, height, width)
    return torch.bmm(a.permute(0, 2, 3, 1).reshape(n, -1, k), w.view(n, k, 1)).view(n, height, width)


def tap_maps(a, g):
    """[samples, 5, H, W]: grad_cam, linear_approx, and the norms of scaling, conv1x1 and conv3x3.

    Large taps image by image, which halves the time: the product then stays in cache.
    """
    if a.numel() < LARGE or len(a) == 1:
        return unit_maps(a, g)
    return torch.cat([unit_maps(a[b:b + 1], g[b:b + 1]) for b in range(len(a))])


def unit_maps(a, g):
    product = a * g
    linear = product.sum(1)
    scaling = product.square_().sum(1)
    a2, g2 = torch.mul(a, a, out=product).sum(1), torch.mul(g, g, out=product).sum(1)
    box = F.avg_pool2d(a2.unsqueeze(1), 3, 1, 1, divisor_override=1).squeeze(1)
    cam = weigh(a, g.mean((2, 3))).clamp_(min=0)
    return torch.stack((cam, linear, scaling.sqrt_(), (a2 * g2).sqrt_(), box.mul_(g2).sqrt_()), 1)


def tapped(network):
    """Modules whose output the suite looks at, in order."""
    blocks = [m for m in network.modules() if type(m).__name__ == "Bottleneck"]
    return blocks or [m for m in network.features if isinstance(m, SwitchedRelu)]


class Torchvision:
    """A network that export.py made."""

    def __init__(self, name, folder, how):
        self.state = State()
        self.network = export.make(name).requires_grad_(False)
        self.network.load_state_dict(torch.load(os.path.join(folder, name + ".pt")))
        if how == "tuned":
            fold(self.network)
        if how != "plain":
            switch_relus(self.network, self.state)
        self.network.requires_grad_(False)
        if how != "plain" and name in export.TAPPED_AFTER:
            for module in tapped(self.network):
                module.register_forward_hook(self.watch)
        self.run, self.frozen = self.network, None

    def form(self, name, x):
        """The input in that form; forward and gradient run so from here on."""
        layout = FORMS.get(name, torch.contiguous_format)
        self.network.to(memory_format=layout)
        x = x.contiguous(memory_format=layout)
        if name == "frozen" and not self.frozen:
            with torch.no_grad():
                traced = torch.jit.trace(self.network, x)
                self.frozen = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
        self.run = self.frozen if name == "frozen" else self.network
        return x

    def watch(self, module, _, a):
        if self.state.rule:
            slot = len(self.state.maps)
            self.state.maps.append(None)
            a.register_hook(lambda g: self.collect(slot, a.detach(), g))

    def collect(self, slot, a, g):
        if self.state.rule != "gradient":
            return
        with torch.no_grad():
            self.state.maps[slot] = tap_maps(a, g)

    def suite(self, x):
        """Maps at the input [samples, 4, H, W], then those at every tap."""
        self.state.maps, at_input = [], []
        self.state.rule = "gradient"
        x = x.detach().requires_grad_()
        scores = chosen(self.network(x))
        for rule in ("gradient", "guided", "deconvnet"):
            self.state.rule = rule
            g, = torch.autograd.grad(scores, x, retain_graph=rule != "deconvnet")
            at_input.append(g.abs().amax(1))
            if rule == "gradient":
                at_input.append((g * x.detach()).sum(1))
        self.state.rule = None
        return [torch.stack(at_input, 1), *self.state.maps]


class Interpreted:
    """An ONNX file on the tests' interpreter."""

    def __init__(self, path):
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
        import onnx_reference
        network = onnx_reference.Network(path, torch.float32)
        self.run = lambda x: network.forward(x)[network.output]
        self.network = network

    def gradient(self, x):
        values = self.network.forward(x)
        g, = torch.autograd.grad(chosen(values[self.network.output]), values[self.network.input])
        return g


def chosen(logits):
    """Sum over the samples b of the logit of class b: what every backward pass begins with."""
    b = torch.arange(len(logits))
    return logits[b, b % logits.shape[1]].sum()


class Side:
    """The commands."""

    def __init__(self, side, samples):
        self.side, self.samples, self.x, self.last = side, samples, None, None

    def input(self, path, size):
        flat = torch.from_file(path, size=os.path.getsize(path) // 4)
        self.x = flat.view(self.samples, -1, size, size).clone()

    def form(self, name):
        self.x = self.side.form(name, self.x)

    def timed(self, work):
        begin = time.perf_counter()
        found = work(self.x)
        return {"seconds": time.perf_counter() - begin}, found

    def forward(self):
        with torch.inference_mode():
            return self.timed(self.side.run)[0]

    def gradient(self):
        def work(x):
            if hasattr(self.side, "gradient"):
                return self.side.gradient(x)
            x = x.detach().requires_grad_()
            g, = torch.autograd.grad(chosen(self.side.run(x)), x)
            return g
        answer, self.last = self.timed(work)
        return answer

    def suite(self, path):
        answer, maps = self.timed(self.side.suite)
        if path != "-":
            with open(path, "wb") as f:
                for each in maps:
                    f.write(each.contiguous().numpy().tobytes())
        return answer

    def logits(self):
        with torch.inference_mode():
            return {"logits": self.side.run(self.x).flatten().tolist()}

    def save(self, path):
        with open(path, "wb") as f:
            f.write(self.last.contiguous().numpy().tobytes())

    def answer(self, words):
        if words[0] == "input":
            words[2] = int(words[2])
        return getattr(self, words[0])(*words[1:]) or {}


def resident():
    """Resident memory of this process now, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def tell(answer):
    print(json.dumps(answer), flush=True)


def main(model, folder, samples, how):
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    __import__("onnx" if folder == "-" else "torchvision")
    after_import = resident()
    network = Interpreted(model) if folder == "-" else Torchvision(model, folder, how)
    side = Side(network, int(samples))
    tell({"torch": torch.__version__, "onednn": torch.backends.mkldnn.is_available(), "import": after_import})
    for line in sys.stdin:
        tell(side.answer(line.split()))


if __name__ == "__main__":
    main(*sys.argv[1:])
