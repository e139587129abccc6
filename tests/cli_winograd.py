"""--no-winograd: another configuration, the same maps within what float32 sums in another order may differ."""

import json
import unittest

import proof


class Winograd(proof.Case):
    def study(self, name, *args, code=0):
        path = self.path(name)
        done = proof.attribute(path, proof.demo("shapes.onnx"), proof.demo("manifest.csv"), "--limit", 12, "--unit", 4,
                               "--methods", "gradient,input_x_gradient", "--layers", "input", *args, code=code)
        return path, done

    def config(self, path):
        return json.loads(proof.Study(path).attrs["config"])

    def test_the_switch_is_part_of_the_configuration(self):
        fast, _ = self.study("fast.h5")
        plain, _ = self.study("plain.h5", "--no-winograd")
        a, b = self.config(fast), self.config(plain)
        self.assertEqual((a.pop("winograd"), b.pop("winograd")), (True, False))
        self.assertEqual(a, b)
        self.assertIsNotNone(proof.difference(fast, plain))
        _, done = self.study("fast.h5", "--no-winograd", code=2)
        self.assertIn("setting 'winograd' is true there, false here", done.error)

    def test_maps_agree(self):
        """Both are float32 sums of some thousand products; Winograd's F(4x4, 3x3) loses about a digit more.  A gate
        that falls the other way may change one sample by more, so the median sample is compared."""
        import numpy as np
        fast, plain = (proof.Study(self.study(n, *a)[0]) for n, a in (("fast.h5", ()), ("plain.h5", ("--no-winograd",))))
        self.assertLessEqual(proof.relative(fast.logits, plain.logits), 1e-4)
        self.assertEqual(fast.target_class.tolist(), plain.target_class.tolist())
        for variable in fast.variables:
            a, b = fast.maps(variable), plain.maps(variable)
            for k, method in enumerate(fast.columns[variable]):
                errors = [proof.relative(x[0, k], y[0, k]) for x, y in zip(a, b)]
                proof.figure(f"{method} at {variable}: largest difference {max(errors):.1e}, median {np.median(errors):.1e}")
                self.assertLessEqual(np.median(errors), 1e-4)
                self.assertLessEqual(max(errors), 1e-2)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    unittest.main()
