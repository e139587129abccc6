"""Every extract, aggregate and named method written out in float64 from activation a and signal g, [K, H, W]."""

import torch
import torch.nn.functional as F


def windows(a, n=3):
    """[n n, K, H, W]: the zero-padded window around every position."""
    k, h, w = a.shape
    return F.unfold(a[None], n, padding=n // 2)[0].view(k, n * n, h, w).transpose(0, 1)


def outer(x, g):
    """[I, K, H, W] flattened over the first two: x_i g_k."""
    return (x[:, None] * g[None]).flatten(0, 1)


def mean(t):
    return t.mean((1, 2), keepdim=True)


def total(t):
    return t.sum((1, 2), keepdim=True)


def pos(t):
    return t.clamp(min=0)


def alpha(a, g):
    """Of Grad-CAM++, as pytorch-grad-cam."""
    return torch.where(g == 0, torch.zeros_like(g), g ** 2 / (2 * g ** 2 + total(a) * g ** 3 + 1e-6))


def authors_weights(a, g):
    """Of Grad-CAM++ in its authors' code: alpha over its sum where the gradient is positive; denominators of 0
    are 1.  The factor exp(S) is left out."""
    below = 2 * g ** 2 + total(a) * g ** 3
    al = g ** 2 / torch.where(below == 0, torch.ones_like(below), below)
    al = torch.where(g > 0, al, torch.zeros_like(al))
    among = total(al)
    return total(al / torch.where(among == 0, torch.ones_like(among), among) * pos(g))


EXTRACTS = {
    "bias": lambda a, g: g,
    "scaling": lambda a, g: a * g,
    "conv1x1": outer,
    "conv3x3": lambda a, g: outer(windows(a).flatten(0, 1), g),
    "conv3x3_depthwise": lambda a, g: (windows(a) * g[None]).flatten(0, 1),
    "cam": lambda a, g: mean(g) * a,
    "cam_positive": lambda a, g: mean(pos(g)) * a,
    "cam_negative": lambda a, g: -mean(pos(-g)) * a,
    "cam_absolute": lambda a, g: mean(g.abs()) * a,
    "cam_pp": lambda a, g: total(alpha(a, g) * pos(g)) * a,
    "cam_pp_signed": lambda a, g: total(alpha(a, g) * g) * a,
    "cam_pp_normalised": lambda a, g: authors_weights(a, g) * a,
    "cam_x": lambda a, g: total(g * a) / (total(a) + 1e-7) * a,
    "elementwise": lambda a, g: pos(g * a),
    "layercam": lambda a, g: pos(g) * a,
    "activation": lambda a, g: a,
}

AGGREGATES = {
    "sum": lambda gamma: gamma.sum(0),
    "max": lambda gamma: gamma.amax(0),
    "norm": lambda gamma: (gamma ** 2).sum(0).sqrt(),
    "filter_norm": lambda gamma: (pos(gamma) ** 2).sum(0).sqrt(),
    "maxabs": lambda gamma: gamma.abs().amax(0),
    "relu_sum": lambda gamma: pos(gamma.sum(0)),
}

# By the program's names, as their authors write them: the rule, and the map.
NAMED = {
    "gradient": ("gradient", lambda a, g: g.abs().amax(0)),
    "gradient_sum": ("gradient", lambda a, g: g.sum(0)),
    "input_x_gradient": ("gradient", lambda a, g: (a * g).sum(0)),
    "guided_backprop": ("guided", lambda a, g: g.abs().amax(0)),
    "deconvnet": ("deconvnet", lambda a, g: g.abs().amax(0)),
    "rectgrad": ("rectgrad", lambda a, g: (a * g).sum(0)),
    "rectgrad_no_bias": ("rectgrad", lambda a, g: g.sum(0)),
    "grad_cam": ("gradient", lambda a, g: pos(torch.einsum("k,kyx->yx", g.mean((1, 2)), a))),
    "grad_cam_signed": ("gradient", lambda a, g: torch.einsum("k,kyx->yx", g.mean((1, 2)), a)),
    "grad_cam_positive": ("gradient", lambda a, g: torch.einsum("k,kyx->yx", pos(g).mean((1, 2)), a)),
    "energy": ("gradient", lambda a, g: a.sum(0)),
    "grad_cam_absolute": ("gradient", lambda a, g: torch.einsum("k,kyx->yx", g.abs().mean((1, 2)), a)),
    "grad_cam_negative": ("gradient", lambda a, g: torch.einsum("k,kyx->yx", -pos(-g).mean((1, 2)), a)),
    "grad_cam_pp": ("gradient", lambda a, g: pos((total(alpha(a, g) * pos(g)) * a).sum(0))),
    "grad_cam_pp_signed": ("gradient", lambda a, g: pos((total(alpha(a, g) * g) * a).sum(0))),
    "xgrad_cam": ("gradient", lambda a, g: pos((total(a * g) / (total(a) + 1e-7) * a).sum(0))),
    "hires_cam": ("gradient", lambda a, g: pos((a * g).sum(0))),
    "elementwise_cam": ("gradient", lambda a, g: pos(a * g).sum(0)),
    "layer_cam": ("gradient", lambda a, g: (pos(g) * a).sum(0)),
    "linear_approx": ("gradient", lambda a, g: (a * g).sum(0)),
    "normgrad": ("gradient", lambda a, g: a.norm(dim=0) * g.norm(dim=0)),
    "normgrad_selective": ("gradient", lambda a, g: pos(a * g).norm(dim=0)),
    "excitation_backprop": ("excitation", lambda a, g: g.sum(0)),
    "contrastive_excitation_backprop": ("excitation_contrast", lambda a, g: pos(g.sum(0))),
}

# A convolution without groups at which what it read is compared, of the networks in the repository.
REAL = {"plain": "conv3", "residual": "right"}
REAL_METHODS = ["normgrad_real", *(f"gradient/real_conv/{a}" for a in AGGREGATES)]


def real(method, node, x, g):
    """The map at a convolution, from what it read and the signal at its output."""
    aggregate = "norm" if method == "normgrad_real" else method.rsplit("/", 1)[1]
    columns = F.unfold(x, node.weights[0].shape[2:], node.get("dilations", [1, 1]), node.get("pads", [0] * 4)[:2],
                       node.get("strides", [1, 1]))
    return AGGREGATES[aggregate](outer(columns.view(-1, *g.shape[2:]), g[0]))


INPUT_ONLY = ("input_x_gradient", "rectgrad")


def planes(t):
    """[1, K, ...] as [K, H, W]."""
    return t[0] if t.dim() == 4 else t[0][:, None, None]


def rule_of(method):
    return NAMED[method][0] if method in NAMED else method.rsplit("/", 2)[0]


def made(method, a, g):
    """The map of a named method or of rule/extract/aggregate."""
    if method in NAMED:
        return NAMED[method][1](planes(a), planes(g))
    _, extract, aggregate = method.rsplit("/", 2)
    return AGGREGATES[aggregate](EXTRACTS[extract](planes(a), planes(g)))
