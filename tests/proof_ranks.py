"""The same study is the same file, byte for byte, on any number of ranks, and nothing leaks between
the samples of a unit, between targets or into the recorded passes.
"""

import os

import proof

# One of everything: every rule, every extract and aggregate, averages of few copies.
METHODS = ("basic,gradient/*/*,*/bias/sum,vargrad(n=2),smoothgrad(n=2)[normgrad],integrated_gradients(n=2),"
           "fullgrad,guided_grad_cam,layers_product[normgrad],smoothgrad(n=2)[fullgrad(post=signed)],"
           "cameras(sizes=2,step=8)")
EVERYTHING = ("--methods", METHODS, "--layers", "all")


def planned(study):
    return int(study.attrs["n_forward"]), int(study.attrs["n_backward"])


class Ranks(proof.Case):
    def images(self, name, damage=(), replace=(), count=18):
        """A folder of `count` demo images and a manifest; some damaged, some replaced by others."""
        import csv
        with open(proof.demo("manifest.csv"), encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        lines = ["path,label"]
        for i in range(count):
            row = rows[-1 - i] if i in replace else rows[i]
            with open(proof.demo(row["path"]), "rb") as f:
                content = f.read()
            content = content[:len(content) // 2] if i in damage else content
            self.file(f"{name}/{i:02}.png", content)
            lines.append(f"{i:02}.png,{row['label']}")
        return self.file(f"{name}/list.csv", "\n".join(lines) + "\n")

    def study(self, name, data, *args, **more):
        path = self.path(name + ".h5")
        proof.attribute(path, proof.model("shapes"), data, *args, **more)
        return path

    def assert_same_for_all_ranks(self, data, code):
        """Units of 4: five of them, the last one short; with five ranks each has one."""
        args = (*EVERYTHING, "--unit", 4, "--targets", "predicted")
        first = self.study("ranks1", data, *args, code=code)
        wanted = proof.Study(first)
        for ranks in (2, 3, 5):
            path = self.study(f"ranks{ranks}", data, *args, ranks=ranks, code=code)
            self.assert_same_bytes(first, path)
            self.assertEqual(proof.passes(path), planned(wanted))
            self.assertEqual(len(proof.runs(path)[-1]["ranks"]), ranks)
            os.remove(path)
        return first, wanted

    def test_ranks_1_2_3_5_give_the_same_bytes(self):
        first, study = self.assert_same_for_all_ranks(self.images("whole"), 0)
        self.assertEqual(proof.passes(first), planned(study))
        proof.figure(f"ranks 1, 2, 3, 5: {os.path.getsize(first)} equal bytes, "
                     f"{len(study.methods)} methods, {len(study.layers)} taps")

    def test_ranks_1_2_3_5_with_a_damaged_image(self):
        import numpy as np
        _, study = self.assert_same_for_all_ranks(self.images("damaged", damage=(5,)), 3)
        self.assertEqual(np.flatnonzero(study.status != 1).tolist(), [5])
        self.assertTrue(np.isnan(study.logits[5]).all())
        self.assertEqual(study.target_class[5].tolist(), [-1])
        for variable in study.variables:
            bad = np.isnan(study.maps(variable)).all((1, 2, 3, 4))
            self.assertEqual(np.flatnonzero(bad).tolist(), [5], variable)

    def rows(self, study, samples):
        """Every number of some samples as bytes."""
        found = [study.logits[samples], study.score[samples], study.target_class[samples]]
        found += [study.maps(v, samples) for v in study.variables]
        return [a.tobytes() for a in found]

    def test_a_sample_does_not_depend_on_its_neighbours(self):
        """Samples 1 and 6 keep their places; all others are other images, and some are damaged."""
        kept, args = [1, 6], (*EVERYTHING, "--unit", 4)
        others = [i for i in range(8) if i not in kept]
        a = proof.Study(self.study("a", self.images("a", count=8), *args))
        b = proof.Study(self.study("b", self.images("b", replace=others, count=8), *args))
        c = proof.Study(self.study("c", self.images("c", damage=(0, 7), replace=others, count=8), *args,
                                   code=3))
        self.assertTrue(self.rows(a, kept) == self.rows(b, kept), "other neighbours change a sample")
        self.assertTrue(self.rows(a, kept) == self.rows(c, kept), "damaged neighbours change a sample")
        self.assertFalse(self.rows(a, [0]) == self.rows(b, [0]))

    def test_units_of_other_sizes_agree(self):
        """Other sizes are other sums in float32: 1e-4 of the largest value, as between engines.

        Bounded are activations, and signals where no rectifier falls the other way; every map is a
        function of these (proof_formulas.py), and where it is a sum of both signs it cancels and so
        differs by more of what is left.
        """
        data, sizes = self.images("units", count=8), (1, 3, 8)
        rules = ("--layers", "all", "--rules", "gradient,guided,deconvnet")
        worst, compared = {}, 0
        for sample in (0, 4, 7):
            first, *others = [self.dump(proof.model("shapes"), data, sample, "--unit", n, *rules) for n in sizes]
            for other in others:
                values = [name for name in first if name.startswith("activation/")]
                same = all(((first[v] > 0) == (other[v] > 0)).all() for v in values)
                compared += same
                for name in first if same else values:
                    worst[proof.relative(other[name], first[name])] = name
        most = max(worst)
        maps = self.largest_difference([proof.Study(self.study(f"unit{n}", data, *EVERYTHING, "--unit", n))
                                        for n in sizes])
        proof.figure(f"units of 1, 3 and 8: activations and signals differ by {most:.1e} ({worst[most]}; "
                     f"{compared} of 6 pairs at equal gates), maps by {maps[0]:.1e} ({maps[1]})")
        self.assertLessEqual(most, 1e-4, worst[most])
        self.assertGreater(compared, 0)

    def largest_difference(self, studies):
        """(relative difference, where) between the maps of studies."""
        first, worst = studies[0], {}
        for other in studies[1:]:
            for variable in first.variables:
                a, b = first.maps(variable), other.maps(variable)
                for sample in range(len(a)):
                    for k, method in enumerate(first.columns[variable]):
                        error = proof.relative(b[sample, 0, k], a[sample, 0, k])
                        worst[error] = f"{method} at {variable}"
        return max(worst), worst[max(worst)]

    def test_targets_together_equal_targets_alone(self):
        data = self.images("targets", count=6)
        args = ("--methods", "basic", "--layers", "all", "--unit", 4)
        together = proof.Study(self.study("together", data, *args, "--targets", "label,top3,least"))
        self.assertEqual(together.slots, ["label", "predicted", "top2", "top3", "least"])
        self.assertEqual(planned(together), (2, 2 * 3 * 5))
        for slot, word in (("label", "label"), ("predicted", "predicted"), ("least", "least")):
            alone = proof.Study(self.study(word, data, *args, "--targets", word))
            k = together.slots.index(slot)
            self.assertEqual(together.target_class[:, k].tolist(), alone.target_class[:, 0].tolist())
            for v in together.variables:
                self.assertTrue(together.maps(v)[:, k].tobytes() == alone.maps(v)[:, 0].tobytes(), f"{slot} at {v}")
        order = (-together.logits).argsort(1, kind="stable")
        self.assertEqual(together.target_class[:, 1:4].tolist(), order[:, :3].tolist())
        self.assertEqual(together.target_class[:, 4].tolist(), together.logits.argmin(1).tolist())
        self.assertEqual(together.target_class[:, 0].tolist(), together.label.tolist())

    def test_passes_depend_on_rules_targets_and_units_alone(self):
        data = self.images("passes", count=10)
        rules = len(proof.listed("Rules"))
        cases = ((("gradient",), ("input",), 1), (("basic",), ("all",), 3), (("table",), ("all",), 1),
                 (("gradient/*/*", "guided/bias/sum"), ("convs",), 2), (("*/bias/sum",), ("last",), rules))
        references = sum("deeplift" in rule for rule in proof.listed("Rules"))  # they go forward as well
        for i, (methods, layers, passes) in enumerate(cases):
            for targets in (("predicted",), ("label", "top2")):
                slots = {"predicted": 1, "label": 1, "top2": 2}
                path = self.study(f"passes{i}{len(targets)}", data, "--methods", ",".join(methods), "--layers",
                                  ",".join(layers), "--targets", ",".join(targets), "--unit", 4, ranks=2)
                study, count = proof.Study(path), sum(slots[t] for t in targets)
                forward = 3 * (1 + references if methods == ("*/bias/sum",) else 1)
                self.assertEqual(planned(study), (forward, 3 * passes * count), (methods, targets))
                self.assertEqual(proof.passes(path), planned(study))


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    proof.main()
