"""Write the small models that proof.models checks, with what float64 makes of them, as models_golden.npz.

    models_golden.py FILE.npz

Every kind of block of the large ones with few channels; needs torch and torchvision.
"""

import os
import random
import sys

import models_export
import models_proof
import proof

OPSETS = {"vit": 17, "shufflenet_v2": 11, "mobilenet_v3": 11}  # 13 for others


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
            x = models_proof.noise((1, 3, pixels, pixels), seed)
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


if __name__ == "__main__":
    proof.need("numpy", "onnx", "torch", "torchvision")
    models_export.quiet()
    golden(sys.argv[1])
