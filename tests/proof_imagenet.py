"""ImageNet JPEG files from file to answer, with MobileNetV2 and SqueezeNet on 2 ranks.

MobileNetV2 is right on 66 of the 68 files and gives, image by image, the answer that was recorded for
them (labels.csv).  Logits of both networks equal PyTorch's on the pixels that Pillow makes of the same
files, to 1e-4 of the largest: both are float32, and pixels are equal bit for bit.  All basic methods at all
taps run on a few files, or on all of them with LONG=1.
"""

import csv
import json
import os

import proof

NETWORKS = ("mobilenet_v2_1.0_224", "squeezenet_v1.0")
SMALL = ("--methods", "grad_cam,normgrad", "--layers", "last", "--targets", "label,predicted")
FEW = None if proof.LONG else 4
BOUND = 1e-4


def labels():
    with open(proof.shared("images", "imagenet", "labels.csv"), encoding="utf-8") as f:
        return list(csv.DictReader(f))


def pixels(path, recipe):
    """Input [C, H, W] as Pillow and torchvision make it: short side, centre crop, normalisation."""
    import numpy as np
    from PIL import Image
    image = Image.open(path).convert("RGB")
    side, crop = recipe["resize"]["short_side"], recipe["resize"]["centre_crop"]
    width, height = image.size
    size = (side, int(side * height / width)) if width < height else (int(side * width / height), side)
    left, top = (int(round((n - crop) / 2.0)) for n in size)
    image = image.resize(size, Image.BILINEAR).crop((left, top, left + crop, top + crop))
    x = (np.asarray(image, "f8") / 255 - recipe["mean"]) / recipe["std"]
    return x.transpose(2, 0, 1).astype("f4")


class ImageNet(proof.Case):
    def study(self, name, *args):
        path = self.path("study.h5")
        done = proof.attribute(path, proof.model(name), proof.shared("images", "imagenet", "labels.csv"), *args,
                               "--force", ranks=2, timeout=3600)
        study = proof.Study(path)
        self.assertTrue((study.status == 1).all())
        self.assertEqual(study.samples, [row["file"] for row in labels()][:len(study.samples)])
        return study, done.seconds

    def reference(self, name):
        """Logits of PyTorch for every file."""
        import numpy as np
        import torch
        from onnx_reference import Network
        with open(proof.model(name)[:-5] + ".json", encoding="utf-8") as f:
            recipe = json.load(f)
        network, found = Network(proof.model(name), torch.float32), []
        folder = proof.shared("images", "imagenet")
        paths = [os.path.join(folder, row["file"]) for row in labels()]
        for i in range(0, len(paths), 4):
            x = np.stack([pixels(p, recipe) for p in paths[i:i + 4]])
            found.append(network.forward(x)[network.output].detach().numpy())
        return np.concatenate(found)

    def check_answers(self, name, study):
        rows, answers = labels(), study.logits.argmax(1)
        self.assertEqual(study.target_class[:, 1].tolist(), answers.tolist())
        self.assertEqual(study.target_class[:, 0].tolist(), [int(r["class_id"]) for r in rows])
        right = int((answers == study.label).sum())
        error = proof.relative(study.logits, self.reference(name))
        proof.figure(f"{name}: right on {right} of {len(rows)}, logits within {error:.1e} of PyTorch's on Pillow's pixels")
        self.assertLessEqual(error, BOUND)
        if name.startswith("mobilenet_v2"):
            self.assertEqual(right, 66)
            self.assertEqual(answers.tolist(), [int(r["mobilenetv2_top1"]) for r in rows])
        self.assertEqual(study.size.tolist(), [[int(r["height"]), int(r["width"])] for r in rows])

    def check_everything(self, name, logits):
        """All basic methods at all taps."""
        import numpy as np
        study, seconds = self.study(name, "--methods", "basic", "--layers", "all", *(("--limit", FEW) if FEW else ()))
        n = len(study.samples)
        self.assertEqual(proof.passes(study.path)[1], int(study.attrs["n_backward"]))
        self.assertLessEqual(proof.relative(study.logits, logits[:n]), BOUND)
        for variable in study.variables:
            maps = study.maps(variable)
            self.assertTrue(np.isfinite(maps).all(), variable)
            self.assertTrue((abs(maps).max((1, 3, 4)) > 0).any(), variable)
        size = os.path.getsize(study.path)
        proof.figure(f"{name}: {len(study.methods)} methods at {len(study.layers)} taps of {n} images on 2 ranks: "
                     f"{seconds:.1f} s, {size / 1e6:.0f} MB")

    def test_networks(self):
        for name in NETWORKS:
            with self.subTest(model=name):
                study, _ = self.study(name, *SMALL)
                self.check_answers(name, study)
                self.check_everything(name, study.logits)


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx", "torch", "PIL")
    proof.shared("images", "imagenet", "labels.csv")
    for network in NETWORKS:
        proof.model(network)
    proof.main()
