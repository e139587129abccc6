"""Every similarity equals scipy's or scikit-image's to 1e-6, on random and on degenerate maps; bootstrap intervals
equal twenty lines of numpy with the same counted random numbers."""
import unittest
import warnings

import numpy as np

from metric_tool import EXTENTS, Tool, maps, same
from proof_averages import uniform

try:
    from skimage.feature import hog
    from skimage.metrics import structural_similarity
except ImportError:
    hog = structural_similarity = None

BOOTSTRAP = 2  # the stream of random.h


def pearson(a, b):
    from scipy.stats import pearsonr
    return pearsonr(a.ravel(), b.ravel())[0] if a.size > 1 and np.ptp(a) and np.ptp(b) else np.nan


def spearman(a, b):
    from scipy.stats import spearmanr
    return spearmanr(a.ravel(), b.ravel())[0] if a.size > 2 and np.ptp(a) and np.ptp(b) else pearson(a, b)


def cosine(a, b):
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / norm) if norm else np.nan


def rescaled(m, low, high):
    return (m - low) / (high - low) if high > low else np.zeros_like(m)


def window(a, b, size, **more):
    """scikit-image's value; NaN where it refuses."""
    if min(a.shape) < size:
        return np.nan
    return structural_similarity(a, b, data_range=2.0, **more)


def ssim(a, b):
    a, b = (rescaled(m, 0.0, np.abs(m).max()) for m in (a, b))
    return window(a, b, 5, win_size=5)


def ssim_gaussian(a, b):
    a, b = (rescaled(m, m.min(), m.max()) for m in (a, b))
    return window(a, b, 11, gaussian_weights=True)


def ssim_flipped(a, b):
    x, y, z = (np.clip(rescaled(m, *np.percentile(m, (0.5, 99.5))), 0, 1) for m in (a, b, -b))
    return max(window(x, y, 5, win_size=5), window(x, z, 5, win_size=5))


def features(m):
    return hog(m, pixels_per_cell=(16, 16)) if min(m.shape) >= 48 else np.zeros(1)


