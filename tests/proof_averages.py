"""Averages over copies of the input, against copies made here one by one.

Noise comes from Philox4x32-10 and the normal quantile of scipy, both written out here; the signal of each
copy is what the program dumps for it as a sample of its own.  Means, squares and products are taken in
float64, so 1e-6 of the largest value leaves room for the float32 of copies and maps.
"""

import proof

BOUND = 1e-6
SAMPLES = 3
NOISE = 0  # the stream


def philox(counter, key):
    """Ten rounds of Philox4x32 (Salmon et al. 2011) on arrays of four counters and a key of two."""
    import numpy as np
    c, k, low = [np.asarray(v, "u8") for v in counter], list(key), np.uint64(0xffffffff)
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), b & low,
             (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), a & low]
        k = [(k[0] + 0x9E3779B9) & 0xffffffff, (k[1] + 0xBB67AE85) & 0xffffffff]
    return c


def uniform(n, seed, stream, copy, sample):
    """n numbers in (0, 1)."""
    import numpy as np
    block = np.arange((n + 3) // 4, dtype="u8")
    fixed = np.zeros_like(block)
    words = philox((block, fixed + np.uint64(sample & 0xffffffff), fixed + np.uint64(copy | stream << 24),
                    fixed + np.uint64(sample >> 32)), (seed & 0xffffffff, seed >> 32))
    return ((np.stack(words, 1).reshape(-1)[:n]).astype("f8") + 0.5) * 2.0 ** -32


def noisy(x, seed, copy, sample, spread):
    """x + sigma z, in float32 as the program stores it."""
    import numpy as np
    from scipy.stats import norm
    sigma = spread * (float(x.max()) - float(x.min()))
    z = np.stack([norm.ppf(uniform(x[0].size, seed, NOISE + 8 * c, copy, sample)).reshape(x[0].shape)
                  for c in range(len(x))])
    return (x.astype("f8") + sigma * z).astype("f4")


class Averages(proof.Case):
    def setUp(self):
        import h5py
        super().setUp()
        out = self.path("plain.h5")
        self.settings = ["--layers", "input", "--targets", "class:0"]
        proof.attribute(out, proof.model("shapes"), proof.demo("manifest.csv"), "--limit", SAMPLES, *self.settings,
                        "--methods", "gradient")
        self.variable = proof.Study(out).variables[0]
        self.x = [self.dump(proof.model("shapes"), proof.demo("manifest.csv"), i, *self.settings)
                  [f"activation/{self.variable}"] for i in range(SAMPLES)]
        self.h5py = h5py

    def signals(self, copies):
        """Signals of copies, each a sample of a data set of float inputs."""
        import numpy as np
        path = self.path("copies.h5")
        with self.h5py.File(path, "w") as f:
            f["x"] = np.stack(copies)
        dumps = [self.dump(proof.model("shapes"), path, i, *self.settings) for i in range(len(copies))]
        return np.stack([next(d[key] for key in d if key.startswith("signal/")) for d in dumps]).astype("f8")

    def study(self, methods, *args, **more):
        out = self.path("averages.h5")
        proof.attribute(out, proof.model("shapes"), proof.demo("manifest.csv"), "--limit", SAMPLES, *self.settings,
                        "--methods", ",".join(methods), "--force", *args, **more)
        return proof.Study(out)

    def check(self, study, wanted):
        """wanted: for every sample, the map of every method in order."""
        worst = 0.0
        for i, maps in enumerate(wanted):
            for k, m in enumerate(maps):
                error = proof.relative(study.maps(self.variable)[i, 0, k], m)
                self.assertLessEqual(error, BOUND, f"{study.methods[k]}, sample {i}")
                worst = max(worst, error)
        return worst

    def test_noise(self):
        import numpy as np
        methods = ("smoothgrad(n=4)", "smoothgrad_squared(n=4)[gradient/bias/sum]", "vargrad(n=4)",
                   "smoothgrad(n=4)[input_x_gradient]", "smoothgrad(n=4)[normgrad]")
        study, wanted = self.study(methods, "--seed", 7), []
        for i, x in enumerate(self.x):
            g = self.signals([noisy(x, 7, c, i, 0.15) for c in range(4)])
            mean, square, a = g.mean(0), (g ** 2).mean(0), x.astype("f8")
            wanted.append((abs(mean).max(0), square.sum(0), (square - mean ** 2).max(0), (a * mean).sum(0),
                           np.sqrt((a ** 2).sum(0) * (mean ** 2).sum(0))))
        self.assertEqual((int(study.attrs["n_forward"]), int(study.attrs["n_backward"])), (5, 4))
        proof.figure(f"noise: {len(methods)} averages of {SAMPLES} images, largest error "
                     f"{self.check(study, wanted):.1e}")

    def test_paths(self):
        import numpy as np
        from scipy.ndimage import gaussian_filter
        methods = ("integrated_gradients(n=4)", "integrated_gradients(n=4,quadrature=trapezoid,baseline=mean)",
                   "integrated_gradients(n=4,quadrature=right,baseline=blur,sigma=2)")
        study, wanted = self.study(methods), []
        for i, x in enumerate(self.x):
            x = x.astype("f8")
            ends = (np.zeros_like(x), np.broadcast_to(x.mean((1, 2), keepdims=True), x.shape),
                    np.stack([gaussian_filter(c, 2, mode="nearest", truncate=4) for c in x]))
            places = ((np.arange(4) + 0.5) / 4, np.arange(4) / 3, (np.arange(4) + 1) / 4)
            weights = (np.full(4, 1 / 4), np.array([.5, 1, 1, .5]) / 3, np.full(4, 1 / 4))
            maps = []
            for end, place, weight in zip(ends, places, weights):
                end = end.astype("f4").astype("f8")
                g = self.signals([(end + t * (x - end)).astype("f4") for t in place])
                maps.append(((x - end) * np.tensordot(weight, g, 1)).sum(0))
            wanted.append(maps)
        proof.figure(f"paths: largest error {self.check(study, wanted):.1e}")

    def test_given_baselines(self):
        import numpy as np
        given = self.path("given.h5")
        with self.h5py.File(given, "w") as f:
            f["x"] = np.stack(self.x[::-1])
        methods = ("integrated_gradients(n=3,baseline=given)", "expected_gradients(n=5)")
        study, wanted = self.study(methods, "--baseline", given, "--seed", 3), []
        for i, x in enumerate(self.x):
            x, first = x.astype("f8"), self.x[-1].astype("f8")
            g = self.signals([(first + t * (x - first)).astype("f4") for t in (np.arange(3) + 0.5) / 3])
            maps, copies, ways = [((x - first) * g.mean(0)).sum(0)], [], []
            for c in range(5):
                drawn, t = uniform(2, 3, 1, c, i)
                end = self.x[::-1][int(drawn * SAMPLES)].astype("f8")
                copies.append((end + t * (x - end)).astype("f4"))
                ways.append((x - end).astype("f4").astype("f8"))
            maps.append((np.stack(ways) * self.signals(copies)).mean(0).sum(0))
            wanted.append(maps)
        proof.figure(f"given baselines: largest error {self.check(study, wanted):.1e}")
        done = proof.run("attribute", "--model", proof.model("shapes"), "--data", proof.demo("manifest.csv"), "--out",
                         self.path("no.h5"), "--methods", "expected_gradients", "--layers", "input", code=2)
        self.assertIn("--baseline", done.error)

    def test_integrated_gradients_are_complete(self):
        """T4: the sum of a map is the difference of the scores, to 1e-3 of the sum of absolute values: a network
        of rectifiers is integrated across its kinks."""
        import numpy as np
        study, path = self.study(("integrated_gradients(n=500)",)), self.path("zeros.h5")
        with self.h5py.File(path, "w") as f:
            f["x"] = np.zeros((1, *self.x[0].shape), "f4")
        nothing = self.dump(proof.model("shapes"), path, 0, *self.settings)["logits"][0]
        for i in range(SAMPLES):
            m = study.maps(self.variable)[i].astype("f8")
            whole, gained = m.sum(), study.logits[i, 0] - nothing
            self.assertLessEqual(abs(whole - gained), 1e-3 * abs(m).sum(), f"sample {i}: {whole}, not {gained}")
            proof.figure(f"integrated gradients, 500 points, sample {i}: {whole:.6f} of {gained:.6f}")

    def test_deeplift_is_complete(self):
        """T6: the sum of a map, at the input and at a layer, is the difference of the scores, to 1e-5 of the sum of
        absolute values (1 where a map is all zeros)."""
        import numpy as np
        out, given, ends = self.path("deeplift.h5"), self.path("ends.h5"), []
        methods = [f"deeplift(baseline={kind})" for kind in ("zero", "mean", "given")]
        with self.h5py.File(given, "w") as f:
            f["x"] = np.stack(self.x[::-1])
        proof.attribute(out, proof.model("shapes"), proof.demo("manifest.csv"), "--limit", SAMPLES, "--targets", "class:0",
                        "--layers", "input,last", "--methods", ",".join(methods), "--baseline", given)
        study = proof.Study(out)
        for x in self.x:
            ends += [np.zeros_like(x), np.broadcast_to(x.mean((1, 2), keepdims=True), x.shape), self.x[-1]]
        with self.h5py.File(given, "w") as f:
            f["x"] = np.stack(ends)
        scores = [self.dump(proof.model("shapes"), given, i, *self.settings)["logits"][0] for i in range(len(ends))]
        worst = 0.0
        for variable in study.variables:
            maps = study.maps(variable)[:, 0].astype("f8")
            for i in range(SAMPLES):
                for k in range(len(methods)):
                    gained = study.logits[i, 0] - scores[len(methods) * i + k]
                    error = abs(maps[i, k].sum() - gained) / max(abs(maps[i, k]).sum(), 1.0)
                    self.assertLessEqual(error, 1e-5, f"{methods[k]} at {variable}, sample {i}")
                    worst = max(worst, error)
        self.assertEqual(int(study.attrs["n_forward"]), 1 + len(methods))
        proof.figure(f"deeplift: {len(methods)} baselines, {len(study.variables)} places, largest leak {worst:.1e}")

    def test_bits_depend_on_seed_and_sample_alone(self):
        methods = ("smoothgrad(n=3)", "vargrad(n=3)[normgrad]", "integrated_gradients(n=3)")
        first = self.study(methods, "--unit", 2, "--seed", 5).maps(self.variable).tobytes()
        self.assertEqual(self.study(methods, "--unit", 2, "--seed", 5, ranks=2).maps(self.variable).tobytes(), first)
        other = self.study(methods, "--unit", 2, "--seed", 6).maps(self.variable)
        self.assertNotEqual(other.tobytes(), first)
        one = self.study(methods, "--unit", 1, "--seed", 5).maps(self.variable)
        self.assertLessEqual(proof.relative(one, self.study(methods, "--unit", 3, "--seed", 5).maps(self.variable)),
                             BOUND)


if __name__ == "__main__":
    proof.need("numpy", "scipy", "h5py")
    proof.demo("shapes.onnx")
    proof.main()
