"""Every metric of a map equals a few lines of numpy or scipy to 1e-6, on random and on degenerate maps."""
import unittest
import warnings

import numpy as np

import proof
from metric_tool import Tool, maps, same
from metrics_similarity import spearman, ssim_flipped

proof.need("scipy", "skimage")

SIZES = (((1, 1), (1, 1)), ((7, 7), (20, 31)), ((1, 9), (3, 5)), ((33, 21), (33, 21)))


def minmax(m):
    return (m - m.min()) / (m.max() - m.min()) if np.ptp(m) else np.zeros_like(m)


def pointing(c, tolerance=None):
    y, x = np.unravel_index(np.argmax(c.image), c.image.shape)
    rows, columns = np.nonzero(c.object)
    return float((((rows - y) ** 2 + (columns - x) ** 2) < (tolerance or c.tolerance) ** 2).any())


def share(v, c):
    return v[c.object > 0].sum() / v.sum() if v.sum() > 0 else np.nan


def relevance_rank(c):
    first = np.argsort(-c.image.ravel(), kind="stable")[:c.object.sum()]
    return c.object.ravel()[first].mean()


def total_variation(c):
    m = minmax(c.map)
    steps = np.concatenate([abs(np.diff(m, axis=0)).ravel(), abs(np.diff(m, axis=1)).ravel()])
    return steps.mean() if steps.size else np.nan


def entropy(c):
    if c.map.size < 2 or not c.map.any():
        return np.nan
    p = abs(c.map) / abs(c.map).sum()
    return -(p[p > 0] * np.log(p[p > 0])).sum() / np.log(p.size)


def concentration(c):
    a = np.sort(abs(c.map).ravel())
    n = a.size
    return ((2 * np.arange(1, n + 1) - n - 1) * a).sum() / (n * a.sum()) if a.any() else np.nan


REFERENCE = {
    "pointing": pointing, "pointing_exact": lambda c: pointing(c, 1),
    "energy_pointing": lambda c: share(np.maximum(c.image, 0), c),
    "energy_pointing_minmax": lambda c: share(c.image - c.image.min(), c),
    "relevance_mass": lambda c: share(abs(c.image), c), "relevance_rank": relevance_rank,
    "grid_pointing": lambda c: share(np.maximum(c.image, 0), c), "total_variation": total_variation, "entropy": entropy,
    "concentration": concentration, "energy_correlation": lambda c: spearman(c.map, c.energy),
    "class_sensitivity": lambda c: spearman(c.image, c.other), "random_other": lambda c: ssim_flipped(c.image, c.other),
    "random_other_spearman": lambda c: spearman(c.image, c.other)}


class Case:
    """A map, the same as large as the image (any numbers will do here), an object, and two other maps."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class Maps(unittest.TestCase):
    def test_against_numpy(self):
        rng, tool, want = np.random.default_rng(4), Tool(), []
        for (h, w), (ih, iw) in SIZES:
            small, large = maps(h, w, rng), maps(ih, iw, rng)
            objects = [np.ones((ih, iw), "u1"), (rng.random((ih, iw)) < 0.1).astype("u1")]
            objects[1][-1, -1] = 1
            for i, name in enumerate(small):
                c = Case(map=small[name], image=large[name], object=objects[i % 2], tolerance=4, other=large["ramp"],
                         energy=small["skewed"])
                files = [tool.file(m, "f4") for m in (c.map, c.image, c.other, c.energy)]
                mask = tool.file(c.object, "u1")
                c.map, c.image, c.other, c.energy = (m.astype("f8") for m in (c.map, c.image, c.other, c.energy))
                for metric, function in REFERENCE.items():
                    tool.ask("metric", metric, files[0], h, w, files[1], ih, iw, mask, c.tolerance, files[1], ih, iw, files[2],
                             files[3])
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        value = np.nan if np.isnan(c.map).any() else function(c)
                    want.append(((metric, name, (h, w)), value))
        compared = set()
        for got, (what, value) in zip(tool.answers(), want):
            self.assertTrue(same(got[0], value), f"{what}: {got[0]}, not {value}")
            if not np.isnan(value):
                compared.add(what[0])
        self.assertEqual(compared, set(REFERENCE))

    def test_no_object(self):
        tool, m = Tool(), np.arange(6.0)
        for name in ("pointing", "energy_pointing", "relevance_rank"):
            tool.ask("metric", name, tool.file(m, "f4"), 2, 3, tool.file(m, "f4"), 2, 3, "-", 15, "-", 0, 0, "-", "-")
        self.assertTrue(all(np.isnan(a[0]) for a in tool.answers()))

    def test_tolerance_is_strict(self):
        """Pixels 15 apart miss; 14.86 apart hit; the centre of a box hits."""
        tool, m = Tool(), np.zeros((40, 40))
        m[20, 20] = 1
        for y, x in ((20, 35), (35, 20), (31, 30), (30, 31), (29, 32), (20, 20)):
            box = np.zeros((40, 40), "u1")
            box[y, x] = 1
            tool.ask("metric", "pointing", tool.file(m, "f4"), 40, 40, tool.file(m, "f4"), 40, 40, tool.file(box, "u1"), 15,
                     "-", 0, 0, "-", "-")
        self.assertEqual([a[0] for a in tool.answers()], [0, 0, 1, 1, 0, 1])

    def test_probabilities(self):
        rng, tool = np.random.default_rng(5), Tool()
        scores = [np.full(12, 0.3), rng.random(12), np.array([0.5, 0.25])]
        for s in scores:
            for name in ("deletion", "insertion", "least_first", "most_first"):
                tool.ask("value", name, *[repr(float(v)) for v in s])
        got = [a[0] for a in tool.answers()]
        for i, s in enumerate(scores):
            area, change = np.trapz(s) / (len(s) - 1), (100 * abs(s[1:] - s[0]) / s[0]).mean()
            for value, want in zip(got[4 * i:4 * i + 4], (area, area, change, change)):
                self.assertTrue(same(value, want, 1e-12), (value, want))
        self.assertTrue(same(got[0], 0.3, 1e-12), "the area under a constant is the constant")

    def test_smoothing(self):
        from scipy.ndimage import correlate1d
        rng, tool = np.random.default_rng(6), Tool()
        for sigma, shape in ((0.4, (9, 13)), (2.5, (30, 7)), (3.0, (1, 1))):
            m = rng.standard_normal(shape).astype("f4")
            tool.ask("smooth", tool.file(m, "f4"), *shape, sigma)
            at = np.arange(-np.ceil(4 * sigma), np.ceil(4 * sigma) + 1)
            kernel = np.exp(-at ** 2 / (2 * sigma ** 2))
            kernel /= kernel.sum()
            want = m.astype("f8")
            for axis in (0, 1):
                want = correlate1d(want, kernel, axis=axis, mode="nearest")
            self.assertLess(abs(tool.answers()[0].reshape(shape) - want).max(), 1e-6)


if __name__ == "__main__":
    unittest.main()
