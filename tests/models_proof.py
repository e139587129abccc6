"""Every classifier of torchvision: logits, d(logit)/d(input) and d(logit)/d(tap) at 5 random taps against
PyTorch's autograd in float64 on the exported file, at equal gates (proof_autograd.py says what that is).

    MODELS=resnet18,vit_b_16 models_proof.py        all architectures without MODELS
    models_proof.py golden FILE.npz                 write the small models that proof.models checks

Convolutional networks are exported for small images, which changes no node.  Run by the target
`models_proof`; needs torch and torchvision.  One row a model, for docs/models.md.
"""

import os
import random
import sys

import models_export
import proof
import proof_models

BOUND = 1e-4
TAPS = 5
OPSETS = {"vit": 17, "shufflenet_v2": 11, "mobilenet_v3": 11}  # of the small models; 13 for others
# Graphs that hold their input's size, or reduce it to nothing.
WHOLE = ("alexnet", "vgg", "vit", "swin", "maxvit")
SIDE = {"inception_v3": 107}


def side(name):
    """Rows and columns to export for."""
    return models_export.side(name) if name.startswith(WHOLE) else SIDE.get(name, 64)


def noise(shape, seed):
    """Blurred noise with a fixed seed, of about unit variance."""
    import numpy as np
    x = np.random.default_rng(seed).standard_normal(shape)
    return (sum(np.roll(x, (i, k), (2, 3)) for i in range(4) for k in range(4)) / 4).astype("f4")


def export(name, shape, path):
    """Export an architecture; returns why PyTorch cannot, or nothing."""
    import torch
    try:
        models_export.export(models_export.network(name), shape, path, 13, "folded")
    except torch.onnx.errors.UnsupportedOperatorError as e:
        return str(e).split(". ")[0]
    return ""


def small_networks():
    """(name, side, network): every kind of block of the large ones with few channels."""
    import torch
    from functools import partial
    from torchvision.models import convnext, densenet, mobilenetv3, shufflenetv2, swin_transformer, vision_transformer
    config = mobilenetv3.InvertedResidualConfig
    blocks = [config(8, 3, 16, 8, False, "RE", 1, 1, 1.0), config(8, 5, 24, 12, True, "HS", 2, 1, 1.0),
              config(12, 3, 24, 12, True, "HS", 1, 1, 1.0)]
    stages = [convnext.CNBlockConfig(8, 12, 1), convnext.CNBlockConfig(12, None, 1)]
    makers = (
        ("mobilenet_v3", 32, partial(mobilenetv3.MobileNetV3, blocks, 16, num_classes=5)),
        ("shufflenet_v2", 64, partial(shufflenetv2.ShuffleNetV2, [2, 1, 1], [8, 16, 24, 32, 32], num_classes=5)),
        ("densenet", 32, partial(densenet.DenseNet, 4, (2, 2), 8, bn_size=2, num_classes=5)),
        ("convnext", 32, partial(convnext.ConvNeXt, stages, num_classes=5)),
        ("vit", 16, partial(vision_transformer.VisionTransformer, 16, 4, 2, 2, 16, 32, num_classes=5)),
        ("swin", 16, partial(swin_transformer.SwinTransformer, [2, 2], 8, [2, 1], [1, 2], [2, 2], num_classes=5)),
    )
    for name, pixels, make in makers:
        torch.manual_seed(1)
        yield name, pixels, models_export.unsettle(make())


def nearest_decision(network, values):
    """The smallest distance of any element from its threshold, over the value's largest magnitude."""
    import onnx_reference
    least = float("inf")
    for node in network.nodes():
        kind = onnx_reference.DECIDING.get(node.op_type)
        inputs = [values[name] if name else None for name in node.input]
        if kind in (None, onnx_reference.MaxPool) or not inputs[0].is_floating_point():
            continue
        x, decision = inputs[0].detach(), kind(node, inputs)
        distance = decision.distance(x, decision.decide(x))
        least = min(least, float(distance.min() / x.abs().max()))
    return least


