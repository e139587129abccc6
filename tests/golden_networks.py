"""The networks of the golden values: made here, exported to ONNX, and read back as a graph of float64 tensors.

Weights are multiples of 1/256, exact in float32, and small when compressed.
"""

import copy
import io

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import nn


class Join(nn.Module):
    """A residual sum."""

    def forward(self, a, b):
        return a + b


class Plain(nn.Module):
    """Convolutions with biases, groups and strides, overlapping max pooling with ties, two linear layers."""

    def __init__(self):
        super().__init__()
        self.conv1, self.relu1, self.pool = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        self.conv2, self.relu2 = nn.Conv2d(8, 8, 3, padding=1, groups=2), nn.ReLU()
        self.conv3, self.relu3 = nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.ReLU()
        self.fc1, self.relu4, self.fc2 = nn.Linear(108, 40), nn.ReLU(), nn.Linear(40, 5)

    def forward(self, x):
        x = self.pool(self.relu1(self.conv1(x)))
        x = self.relu3(self.conv3(self.relu2(self.conv2(x))))
        return self.fc2(self.relu4(self.fc1(torch.flatten(x, 1))))


class Residual(nn.Module):
    """BatchNormalization behind convolutions, and one alone; average pools, residual sums, a concatenation."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.relu1, self.pool = nn.ReLU(), nn.AvgPool2d(3, 2, 1)
        self.conv2, self.norm2, self.relu2 = nn.Conv2d(6, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
        self.conv3, self.norm3 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.side, self.norms = nn.Conv2d(6, 8, 1, bias=False), nn.BatchNorm2d(8)
        self.join1, self.relu3 = Join(), nn.ReLU()
        self.conv4, self.norm4 = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.join2, self.relu4 = Join(), nn.ReLU()
        self.left, self.norml, self.relul = nn.Conv2d(8, 5, 1, bias=False), nn.BatchNorm2d(5), nn.ReLU()
        self.right, self.relur = nn.Conv2d(8, 4, 3, padding=2, dilation=2), nn.ReLU()
        self.alone, self.relu5 = nn.BatchNorm2d(9), nn.ReLU()
        self.conv5, self.relu6 = nn.Conv2d(9, 10, 3, stride=2), nn.ReLU()
        self.mean, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(10, 5)

    def forward(self, x):
        x = self.pool(self.relu1(self.norm1(self.conv1(x))))
        y = self.norm3(self.conv3(self.relu2(self.norm2(self.conv2(x)))))
        x = self.relu3(self.join1(y, self.norms(self.side(x))))
        x = self.relu4(self.join2(x, self.norm4(self.conv4(x))))
        x = torch.cat([self.relul(self.norml(self.left(x))), self.relur(self.right(x))], 1)
        x = self.relu6(self.conv5(self.relu5(self.alone(x))))
        return self.fc(torch.flatten(self.mean(x), 1))


class Curved(nn.Module):
    """What saturates or is curved, and operators whose weights a step changes: a transposed convolution, PRelu,
    LayerNormalization."""

    def __init__(self):
        super().__init__()
        self.conv1, self.cut = nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.Hardtanh(0.0, 0.5)
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.silu, self.bend, self.norm = nn.SiLU(), nn.PReLU(4), nn.LayerNorm(4)
        self.conv2, self.swish = nn.Conv2d(4, 8, 3, padding=1), nn.Hardswish()
        self.conv3, self.lift = nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.Softplus()
        self.mean, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

    def forward(self, x):
        x = self.bend(self.silu(self.up(self.cut(self.conv1(x)))))
        x = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = self.lift(self.conv3(self.swish(self.conv2(x))))
        return self.fc(torch.flatten(self.mean(x), 1))


def draw(kind, seed):
    """A network with random weights of both signs; some scales of BatchNormalization are negative."""
    torch.manual_seed(seed)
    net = kind().eval()
    with torch.no_grad():
        for part in net.modules():
            if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                inputs = part.weight[0].numel()
                part.weight.normal_(0.3 / inputs, (2 / inputs) ** 0.5)
                if part.bias is not None:
                    part.bias.normal_(0, 0.15)
            if isinstance(part, (nn.PReLU, nn.LayerNorm)):
                part.weight.uniform_(0.1, 0.9)
            if isinstance(part, nn.LayerNorm):
                part.bias.normal_(0, 0.2)
            if isinstance(part, nn.BatchNorm2d):
                part.weight.copy_((torch.rand_like(part.weight) + 0.5) * torch.randn_like(part.weight).sign())
                part.bias.normal_(0.3, 0.2)
                part.running_mean.normal_(0, 0.2)
                part.running_var.uniform_(0.5, 1.5)
        for value in [*net.parameters(), *net.buffers()]:
            if value.is_floating_point():
                value.copy_((value * 256).round() / 256)
    return net


def export(net, height, width, opset=13):
    """Bytes of the ONNX file, BatchNormalization kept."""
    out = io.BytesIO()
    torch.onnx.export(net, torch.zeros(1, 3, height, width), out, opset_version=opset, input_names=["input"],
                      output_names=["logits"], training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=opset > 13,
                      dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})
    return short_names(out.getvalue())


def short_names(data):
    """Values called after the module that makes them: the exporter says /conv1/Conv_output_0.  Where a module
    is several nodes, the last has its name."""
    file = onnx.load_from_string(data)
    names = {}
    for node in file.graph.node:
        module = node.output[0].split("/")[1] if node.output[0].count("/") == 2 else node.op_type.lower()
        for old, name in names.items():
            if name == module:
                names[old] = f"{module}_inner{len(names)}"
        names[node.output[0]] = "logits" if node.output[0] == "logits" else module
    for node in file.graph.node:
        for values in (node.input, node.output):
            for i, value in enumerate(values):
                values[i] = names.get(value, value)
        node.name = node.output[0]
    onnx.checker.check_model(file)
    return file.SerializeToString()


class Node:
    def __init__(self, proto, weights):
        self.op, self.output = proto.op_type, proto.output[0]
        self.inputs = [n for n in proto.input if n and n not in weights]
        self.weights = [weights[n] for n in proto.input if n in weights]
        self.attributes = {a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute}

    def get(self, name, default=None):
        return self.attributes.get(name, default)


class Graph:
    """Nodes in order of execution, their weights as float64 tensors."""

    def __init__(self, data):
        file = onnx.load_from_string(data)
        weights = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in file.graph.initializer}
        weights = {k: w.double() if w.is_floating_point() else w for k, w in weights.items()}
        for proto in file.graph.node:
            if proto.op_type == "Constant":
                value = onnx.helper.get_attribute_value(proto.attribute[0])
                weights[proto.output[0]] = torch.from_numpy(onnx.numpy_helper.to_array(value).copy())
        self.nodes = [Node(p, weights) for p in file.graph.node if p.op_type != "Constant"]
        self.input = [i.name for i in file.graph.input if i.name not in weights][0]
        self.output = file.graph.output[0].name

    def makers(self):
        return {node.output: node for node in self.nodes}

    def readers(self, value):
        return [node for node in self.nodes if value in node.inputs]

    def pairs(self):
        """(convolution, BatchNormalization) where the one is read by the other alone."""
        makers = self.makers()
        return [(makers[n.inputs[0]], n) for n in self.nodes if n.op == "BatchNormalization"
                and n.inputs[0] in makers and makers[n.inputs[0]].op in ("Conv", "Gemm")
                and len(self.readers(n.inputs[0])) == 1]

    def folded(self):
        """The same network with each pair as one convolution (METHODS 8.6)."""
        other = copy.copy(self)
        gone = {id(n): (conv, n) for pair in self.pairs() for conv, n in [pair] for n in pair}
        other.nodes = []
        for node in self.nodes:
            if id(node) not in gone:
                other.nodes.append(node)
            elif node.op == "BatchNormalization":
                conv, norm = gone[id(node)]
                one = copy.copy(conv)
                scale, shift, mean, var = norm.weights
                factor = scale / torch.sqrt(var + norm.get("epsilon", 1e-5))
                bias = conv.weights[1] if len(conv.weights) > 1 else torch.zeros_like(mean)
                one.weights = [conv.weights[0] * factor.view(-1, *[1] * (conv.weights[0].dim() - 1)),
                               (bias - mean) * factor + shift]
                one.output = norm.output
                other.nodes.append(one)
        return other

    def to(self, dtype):
        """The same network in another precision."""
        other = copy.copy(self)
        other.nodes = []
        for node in self.nodes:
            one = copy.copy(node)
            one.weights = [w.to(dtype) if w.is_floating_point() else w for w in node.weights]
            other.nodes.append(one)
        return other


def pixels(seed, height, width):
    """An image [H, W, 3] of bytes: blocks of random colours under noise."""
    draws = np.random.RandomState(seed)  # this generator's numbers never change
    blocks = draws.randint(0, 256, (-(-height // 3), -(-width // 3), 3))
    image = np.kron(blocks, np.ones((3, 3, 1), int))[:height, :width]
    return np.clip(image + draws.randint(-40, 41, image.shape), 0, 255).astype("u1")
