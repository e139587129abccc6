"""Every method against its formula in float64 numpy on dumped activations and signals.

The loop runs over the program's own lists: a method, rule, extract or aggregate without a formula here
fails.  Extracts are materialised here, entry by entry, where the program has closed forms.  Sums are
in double on both sides; a map is stored as float32, so 1e-6 of its largest |value| leaves room for
one rounding (6e-8) only.
"""

import proof

BOUND = 1e-6
SAMPLES = 2


def windows(a):
    """[9, K, H, W]: the zero-padded 3x3 window of a around every position."""
    import numpy as np
    height, width = a.shape[1:]
    padded = np.pad(a, ((0, 0), (1, 1), (1, 1)))
    return np.stack([padded[:, y:y + height, x:x + width] for y in range(3) for x in range(3)])


# The entries gamma[i, y, x] of an extract from activation a and signal g, both [K, H, W].
EXTRACTS = {
    "bias": lambda a, g: g,
    "scaling": lambda a, g: a * g,
    "conv1x1": lambda a, g: (a[:, None] * g[None]).reshape(-1, *a.shape[1:]),
    "conv3x3": lambda a, g: (windows(a)[:, :, None] * g[None, None]).reshape(-1, *a.shape[1:]),
    "conv3x3_depthwise": lambda a, g: (windows(a) * g[None]).reshape(-1, *a.shape[1:]),
    "real_conv": lambda x, g: (x[:, None] * g[None]).reshape(-1, *g.shape[1:]),
    "cam": lambda a, g: a * g.mean((1, 2), keepdims=True),
    "cam_positive": lambda a, g: a * g.clip(min=0).mean((1, 2), keepdims=True),
    "cam_negative": lambda a, g: a * g.clip(max=0).mean((1, 2), keepdims=True),
    "cam_absolute": lambda a, g: a * abs(g).mean((1, 2), keepdims=True),
    "cam_pp": lambda a, g: a * (alpha(a, g) * g.clip(min=0)).sum((1, 2), keepdims=True),
    "cam_pp_signed": lambda a, g: a * (alpha(a, g) * g).sum((1, 2), keepdims=True),
    "cam_pp_normalised": lambda a, g: a * authors_weights(a, g),
    "cam_x": lambda a, g: a * (a * g).sum((1, 2), keepdims=True) / (a.sum((1, 2), keepdims=True) + 1e-7),
    "elementwise": lambda a, g: (a * g).clip(min=0),
    "layercam": lambda a, g: g.clip(min=0) * a,
    "activation": lambda a, g: a,
}


def convolutions(network):
    """Of every Conv by the name of its output: name of its input, kernel, strides, pads, dilations."""
    import onnx
    found = {}
    graph = onnx.load(network).graph
    shapes = {w.name: list(w.dims)[2:] for w in graph.initializer}
    for node in (n for n in graph.node if n.op_type == "Conv"):
        given = {a.name: list(a.ints) for a in node.attribute if a.ints}
        found[node.output[0]] = (node.input[0], given.get("kernel_shape", shapes[node.input[1]]),
                                 given.get("strides", [1, 1]), given.get("pads", [0] * 4), given.get("dilations", [1, 1]))
    return found