def golden(file):
    """Write models, inputs, and what float64 makes of them: PyTorch's own modules for logits and input
    gradient, the interpreter for the taps.  Seeds are such that no rounding changes a decision."""
    import numpy as np
    import torch
    from onnx_reference import Network
    arrays = {}
    for name, pixels, net in small_networks():
        path = f"{file}.{name}.onnx"
        models_export.export(net, (3, pixels, pixels), path, OPSETS.get(name, 13), "plain")
        network = Network(path)
        for seed in range(100):
            x = noise((1, 3, pixels, pixels), seed)
            values = network.forward(x)
            if nearest_decision(network, values) > 1e-5:
                break
        target = int(values[network.output].argmax())
        taps = [n.output[0] for n in network.nodes() if values[n.output[0]].requires_grad]
        taps = [network.input, *random.Random(5).sample(taps, 12)]
        signals = network.signals(values, taps, [target])
        leaf = torch.from_numpy(x).double().requires_grad_()
        logits = net.double()(leaf)
        gradient, = torch.autograd.grad(logits[0, target], leaf)
        assert proof.relative(values[network.output].detach(), logits.detach()) < 1e-6  # weights of the file are float32
        assert proof.relative(signals[0], gradient) < 1e-5
        with open(path, "rb") as f:
            arrays[name + "/onnx"] = np.frombuffer(f.read(), "u1")
        os.remove(path)
        arrays[name + "/x"], arrays[name + "/logits"] = x, values[network.output].detach().numpy()[0]
        for tap, signal in zip(taps, signals):
            arrays[f"{name}/signal{tap if tap.startswith('/') else '/' + tap}"] = signal.astype("f4")
        print(f"{name}: seed {seed}, {len(arrays[name + '/onnx'])} bytes")
    np.savez_compressed(file, **arrays)


class Models(proof_models.Golden):
    test_every_small_model = None  # that is proof.models

    def compare(self, path, x):
        """Errors of one model at one input, as a dictionary of figures."""
        import torch
        from onnx_reference import Network
        found, logits, target = self.dump_all(path, x)
        exact = Network(path)
        plain = exact.forward(x)
        taps = [t for t in found if t in plain]
        seen = {t: found[t][0].reshape(plain[t].shape) for t in taps if found[t][0].size == plain[t].numel()}
        some = [taps[0], *random.Random(5).sample(taps[1:], min(TAPS, len(taps) - 1))]
        values = exact.forward(x, "gradient", seen)
        signals = dict(zip(some, exact.signals(values, some, [target])))
        flips = []
        exact.forward(x, seen=seen, flips=flips)
        free = exact.signals(plain, some, [target])
        single = Network(path, torch.float32)
        float32 = single.signals(single.forward(x), some, [target])
        output = plain[exact.output].detach().numpy().reshape(-1)
        self.assertEqual(target, int(output.argmax()))
        theirs = {t: found[t][1].reshape(signals[t].shape) for t in some}
        return {"taps": len(found), "logits": proof.relative(logits, output),
                "input": proof.relative(theirs[some[0]], signals[some[0]]),
                "tap": max(proof.relative(theirs[t], signals[t]) for t in some[1:]),
                "other": len(flips), "farthest": max(flips, default=0.0),
                "free": max(proof.relative(theirs[t], g) for t, g in zip(some, free)),
                "pytorch": max(proof.relative(s, g) for s, g in zip(float32, free))}

    def row(self, name, found):
        proof.figure(f"{name:20} {found['taps']:5} {found['logits']:8.1e} {found['input']:8.1e} {found['tap']:8.1e} "
                     f"{found['other']:6} {found['farthest']:8.1e} {found['free']:8.1e} {found['pytorch']:8.1e}")
        for key in ("logits", "input", "tap", "farthest"):
            self.assertLessEqual(found[key], BOUND, f"{name}: {key}")

    def test_every_architecture(self):
        names = [n for n in os.environ.get("MODELS", "").split(",") if n] or models_export.architectures()
        proof.figure(f"{'':20} {'':5} {'at equal gates':>26} {'decisions':>15} {'free gradient':>17}\n"
                     f"{'architecture':20} {'taps':>5} {'logits':>8} {'input':>8} {'5 taps':>8} {'other':>6} "
                     f"{'farthest':>8} {'engine':>8} {'pytorch':>8}")
        for name in names:
            with self.subTest(model=name):
                path = self.path(name + ".onnx")
                shape = (3, side(name), side(name))
                why = export(name, shape, path)
                if why:
                    proof.figure(f"{name:20} no export: {why}")
                else:
                    self.row(name, self.compare(path, noise((1, *shape), 1)))
            for file in os.listdir(self.folder):  # large models are many files
                os.remove(self.path(file))


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx", "torch", "torchvision")
    models_export.quiet()
    if sys.argv[1:2] == ["golden"]:
        golden(sys.argv[2])
    else:
        proof.main()
