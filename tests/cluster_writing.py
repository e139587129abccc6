"""Share of writing in a run: maps of every layer at its own resolution, on models of common size.

    LONG=1 ctest --test-dir build/release -V -R cluster.writing         # a minute; without LONG=1, one study

The share is that of the run log: seconds in writes (with their checksums) and syncs over the seconds of the units, the median of three runs.
"""

import os
import statistics

import proof

SHARE = 0.05
ROUNDS = 3 if proof.LONG else 1
THREE = "gradient,grad_cam,normgrad"

# Model, methods, layers.
STUDIES = [
    ("mobilenet_v2_1.0_224", THREE, "convs"),
    ("mobilenet_v2_1.0_224", THREE, "input,last"),
    ("mobilenet_v2_1.0_224", THREE, "all"),
    ("mobilenet_v2_1.0_224", "gradient", "all"),
    ("squeezenet_v1.0", THREE, "convs"),
    ("squeezenet_v1.0", THREE, "all"),
    ("squeezenet_v1.0", "gradient,guided_backprop,grad_cam,normgrad", "all"),
]


class Writing(proof.Case):
    def test_share(self):
        data = os.path.join(proof.SHARED, "images", "imagenet")
        for name, methods, layers in STUDIES if proof.LONG else STUDIES[:1]:
            with self.subTest(model=name, methods=methods, layers=layers):
                out = self.path("s.h5")
                ends = []
                for _ in range(ROUNDS):
                    proof.attribute(out, proof.model(name), data, "--methods", methods, "--layers", layers, "--force")
                    ends.append(proof.runs(out)[-1])
                io, seconds = (statistics.median(end[k] for end in ends) for k in ("io", "seconds"))
                rate = os.path.getsize(out) / ends[0]["made"] / 1e6
                proof.figure(f"{name}, {methods} at {layers}: {rate:.2f} MB a sample, writing is {100 * io:.1f} % "
                             f"of {seconds:.1f} s")
                # A single run of a busy machine proves little.
                self.assertLess(io, SHARE if proof.LONG else 3 * SHARE)


if __name__ == "__main__":
    proof.need("h5py")
    proof.shared("images", "imagenet")
    proof.main()