def exact_features(m):
    """The same in double: scikit-image sums in single precision, which ranks would see."""
    h, w = m.shape[0] // 16, m.shape[1] // 16
    if min(h, w) < 3:
        return np.zeros(1)
    row, column = np.zeros_like(m), np.zeros_like(m)
    row[1:-1], column[:, 1:-1] = m[2:] - m[:-2], m[:, 2:] - m[:, :-2]
    part = np.minimum(np.rad2deg(np.arctan2(row, column)) % 180 // 20, 8)
    size = np.hypot(row, column)[:h * 16, :w * 16]
    cells = np.stack([np.where(part[:h * 16, :w * 16] == k, size, 0).reshape(h, 16, w, 16).mean((1, 3))
                      for k in range(9)], -1)
    out = []
    for r, c in np.ndindex(h - 2, w - 2):
        block = cells[r:r + 3, c:c + 3].ravel()
        block = np.minimum(block / np.sqrt((block ** 2).sum() + 1e-10), 0.2)
        out.append(block / np.sqrt((block ** 2).sum() + 1e-10))
    return np.round(np.concatenate(out) * 2 ** 40) / 2 ** 40


def scaled(m):
    """m / max |.| as the float32 that it is stored as."""
    return (m.astype("f4") / abs(m.astype("f4")).max()).astype("f8") if m.any() else m


REFERENCE = {"pearson": pearson, "cosine": cosine, "spearman": spearman,
             "spearman_absolute": lambda a, b: spearman(abs(a), abs(b)), "ssim": ssim, "ssim_gaussian": ssim_gaussian,
             "ssim_flipped": ssim_flipped, "hog_pearson": lambda a, b: pearson(features(scaled(a)), features(scaled(b))),
             "hog_spearman": lambda a, b: spearman(exact_features(scaled(a)), exact_features(scaled(b)))}
PAIRS = [("random", "other"), ("random", "random"), ("random", "skewed"), ("ties", "sparse"), ("ties", "ties"),
         ("constant", "random"), ("zero", "zero"), ("zero", "other"), ("nan", "random"), ("negative", "skewed"),
         ("tiny", "random"), ("huge", "smooth"), ("smooth", "ramp"), ("constant", "constant"), ("sparse", "sparse")]


class Similarities(unittest.TestCase):
    def test_against_scipy_and_skimage(self):
        if not hog:
            self.skipTest("python3-skimage is not there")
        rng, tool, want = np.random.default_rng(1), Tool(), []
        for height, width in EXTENTS:
            each = maps(height, width, rng)
            files = {name: tool.file(m, "f4") for name, m in each.items()}
            for a, b in PAIRS:
                x, y = (each[m].astype("f8") for m in (a, b))
                for name, function in REFERENCE.items():
                    tool.ask("similarity", name, files[a], files[b], height, width)
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        value = np.nan if np.isnan(x + y).any() else function(x, y)
                    want.append(((name, a, b, height, width), value))
        compared = 0
        for got, (what, value) in zip(tool.answers(), want):
            self.assertTrue(same(got[0], value), f"{what}: {got[0]}, not {value}")
            compared += not np.isnan(value)
        self.assertGreater(compared, 400)

    def test_features(self):
        if not hog:
            self.skipTest("python3-skimage is not there")
        rng, tool = np.random.default_rng(2), Tool()
        for name, m in maps(97, 120, rng).items():
            if name == "nan":
                continue
            tool.ask("hog", tool.file(m, "f4"), 97, 120)
            got, want = tool.answers()[0], features(m.astype("f8"))
            self.assertEqual(got.shape, want.shape)
            self.assertLess(abs(got - want).max(), 1e-6, name)
            self.assertLess(abs(got - exact_features(m.astype("f8"))).max(), 1e-11, name)

    def test_ties_by_hand(self):
        tool = Tool()
        tool.ask("similarity", "spearman", tool.file([1, 1, 2], "f4"), tool.file([1, 2, 3], "f4"), 1, 3)
        self.assertAlmostEqual(tool.answers()[0][0], np.sqrt(3) / 2, places=12)


class Intervals(unittest.TestCase):
    ROWS, COLUMNS, RESAMPLES, SEED, LEVEL = 37, 35, 200, 2 ** 40 + 5, 0.9

    def setUp(self):
        rng = np.random.default_rng(3)
        self.values = rng.standard_normal((self.ROWS, self.COLUMNS))
        self.values[rng.random(self.values.shape) < 0.1] = np.nan
        self.values[:, 3] = np.nan
        self.values[:, 4] = 0.1
        self.values[1:, 5] = np.nan
        self.group = rng.integers(-1, 4, self.ROWS)
        self.picks = [np.arange(self.ROWS)] + [
            (self.ROWS * uniform(self.ROWS, self.SEED, BOOTSTRAP, r, 0)).astype(int) for r in range(self.RESAMPLES)]

    def check(self, kind, statistic, counts, *more):
        tool = Tool()
        tool.ask(kind, tool.file(self.values, "f8"), self.ROWS, self.COLUMNS, self.SEED, self.RESAMPLES, self.LEVEL,
                 *[tool.file(m, "i4") if isinstance(m, np.ndarray) else m for m in more])
        got = tool.answers()[0].reshape(self.COLUMNS, 4)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = np.array([statistic(p) for p in self.picks])
            ends = np.percentile(results[1:], [50 * (1 - self.LEVEL), 50 * (1 + self.LEVEL)], axis=0)
        for c in range(self.COLUMNS):
            for value, want in zip(got[c], (results[0, c], ends[0, c], ends[1, c], counts[c])):
                self.assertTrue(same(value, want, 1e-9), (c, got[c], want))

    def test_means(self):
        self.check("means", lambda p: np.nanmean(self.values[p], axis=0), (~np.isnan(self.values)).sum(0))

    def test_means_over_groups(self):
        def statistic(p):
            each = [np.nanmean(self.values[p[self.group[p] == g]], axis=0) for g in range(4)]
            return np.nanmean(each, axis=0)
        self.check("means", statistic, (~np.isnan(self.values[self.group >= 0])).sum(0), self.group, 4)

    def test_medians(self):
        self.check("medians", lambda p: np.nanmedian(self.values[p], axis=0), (~np.isnan(self.values)).sum(0))


if __name__ == "__main__":
    unittest.main()
