"""Class maps against a second implementation in float64 (numpy, scipy and torch's autograd), and against models whose map is known:
a linear softmax model (T23) and a planted patch detector (T24)."""
import os
import shutil
import sys
import tempfile
import unittest

try:
    import h5py
    import numpy as np
    import torch
    from scipy.special import ndtri
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

from classmap_nets import CLASSES, SIDE, Detector, cosine, export, linear, run, smooth

binary = os.environ["RETROGRAD"]
SHAPE = (3, SIDE, SIDE)
HELD_OUT = 1 << 39
STREAM = {"synthetic": 3, "fine": 4, "choice": 5, "shift": 6}


def philox(seed, stream, copy, sample, n):
    """n uniform numbers of core/random.h: Philox4x32-10 (Salmon et al. 2011), written out."""
    blocks = np.arange((n + 3) // 4, dtype=np.uint64)
    x = [blocks, np.full_like(blocks, sample & 0xFFFFFFFF), np.full_like(blocks, (copy | stream << 24) & 0xFFFFFFFF), np.full_like(blocks, sample >> 32)]
    k0, k1, mask = seed & 0xFFFFFFFF, seed >> 32, np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = [(b >> np.uint64(32)) ^ x[1] ^ np.uint64(k0), b & mask, (a >> np.uint64(32)) ^ x[3] ^ np.uint64(k1), a & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return ((np.stack(x, axis=1).astype(float) + 0.5) / 2.0**32).ravel()[:n]


def gaussian(plane, sigma):
    """Separable, cut off at four sigma, edges repeated."""
    k = np.arange(-int(4 * sigma), int(4 * sigma) + 1)
    w = np.exp(-0.5 * k**2 / sigma**2)
    w /= w.sum()
    for axis in (0, 1):
        index = np.clip(np.arange(plane.shape[axis])[:, None] + k, 0, plane.shape[axis] - 1)
        plane = np.moveaxis(np.tensordot(w, np.take(plane, index, axis=axis), axes=(0, axis + 1)), 0, 0) if axis == 0 else np.take(plane, index, axis=1) @ w
    return plane


def image(kind, seed, label, sample):
    """Image `sample` of a class: from a distribution, or one of those given."""
    def numbers(stream, channel, n):
        return philox(seed, STREAM[stream] + 8 * channel, label, sample, n)

    n = SIDE * SIDE
    if not isinstance(kind, str):
        return kind[int(len(kind) * numbers("choice", 0, 1)[0])]
    if kind == "mixture":
        kind = ("normal", "uniform", "smooth", "grey")[int(4 * numbers("choice", 0, 1)[0])]
    u = np.stack([numbers("synthetic", c, n) for c in range(3)]).reshape(SHAPE)
    if kind == "uniform":
        return u
    if kind == "smooth":
        z = np.stack([gaussian(p, 0.125 * SIDE) for p in ndtri(u)])
        return np.clip(0.5 + 0.25 * (z - z.mean()) / z.std(), 0, 1)
    return np.clip(0.5 + {"normal": 0.25, "grey": 0.1}[kind] * ndtri(u), 0, 1)


class Reference:
    """The formulas of core/class_map.h, straight down."""

    def __init__(self, net, kind="normal", samples=20, inner=1, inner_step=0.01, step=2 / 255, moment="none", norm="l2", surface="ball", eta=0.06,
                 blur=0.0, jitter=0, loss="cross_entropy", seed=0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)):
        self.__dict__.update({k: v for k, v in locals().items() if k != "self"})
        self.net, self.radius = net.double(), eta * np.sqrt(np.prod(SHAPE)) if norm == "l2" else eta
        self.mean, self.std = (np.reshape(v, (3, 1, 1)) for v in (mean, std))

    def logits(self, x):
        with torch.no_grad():
            return self.net(torch.tensor((x - self.mean) / self.std)).numpy()

    def direction(self, z, label):
        x = torch.tensor((z - self.mean) / self.std, requires_grad=True)
        y = self.net(x)[0]
        others = torch.cat([y[:label], y[label + 1:]])
        loss = {"logit": -y[label], "cross_entropy": torch.logsumexp(y, 0) - y[label], "margin": others.max() - y[label]}[self.loss]
        (g,) = torch.autograd.grad(loss, x)
        g = -g[0].numpy() / self.std
        return g / np.linalg.norm(g)

    def integrate(self, p, label, t):
        total, n = np.zeros(SHAPE), np.prod(SHAPE)
        for k in range(self.samples):
            sample = t * self.samples + k
            z, shift = np.clip(image(self.kind, self.seed, label, sample) + p, 0, 1), (0, 0)
            if self.jitter:
                u = philox(self.seed, STREAM["shift"], label, sample, 2)
                shift = tuple(int(v * (2 * self.jitter + 1)) - self.jitter for v in u)
            z = np.roll(z, shift, axis=(1, 2))
            for j in range(self.inner):
                g = self.direction(z[None], label)
                total += np.roll(g, (-shift[0], -shift[1]), axis=(1, 2)) / (self.samples * self.inner)
                z = np.clip(z + self.inner_step * np.sqrt(n) * g, 0, 1)
        return np.stack([gaussian(c, self.blur) for c in total]) if self.blur else total

    def project(self, p):
        if self.norm == "l2":
            size = np.linalg.norm(p)
            return p * (self.radius / size) if size > self.radius or self.surface == "sphere" else p
        if self.surface == "sphere":
            p = p * max(1.0, self.eta / np.abs(p).max())
        return np.clip(p, -self.eta, self.eta)

    def run(self, label, iterations):
        p, m, v = np.zeros(SHAPE), np.zeros(SHAPE), np.zeros(SHAPE)
        for t in range(iterations):
            r = g = self.integrate(p, label, t)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            if self.moment != "none":
                r = m / (1 - 0.9 ** (t + 1))
            if self.moment == "adam":
                r = r / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
            p = self.project(p + self.step * r / np.abs(r).max())
        return p


def otsu(a):
    """The bin of 256 whose upper side splits best."""
    low, width = a.min(), (a.max() - a.min()) / 256
    bins = np.minimum(((a - low) / width).astype(int), 255)
    count = np.bincount(bins.ravel(), minlength=256).astype(float)
    best, at = -1.0, 0
    for k in range(255):
        below, above = count[:k + 1].sum(), count[k + 1:].sum()
        if below and above:
            apart = (count[:k + 1] * np.arange(k + 1)).sum() / below - (count[k + 1:] * np.arange(k + 1, 256)).sum() / above
            if below * above * apart**2 > best:
                best, at = below * above * apart**2, k
    return bins > at


class Maps(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.model, self.out = f"{self.folder}/m.onnx", f"{self.folder}/c.h5"

    def study(self, *options):
        run(binary, self.model, self.out, "--force", "--loss", "cross_entropy", "--blur", "0", *options)
        return h5py.File(self.out)

    def near(self, got, wanted, what):
        """Float32 against float64 over some iterations of a smooth network: 1e-4 of the largest value."""
        error = np.abs(got - wanted).max() / np.abs(wanted).max()
        self.assertLess(error, 1e-4, what)

    def test_second_implementation(self):
        net = smooth(self.model)
        mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
        recipe = ["--mean", "0.4,0.5,0.6", "--std", "0.2,0.3,0.25"]
        for settings in ({}, {"kind": "mixture", "moment": "adam", "jitter": 3, "blur": 0.8}, {"inner": 3, "inner_step": 0.03, "moment": "first"},
                         {"kind": "smooth", "loss": "margin", "norm": "linf", "eta": 0.02, "step": 0.01}, {"surface": "sphere", "loss": "logit", "seed": 7}):
            names = {"kind": "from", "inner_step": "inner-step"}
            options = [f"--{names.get(k, k)}={v}" for k, v in settings.items()]
            with self.study("--iterations", "5", "--samples", "20", "--keep-every", "2", "--targets", "1,3", "--seeds", "1", "--contrast", "none",
                            "--randomise", "none", "--held-out", "9", *recipe, *options) as f:
                for row, label in enumerate((1, 3)):
                    r = Reference(net, mean=mean, std=std, **settings)
                    self.near(f["maps/map"][row], r.run(label, 5), (settings, "map"))
                    self.near(f["maps/iterate"][row, 1], r.run(label, 2), (settings, "iterate"))
                    if not settings:
                        self.looks(f, row, label, r)

    def looks(self, f, row, label, r):
        """What is measured on held-out samples, and the refined map."""
        x = np.stack([image("normal", 0, 0, HELD_OUT + i) for i in range(9)])
        base, p = r.logits(x), f["maps/map"][row].astype(float)
        moved = r.logits(np.clip(x + p, 0, 1))
        self.near(f["samples/gain"][row], (moved - base).mean(axis=0), "gain")
        self.near(f["samples/base_logit"][row], base[:, label].mean(), "base logit")
        self.assertEqual(f["samples/base_rate"][row], np.float32((base.argmax(1) == label).mean()))
        for k, factor in enumerate(f["samples/factor_value"][:]):
            at = r.logits(np.clip(x + factor * p, 0, 1))
            self.near(f["samples/logit"][row, k], at[:, label].mean(), "logit")
            self.assertEqual(f["samples/rate"][row, k], np.float32((at.argmax(1) == label).mean()))
        with torch.no_grad():
            a = r.net[:3](torch.tensor((np.clip(0.5 + p, 0, 1)[None] - r.mean) / r.std))[0].mean(0).numpy()
        mask = torch.tensor(1.0 + otsu(a).astype(float))[None, None]
        factor = torch.nn.functional.interpolate(mask, (SIDE, SIDE), mode="bilinear", align_corners=False)[0, 0].numpy()
        self.near(f["maps/refined"][row], r.project(p * factor), "refined")

    def test_given_images(self):
        """Images as a contrast: maps from them, and the rate of the class on each of them with the map added."""
        net = smooth(self.model, seed=4)
        given = np.random.default_rng(3).integers(0, 256, (5, SIDE, SIDE, 3), dtype=np.uint8)
        with h5py.File(f"{self.folder}/images.h5", "w") as f:
            f["x"] = given
        pixels = given.transpose(0, 3, 1, 2) / 255.0
        with self.study("--iterations", "4", "--samples", "12", "--targets", "2", "--seeds", "1", "--contrast", "none", "--randomise", "none",
                        "--data", f"{self.folder}/images.h5") as f:
            self.assertEqual([v.decode() for v in f["samples/variant"][:]], ["main", "images"])
            r = Reference(net, kind=pixels, samples=12)
            self.near(f["maps/map"][1], r.run(2, 4), "map from images")
            for name, path in (("map", "image_rate"), ("refined", "refined_image_rate")):
                p = f[f"maps/{name}"][0].astype(float)
                for k, factor in enumerate(f["samples/factor_value"][:]):
                    rate = (r.logits(np.clip(pixels + factor * p, 0, 1)).argmax(1) == 2).mean()
                    self.assertEqual(f[f"samples/{path}"][0, k], np.float32(rate))
            self.assertAlmostEqual(float(f["summary/contrast_cosine"][0, 0]), cosine(f["maps/map"][0], f["maps/map"][1]), places=5)

    def test_linear_model(self):
        """T23: the map is w_c less the mean of all w, whatever the loss; permuted classes permute the maps."""
        random = np.random.default_rng(2)
        w = 0.02 * random.standard_normal((CLASSES, *SHAPE)).astype(np.float32)
        maps = {}
        for order in ([0, 1, 2, 3], [2, 0, 3, 1]):
            linear(self.model, w[order])
            for moment in ("none", "first", "adam"):
                with self.study("--iterations", "12", "--samples", "16", "--contrast", "none", "--randomise", "none", "--seeds", "1",
                                "--moment", moment) as f:
                    maps[tuple(order), moment] = f["maps/map"][:]
                    gain = f["summary/gain"][:]
                self.assertTrue((gain.argmax(axis=1) == np.arange(CLASSES)).all())
            for k, label in enumerate(order):
                wanted = w[label] - w.mean(axis=0)
                for moment in ("none", "first"):
                    self.assertGreater(cosine(maps[tuple(order), moment][k], wanted), 0.999)
                large = np.abs(wanted) > 0.1 * np.abs(wanted).max()
                self.assertTrue((np.sign(maps[tuple(order), "adam"][k])[large] == np.sign(wanted)[large]).all())
                self.assertGreater(cosine(maps[tuple(order), "none"][k], maps[(0, 1, 2, 3), "none"][label]), 0.999)

    def test_template(self):
        """A model that looks at a template alone: the map is the template."""
        template = np.zeros(SHAPE, np.float32)
        template[0, 2:5, 3:6] = 1.0
        template[2, 4, :] = -0.5
        linear(self.model, np.stack([0.3 * template, 0 * template]))
        with self.study("--iterations", "10", "--samples", "16", "--contrast", "none", "--randomise", "none", "--seeds", "1") as f:
            maps = f["maps/map"][:]
        self.assertGreater(cosine(maps[0], template), 0.9999)
        self.assertLess(cosine(maps[1], template), -0.9999)

    def test_planted_patch(self):
        """T24: nine tenths of the energy lie inside the patch that a detector looks at; the other classes' maps lead away from it."""
        target, rows, columns = 2, slice(5, 8), slice(1, 4)
        export(Detector(target, rows, columns), self.model)
        with self.study("--iterations", "20", "--samples", "32", "--contrast", "none", "--randomise", "none", "--seeds", "1") as f:
            maps = f["maps/map"][:]
        energy = (maps**2).sum(axis=1)
        inside = energy[:, rows, columns].sum(axis=(1, 2)) / energy.sum(axis=(1, 2))
        print("energy inside the patch, by class:", np.round(inside, 3))
        self.assertGreater(inside[target], 0.9)
        self.assertGreater(maps[target][:, rows, columns].sum(), 0.0)
        self.assertTrue(all(maps[k][:, rows, columns].sum() <= 0.0 for k in range(CLASSES) if k != target))


if __name__ == "__main__":
    unittest.main(verbosity=1)
