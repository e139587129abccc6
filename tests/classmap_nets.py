"""Small networks for the tests of class maps, written as ONNX by torch."""
import subprocess
import warnings

import numpy as np
import torch

SIDE, CLASSES = 8, 4


def export(net, path, side=SIDE):
    net.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, torch.zeros(1, 3, side, side), path, opset_version=13, input_names=["input"], output_names=["logits"])


def smooth(path, seed=1):
    """Convolutions, tanh and a linear layer: no gate that could fall the other way."""
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 6, 3, padding=1), torch.nn.Tanh(), torch.nn.Conv2d(6, 5, 3, padding=1, stride=2), torch.nn.Tanh(),
                              torch.nn.Flatten(), torch.nn.Linear(5 * 16, CLASSES))
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(2.0)
    export(net, path)
    return net


def linear(path, weights):
    """logits = W x, W [classes, 3, SIDE, SIDE]."""
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, len(weights), bias=False))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor(weights.reshape(len(weights), -1)))
    export(net, path)
    return net


class Detector(torch.nn.Module):
    """A plain two-layer net, and a detector of a patch that feeds one class."""

    def __init__(self, target, rows, columns):
        super().__init__()
        torch.manual_seed(3)
        self.conv, self.linear = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Linear(8, CLASSES)
        where = torch.zeros(1, 3, SIDE, SIDE)
        where[:, :, rows, columns] = 1.0
        self.detect = torch.nn.Conv2d(3, 1, SIDE, bias=True)
        feed = torch.zeros(CLASSES, 1)
        feed[target] = 1.0
        self.feed = torch.nn.Linear(1, CLASSES, bias=False)
        with torch.no_grad():
            self.detect.weight.copy_(where)
            self.detect.bias.fill_(-0.3 * float(where.sum()))
            self.feed.weight.copy_(feed)

    def forward(self, x):
        plain = self.linear(torch.relu(self.conv(x)).mean(dim=(2, 3)))
        return plain + self.feed(torch.relu(self.detect(x)).flatten(1))


def run(binary, model, out, *options, ranks=1, check=True, **keywords):
    launch = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    return subprocess.run(launch + [binary, "classmap", "--model", model, "--out", out, "--quiet", *options], check=check, capture_output=True, text=True,
                          **keywords)


def cosine(a, b):
    a, b = np.ravel(a).astype(float), np.ravel(b).astype(float)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