def real_windows(x, size, kernel, strides, pads, dilations):
    """[kernel positions * C, H, W]: what a convolution reads of x [C, h, w] for each of its outputs."""
    import numpy as np
    padded = np.pad(x, ((0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    return np.concatenate([
        padded[:, i * dilations[0]:, j * dilations[1]:][:, ::strides[0], ::strides[1]][:, :size[0], :size[1]]
        for i in range(kernel[0]) for j in range(kernel[1])])


def alpha(a, g):
    """Of Grad-CAM++, with pytorch-grad-cam's constant."""
    import numpy as np
    return np.where(g == 0, 0, g ** 2 / (2 * g ** 2 + a.sum((1, 2), keepdims=True) * g ** 3 + 1e-6))


def authors_weights(a, g):
    """Of Grad-CAM++ in its authors' code: alpha normalised over positive signals."""
    import numpy as np
    below = 2 * g ** 2 + a.sum((1, 2), keepdims=True) * g ** 3
    alphas = np.where(g > 0, g ** 2 / np.where(below == 0, 1, below), 0)
    total = alphas.sum((1, 2), keepdims=True)
    return (alphas * g).sum((1, 2), keepdims=True) / np.where(total == 0, 1, total)


def norm(gamma):
    import numpy as np
    return np.sqrt(np.einsum("iyx,iyx->yx", gamma, gamma))


AGGREGATES = {
    "sum": lambda gamma: gamma.sum(0),
    "max": lambda gamma: gamma.max(0),
    "norm": norm,
    "filter_norm": lambda gamma: norm(gamma.clip(min=0)),
    "maxabs": lambda gamma: abs(gamma).max(0),
    "relu_sum": lambda gamma: gamma.sum(0).clip(min=0),
}

# Named methods as their authors write them: (rule, function of activation and signal).
NAMED = {
    "gradient": ("gradient", lambda a, g: abs(g).max(0)),
    "gradient_sum": ("gradient", lambda a, g: g.sum(0)),
    "input_x_gradient": ("gradient", lambda a, g: (a * g).sum(0)),
    "guided_backprop": ("guided", lambda a, g: abs(g).max(0)),
    "deconvnet": ("deconvnet", lambda a, g: abs(g).max(0)),
    "rectgrad": ("rectgrad(q=98)", lambda a, g: (a * g).sum(0)),
    "rectgrad_no_bias": ("rectgrad(q=98)", lambda a, g: g.sum(0)),
    "grad_cam": ("gradient", lambda a, g: ((g.mean((1, 2)) * a.T).T.sum(0)).clip(min=0)),
    "grad_cam_signed": ("gradient", lambda a, g: (g.mean((1, 2)) * a.T).T.sum(0)),
    "grad_cam_positive": ("gradient", lambda a, g: (g.clip(min=0).mean((1, 2)) * a.T).T.sum(0)),
    "energy": ("gradient", lambda a, g: a.sum(0)),
    "grad_cam_absolute": ("gradient", lambda a, g: (abs(g).mean((1, 2)) * a.T).T.sum(0)),
    "grad_cam_negative": ("gradient", lambda a, g: (g.clip(max=0).mean((1, 2)) * a.T).T.sum(0)),
    "grad_cam_pp": ("gradient", lambda a, g: (((alpha(a, g) * g.clip(min=0)).sum((1, 2)) * a.T).T.sum(0)).clip(min=0)),
    "grad_cam_pp_signed": ("gradient", lambda a, g: (((alpha(a, g) * g).sum((1, 2)) * a.T).T.sum(0)).clip(min=0)),
    "xgrad_cam": ("gradient", lambda a, g: EXTRACTS["cam_x"](a, g).sum(0).clip(min=0)),
    "hires_cam": ("gradient", lambda a, g: (a * g).sum(0).clip(min=0)),
    "elementwise_cam": ("gradient", lambda a, g: (a * g).clip(min=0).sum(0)),
    "layer_cam": ("gradient", lambda a, g: (g.clip(min=0) * a).sum(0)),
    "excitation_backprop": ("excitation", lambda a, g: g.sum(0)),
    "contrastive_excitation_backprop": ("excitation_contrast", lambda a, g: g.sum(0).clip(min=0)),
    "linear_approx": ("gradient", lambda a, g: (a * g).sum(0)),
    "normgrad": ("gradient", lambda a, g: ((a ** 2).sum(0) * (g ** 2).sum(0)) ** 0.5),
    "normgrad_selective": ("gradient", lambda a, g: ((a * g).clip(min=0) ** 2).sum(0) ** 0.5),
}


class Formulas(proof.Case):
    def wanted(self, method, a, g, cache, read):
        """The map of a method from activation a, the signals g[rule] and what the tap's convolution read."""
        if method in NAMED:
            rule, formula = NAMED[method]
            return formula(a, g[rule])
        method = "gradient/real_conv/norm" if method == "normgrad_real" else method
        rule, extract, aggregate = method.split("/")
        if (rule, extract) not in cache:
            cache.clear()  # one materialised extract at a time
            x = a if extract != "real_conv" else read
            cache[rule, extract] = EXTRACTS[extract](x, g[rule])
        return AGGREGATES[aggregate](cache[rule, extract])

    def compare(self, study, dump, sample, worst, convolved):
        """Every map of one sample; notes the largest error of each method in `worst`."""
        import numpy as np
        for variable in study.variables:
            a = dump[f"activation/{variable}"].astype("f8")
            g = {key.split("/")[1]: dump[key].astype("f8") for key in dump
                 if key.startswith("signal/") and key.endswith(f"/predicted/{variable}")}
            g |= {rule.split("(")[0]: g[rule] for rule in g}
            maps, cache, read = study.maps(variable, np.s_[sample, 0]), {}, None
            if variable in convolved:
                x, *geometry = convolved[variable]
                read = real_windows(dump[f"activation/{x}"].astype("f8"), a.shape[1:], *geometry)
            for k, method in enumerate(study.columns[variable]):
                error = proof.relative(maps[k], self.wanted(method, a, g, cache, read))
                worst[method] = max(worst.get(method, 0.0), error)
                self.assertLessEqual(error, BOUND, f"{method} at {variable}, sample {sample}")

    def check(self, name, data):
        out, network = self.path(name + ".h5"), proof.model(name)
        settings = ["--layers", "all", "--limit", SAMPLES, "--unit", SAMPLES, "--targets", "predicted"]
        proof.attribute(out, network, data, "--methods",
                        ",".join(("basic", *NAMED, "normgrad_real", "table", "gradient/*/*", "guided/*/*", "*/bias/*")), *settings)
        study, worst = proof.Study(out), {}
        variables = dict(zip(study.layers, study.variables))
        convolved = {variables[y]: (variables[x], *more) for y, (x, *more) in convolutions(network).items()}
        self.assertEqual((set(NAMED) | {"normgrad_real"}) - set(study.methods), set())
        convs = [m for m in study.methods if "real_conv" in study.canonical[m]]
        self.assertEqual(len(study.columns[study.variables[0]]), len(study.methods) - len(convs))
        for sample in range(SAMPLES):
            dump = self.dump(network, data, sample, "--rules", ",".join(proof.listed("Rules")), *settings)
            self.compare(study, dump, sample, worst, convolved)
        self.assertEqual(set(worst), set(study.methods))
        most = max(worst, key=worst.get)
        proof.figure(f"{name}: {len(worst)} methods at {len(study.variables)} taps, {SAMPLES} images: "
                     f"largest error {worst[most]:.1e} ({most})")

    def test_every_listed_part_has_a_formula(self):
        self.assertEqual(set(proof.run("methods", "--names").out.split()), set(NAMED) | {"normgrad_real"})
        self.assertEqual(set(proof.listed("Extracts")), set(EXTRACTS))
        self.assertEqual(set(proof.listed("Aggregates")), set(AGGREGATES))

    def test_what_lives_behind_convolutions(self):
        """Asked for by name it must have a place; a word for many methods leaves it out where it has none."""
        out, data = self.path("places.h5"), proof.demo("manifest.csv")
        more = ("--limit", 1, "--force")
        proof.attribute(out, proof.model("shapes"), data, *more, "--methods", "all", "--layers", "input,last")
        self.assertNotIn("normgrad_real", proof.Study(out).methods)
        proof.attribute(out, proof.model("shapes"), data, *more, "--methods", "gradient,normgrad_real", "--layers",
                        "input,convs")
        columns = proof.Study(out).columns
        self.assertEqual(columns.pop("input"), ["gradient"])
        self.assertEqual(set(map(tuple, columns.values())), {("gradient", "normgrad_real")})
        for method in ("normgrad_real", "*/real_conv/norm"):
            done = proof.attribute(self.path("no.h5"), proof.model("shapes"), data, "--methods", method, "--layers",
                                   "input", code=2)
            self.assertIn("add 'convs' to --layers", done.error)

    def test_table_is_that_of_the_paper(self):
        out = self.path("table.h5")
        proof.attribute(out, proof.model("shapes"), proof.demo("manifest.csv"), "--limit", 1, "--layers", "last",
                        "--methods", "table")
        wanted = {f"gradient/{e}/{a}" for e in ("bias", "scaling", "conv1x1", "conv3x3", "conv3x3_depthwise")
                  for a in ("sum", "max", "norm", "filter_norm")}
        self.assertEqual(set(proof.Study(out).methods), wanted)

    def test_shapes(self):
        self.check("shapes", proof.demo("manifest.csv"))

    def test_resnet20_bn(self):
        import os
        if not os.path.exists(os.path.join(proof.SHARED, "models", "reference.h5")):
            self.skipTest("no optional data")
        self.check("resnet20_bn", proof.shared("models", "reference.h5") + ":resnet20_bn/input")


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx")
    proof.demo("shapes.onnx")
    proof.main()
