"""What a new user runs into: targets that nothing has, files that do not belong together, what a run says."""

import json
import os
import re

import proof


class Users(proof.Case):
    def listing(self, labels):
        """A manifest of the demonstration's first images with these labels."""
        images = sorted(os.listdir(proof.demo("images", "circle")))
        rows = [f"{proof.demo('images', 'circle', name)},{label}" for name, label in zip(images, labels)]
        return self.file("list.csv", "\n".join(["path,label", *rows]) + "\n")

    def attribute(self, data, *more, code=0):
        return proof.run("attribute", "--model", proof.model("shapes"), "--data", data, "--out", self.path("s.h5"),
                         *more, code=code)

    def test_the_label_of_samples_without_one_is_refused(self):
        for data in (proof.demo("images", "circle"), self.listing(["", ""])):
            done = self.attribute(data, "--targets", "predicted,label", code=2)
            self.assertIn("no sample of the data set has a label", done.error)
            self.assertFalse(os.path.exists(self.path("s.h5")))

    def test_samples_without_a_label_are_counted(self):
        done = self.attribute(self.listing(["circle", "", ""]), "--targets", "label")
        self.assertIn("2 of 3 samples have no label", done.error)
        done = self.attribute(self.listing(["circle", "", ""]), "--targets", "predicted", "--force")
        self.assertNotIn("have no label", done.error)

    def test_a_limit_that_leaves_one_class_is_said(self):
        data = self.listing(["circle", "circle", "star"])
        self.assertIn("all 2 samples are of class 0", self.attribute(data, "--limit", 2).error)
        self.assertNotIn("samples are of class", self.attribute(data, "--force").error)

    def test_pixels_without_a_recipe_are_warned_of(self):
        with open(proof.model("shapes"), "rb") as f:
            bare = self.file("bare.onnx", f.read())
        more = ("attribute", "--model", bare, "--data", proof.demo("images", "circle"), "--limit", 2, "--dry-run")
        warning = "there is no " + self.path("bare.json")
        self.assertIn("warning: " + warning, proof.run(*more).error)
        lines = [json.loads(line) for line in proof.run(*more, "--log-json", ranks=2).error.splitlines()]
        self.assertEqual([warning in line["text"] for line in lines if line["event"] == "warning"], [True])
        for given in (("--scale", "0.004"), ("--mean", "0.5"), ("--recipe", proof.demo("shapes.json"))):
            self.assertNotIn("warning: ", proof.run(*more, *given).error)
        self.assertNotIn("warning: ", self.attribute(proof.demo("images", "circle"), "--limit", 2).error)

    def test_seconds_include_statistics_over_all_samples(self):
        self.attribute(proof.demo("manifest.csv"), "--layers", "all", "--limit", 16)
        done = proof.run("evaluate", self.path("s.h5"), "--out", self.path("e.h5"))
        self.assertIn("statistics over all 16 samples", done.error)
        said = float(re.search(r"ended after ([0-9.]+) s", done.error)[1])
        shown = [float(s) for s in re.findall(r"samples/s, ([0-9]+) s,", done.error)]
        self.assertGreaterEqual(said + 0.5, max(shown))
        self.assertGreater(said, 0.5 * done.seconds - 1)

    def test_several_files_of_one_hash_are_shards(self):
        data = proof.demo("manifest.csv")
        self.attribute(data, "--limit", 2)
        done = proof.run("digest", self.path("s.h5"), self.path("s.h5"), code=2)
        self.assertIn("several files are wanted of shards alone", done.error)

    def test_nothing_drawable_still_says_what_is_next(self):
        data = proof.demo("manifest.csv")
        done = self.attribute(data, "--limit", 2, "--resize", "48", code=3)
        self.assertIn("s.h5.runs.jsonl has the reasons", done.out)
        self.assertRegex(proof.run("inspect", self.path("s.h5")).out, r"(?m)^next +retrograd verify")

    def test_layers_of_a_plan_stand_in_columns(self):
        done = self.attribute(proof.demo("manifest.csv"), "--layers", "all", "--dry-run", "--limit", 4)
        rows = done.out[done.out.index("index  layer"):].split("\n\n")[0].splitlines()
        self.assertEqual(len({len(row) for row in rows}), 1)

    def test_a_class_is_named_alike_for_maps_without_input(self):
        more = ("--samples", 8, "--iterations", 1, "--out", self.path("c.h5"), "--dry-run")
        found = [proof.run("classmap", "--model", proof.model("shapes"), "--targets", name, *more).out.splitlines()[0]
                 for name in ("circle", "class:circle")]
        self.assertEqual(len(set(found)), 1)

    def test_one_class_gives_no_accuracy(self):
        done = proof.run("weigh", "--model", proof.model("shapes"), "--data", self.listing(["circle"] * 6), "--layers",
                         "last", "--out", self.path("w.json"))
        self.assertIn("no accuracy", done.out)
        with open(self.path("w.json"), encoding="utf-8") as f:
            self.assertNotIn("accuracy", json.load(f)["weights"])


if __name__ == "__main__":
    proof.main()
