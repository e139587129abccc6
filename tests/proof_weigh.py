"""Weights of layers measured by `retrograd weigh`, against their definitions in numpy on dumped activations."""

import csv
import json

import proof

N = 12
BOUND = 1e-6


def spread(a):
    """Mean distance of the features at each position, of length 1, from their mean; a [K, H, W]."""
    import numpy as np
    f = a.reshape(len(a), -1)
    length = np.linalg.norm(f, axis=0)
    f = np.where(length > 0, f / np.where(length > 0, length, 1), 0)
    return np.linalg.norm(f - f.mean(1, keepdims=True), axis=0).mean()


def classified(x, label, classes, half):
    """Accuracy of least squares with a penalty on the second half."""
    import numpy as np
    train, test = half == 0, half == 1
    mean, std = x[train].mean(0), x[train].std(0)
    z = (x - mean) * np.where(std > 0, 1 / np.where(std > 0, std, 1), 0)
    y = np.eye(classes)[label]
    share = y[train].mean(0)
    n = train.sum()
    w = np.linalg.solve(z[train].T @ z[train] + 1e-3 * n * np.eye(x.shape[1]), z[train].T @ (y[train] - share))
    return ((z[test] @ w + share).argmax(1) == label[test]).mean()


class Weigh(proof.Case):
    def setUp(self):
        super().setUp()
        with open(proof.demo("manifest.csv"), encoding="utf-8") as f:
            self.rows = list(csv.DictReader(f))

    def weigh(self, data, *args, **more):
        out = self.path("weights.json")
        done = proof.run("weigh", "--model", proof.model("shapes"), "--data", data, "--out", out, *args, **more)
        if done.code:
            return done
        with open(out, encoding="utf-8") as f:
            return json.load(f)

    def test_against_the_definitions(self):
        import numpy as np
        model, data, tap = proof.model("shapes"), proof.demo("manifest.csv"), "/layer3/conv1/Conv_output_0"
        n = 3 * len({r["label"] for r in self.rows})
        study = self.path("study.h5")
        proof.attribute(study, model, data, "--methods", "normgrad", "--layers", tap, "--targets", "label", "--limit", n)
        study = proof.Study(study)
        kept, before, features = [], [], []
        for i in range(n):
            dump = self.dump(model, data, i, "--layers", f"{tap},/layer2/relu_1/Relu_output_0", "--limit", n)
            a = dump["activation/layer3.conv1.Conv_output_0"].astype("f8")
            kept.append(spread(a))
            before.append(spread(dump["activation/layer2.relu_1.Relu_output_0"].astype("f8")))
            features.append(a.mean((1, 2)))
        seen, half = {}, []
        for label in study.label:
            half.append(seen.get(label, 0) % 2)
            seen[label] = seen.get(label, 0) + 1
        wanted = {"activation": np.mean(kept), "activation_in": np.mean(before), "accuracy":
                  classified(np.array(features), study.label, study.logits.shape[1], np.array(half)),
                  "pointing_accuracy": np.mean([self.hit(study, i) for i in range(n)])}
        found = self.weigh(data, "--layers", tap, "--limit", n, "--unit", 4)["weights"]
        for kind, value in wanted.items():
            self.assertLessEqual(abs(found[kind][tap] - value), BOUND * value, kind)
        proof.figure("weights of one layer: " + ", ".join(f"{k} {v:.3f}" for k, v in wanted.items()))

    def test_ranks_1_2_3_5_write_the_same_file(self):
        """Units of 3, the last one short, and an image that cannot be read."""
        lines = ["path,label"] + [f"{proof.demo(r['path'])},{r['label']}" for r in self.rows[:13]]
        lines.insert(5, f"{self.file('bad.png', b'no image')},{self.rows[0]['label']}")
        data, found = self.file("list.csv", "\n".join(lines) + "\n"), {}
        for ranks in (1, 2, 3, 5):
            self.weigh(data, "--layers", "convs,input", "--unit", 3, ranks=ranks)
            with open(self.path("weights.json"), "rb") as f:
                found[ranks] = f.read()
        self.assertEqual(json.loads(found[1])["samples"], 13)
        self.assertEqual([r for r in found if found[r] != found[1]], [])

    def hit(self, study, i):
        """Whether the maximum of the enlarged map lies in the box."""
        import numpy as np
        import proof_combinations
        row = self.rows[i]
        m = study.maps(study.variables[0])[i, 0, 0]
        size = study.size[i]
        up = proof_combinations.enlarged(m, (96, 96)).astype("f4")
        y, x = np.unravel_index(up.argmax(), up.shape)
        box = [float(row[k]) for k in ("xmin", "ymin", "xmax", "ymax")]
        self.assertEqual(list(size), [96, 96])
        return box[0] <= x <= box[2] and box[1] <= y <= box[3]

    def test_weights_are_taken(self):
        data = proof.demo("manifest.csv")
        self.weigh(data, "--layers", "convs")
        out = self.path("study.h5")
        kinds = ("activation", "activation_in", "accuracy", "pointing_accuracy")
        proof.attribute(out, proof.model("shapes"), data, "--limit", 2, "--layers", "convs", "--methods",
                        ",".join(f"layers_sum(weights={k})" for k in kinds), "--combination-weights",
                        self.path("weights.json"))
        study = proof.Study(out)
        kept = json.loads(study.attrs["config"])["combination_weights"]
        with open(self.path("weights.json"), encoding="utf-8") as f:
            self.assertEqual(kept, json.load(f)["weights"])
        maps = study.maps("over_layers")
        self.assertEqual(len({maps[:, :, k].tobytes() for k in range(len(kinds))}), len(kinds))

    def test_what_is_missing_is_said(self):
        for args, words in ((("--method", "fullgrad"), "one method at a layer"), (("--limit", "3"), "4 at least")):
            done = self.weigh(proof.demo("manifest.csv"), *args, code=2)
            self.assertIn(words, " ".join(done.error.split()))


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    proof.main()
