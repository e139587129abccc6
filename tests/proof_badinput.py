"""Bad input, end to end: one clear error that names the file and what to do, soon, and no file left.

Bad models, data sets, settings and output paths end with exit code 2; bad images are rows with a
status, and the study is done with exit code 3.
"""

import json
import os
import re
import resource
import shutil
import struct
import subprocess
import zlib

import proof

PATIENCE = 5.0  # seconds; "a second or two", on a machine that does other things too
slowest = [0.0, ""]


def png(width, height, rows=b"", bits=8, kind=2):
    """A PNG file from packed scan lines."""
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Bad(proof.Case):
    def setUp(self):
        super().setUp()
        self.network, self.data = proof.demo("shapes.onnx"), proof.demo("manifest.csv")
        os.mkdir(self.path("out"))
        self.out = self.path("out", "study.h5")

    def refused(self, says, *args, network=None, data=None, out=None, code=2, ranks=1):
        """attribute refuses: exit code, one report that says so, in time, nothing written."""
        before = sorted(os.listdir(self.path("out")))
        got = proof.attribute(out or self.out, network or self.network, data or self.data, *args,
                              code=None, ranks=ranks)
        if got.seconds > slowest[0]:
            slowest[:] = got.seconds, says
        reports = re.findall(r"(?m)^retrograd.*$", got.error)
        self.assertEqual((got.code, len(reports)), (code, 1), got.error)
        self.assertIn(says, reports[0])
        self.assertLess(got.seconds, PATIENCE)
        self.assertLess(len(reports[0]), 1600, "a message, not a page")
        self.assertEqual(sorted(os.listdir(self.path("out"))), before, "something was written")
        return reports[0]


class Models(Bad):
    asked = False

    def refused_model(self, says, path):
        """A bad model: the file is named; both jobs read it in the same way, so `layers`, which needs no
        MPI to start, is asked every time, `attribute` once per test."""
        listed = proof.run("layers", path, code=2)
        self.assertEqual(listed.error.count("\n"), 1, listed.error)
        self.assertRegex(listed.error, says)
        self.assertIn(os.path.basename(path), listed.error)
        self.assertLess(listed.seconds, PATIENCE)
        if not self.asked:
            report = self.refused(os.path.basename(path), network=path)
            self.assertEqual(report.split(": ", 1)[1], listed.error.strip().split(": ", 1)[1])
            self.asked = True
        return listed.error

    def save(self, name, nodes, constants=(), dims=("N", 3, 8, 8), opset=13, kind=1, inputs=1, shape=("N", 5)):
        """A model of helper nodes from `x` to `y`."""
        import onnx
        from onnx import helper as h
        given = [h.make_tensor_value_info("x" * (i + 1), kind, list(dims)) for i in range(inputs)]
        graph = h.make_graph(nodes, "bad", given, [h.make_tensor_value_info("y", 1, list(shape))], list(constants))
        made = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)])
        made.ir_version = 8
        return self.file(name, made.SerializeToString())

    def tensor(self, name, dims, values=None, **more):
        """An initialiser; `dims` need not fit what it holds."""
        import numpy as np
        import onnx
        t = onnx.TensorProto(name=name, data_type=1, dims=dims, **more)
        if values is not None:
            t.raw_data = np.asarray(values, "f4").tobytes()
        return t

    def node(self, kind, inputs, outputs, **more):
        from onnx import helper as h
        return h.make_node(kind, inputs, outputs, name=kind.lower() + "_1", **more)

    def head(self, middle):
        """Nodes that bring a feature map to y, and their constants."""
        nodes = [self.node("GlobalAveragePool", [middle], ["p"]), self.node("Flatten", ["p"], ["f"]),
                 self.node("Gemm", ["f", "v"], ["y"], transB=1)]
        return nodes, [self.tensor("v", [5, 4], range(20))]

    def conv(self, name, weights, **more):
        nodes, constants = self.head("c")
        return self.save(name, [self.node("Conv", ["x", "w"], ["c"]), *nodes], [*weights, *constants], **more)

    def test_the_helper_makes_a_good_model(self):
        import numpy as np
        path = self.conv("good.onnx", [self.tensor("w", [4, 3, 3, 3], np.ones(108))])
        data = self.file("img/a.png", png(8, 8, bytes(25 * 8)))
        proof.attribute(self.out, path, os.path.dirname(data))

    def test_files_that_are_no_models(self):
        with open(self.network, "rb") as f:
            content = f.read()
        self.refused_model("No such file", self.path("missing.onnx"))
        self.refused_model("is not a file", self.path("out"))
        self.refused_model("not an ONNX model", self.file("empty.onnx", b""))
        self.refused_model("not an ONNX model", self.file("text.onnx", "this is a text\n" * 100))
        self.refused_model("not an ONNX model", self.file("noise.onnx", bytes((i * i * 31 + 7) % 251 for i in range(9999))))
        self.refused_model("not an ONNX model", self.file("image.onnx", png(8, 8, bytes(25 * 8))))
        for cut in (1, 10, 100, 1000, len(content) // 2, len(content) - 1):
            self.refused_model("not an ONNX model|truncated", self.file(f"cut{cut}.onnx", content[:cut]))

    def test_a_pipe_is_no_model(self):
        os.mkfifo(self.path("pipe.onnx"))
        self.refused_model("is not a file", self.path("pipe.onnx"))

    def test_shapes_that_cannot_be(self):
        big = 1 << 40
        for i, dims in enumerate(([big, big, 3, 3], [1 << 31, 3, 3, 3], [1 << 20, 1 << 20, 1 << 20, 1 << 20])):
            self.refused_model("'w'", self.conv(f"over{i}.onnx", [self.tensor("w", dims, [1.0])]))
        for i, dims in enumerate(([-4, 3, 3, 3], [4, 3, -3, -3])):
            self.refused_model("'w'", self.conv(f"negative{i}.onnx", [self.tensor("w", dims, range(108))]))
        self.refused_model("'w'", self.conv("short.onnx", [self.tensor("w", [4, 3, 3, 3], range(7))]))
        whole = [self.tensor("w", [4, 3, 3, 3], range(108))]
        for i, dims in enumerate((("N", 3, -8, 8), ("N", 3, 1 << 40, 8), ("N", 3, 60000, 60000))):
            self.refused_model("height (is|of)|elements", self.conv(f"input{i}.onnx", whole, dims=dims))
        nodes, constants = self.head("r")
        import numpy as np
        from onnx import numpy_helper
        shape = numpy_helper.from_array(np.array([1 << 31, 1 << 31, 1 << 31, 4], "i8"), "s")
        self.refused_model("reshape_1", self.save("reshape.onnx", [self.node("Reshape", ["x", "s"], ["r"]), *nodes],
                                                  [shape, *constants]))

    def external(self, location):
        import onnx
        t = self.tensor("w", [4, 3, 3, 3], data_location=onnx.TensorProto.EXTERNAL)
        t.external_data.add(key="location", value=location)
        return t

    def test_external_data_stay_in_the_models_folder(self):
        import numpy as np
        self.file("secret.bin", np.ones(108, "f4").tobytes())
        self.file("models/beside.bin", np.ones(108, "f4").tobytes())
        os.symlink("../secret.bin", self.path("models/link.bin"))
        for i, (location, says) in enumerate((("../secret.bin", "leaves the model's folder"),
                                              (self.path("secret.bin"), "absolute path"),
                                              ("link.bin", "leads out of the model's folder"),
                                              ("sub/../../secret.bin", "leaves the model's folder"),
                                              ("absent.bin", "is missing"))):
            self.refused_model(says, self.conv(f"models/external{i}.onnx", [self.external(location)]))
        good = self.conv("models/good.onnx", [self.external("beside.bin")])
        self.assertIn("Conv", proof.run("layers", good).out)

    def test_graphs_that_cannot_be(self):
        nodes, constants = self.head("b")
        loop = [self.node("Add", ["x", "b"], ["a"]), self.node("Relu", ["a"], ["b"])]
        self.refused_model("the graph is cyclic: node '(add|relu)_1'", self.save("loop.onnx", [*loop, *nodes], constants))
        self.refused_model("'w'", self.conv("missing_w.onnx", []))
        twice = [self.node("Relu", ["x"], ["b"]), self.node("Relu", ["x"], ["b"])]
        self.refused_model("'b'", self.save("twice.onnx", [*twice, *nodes], constants))
        self.refused_model("no node makes the output 'y'", self.save("no_output.onnx", [self.node("Relu", ["x"], ["z"])]))

    def test_unsupported_operator_is_named_with_what_is_supported(self):
        nodes, constants = self.head("u")
        path = self.save("hard.onnx", [self.node("LpNormalization", ["x"], ["u"]), *nodes], constants, opset=14)
        report = self.refused_model(r"node 'lpnormalization_1': operator LpNormalization \(opset 14\) is not supported", path)
        for known in ("Conv", "Gemm", "MaxPool", "Relu", "BatchNormalization"):
            self.assertIn(known, report)

    def test_unsupported_opset(self):
        import numpy as np
        weights = [self.tensor("w", [4, 3, 3, 3], np.ones(108))]
        self.refused_model("its opset is 6; 7 to 20", self.conv("old.onnx", weights, opset=6))
        self.refused_model("its opset is 21; 7 to 20", self.conv("new.onnx", weights, opset=21))

    def test_input_that_is_no_image(self):
        flat = [self.node("Gemm", ["x", "v"], ["y"], transB=1)], [self.tensor("v", [5, 4], range(20))]
        self.refused_model("not an image", self.save("rows.onnx", *flat, dims=("N", 4)))
        weights = [self.tensor("w", [4, 3, 3, 3], range(108))]
        self.refused_model("channels last", self.conv("nhwc.onnx", weights, dims=("N", 8, 8, 3)))
        self.refused_model("floating-point", self.conv("int.onnx", weights, kind=7))
        self.refused_model("inputs", self.conv("two.onnx", weights, inputs=2))
        self.refused_model("--size", self.conv("open.onnx", weights, dims=("N", 3, "h", "w")))

    def test_ranks_report_once(self):
        for ranks in (2, 3):
            self.refused("cut.onnx", network=self.file("cut.onnx", b"\x08\x08"), ranks=ranks)
            self.refused("there is no method 'grad_can'", "--methods", "grad_can", ranks=ranks)


class Settings(Bad):
    def test_names_that_do_not_exist(self):
        for args, says, near in ((("--layers", "/layer1/conv1/Conv_outptu_0"), "no layer matches", "Conv_output_0"),
                                 (("--layers", "999"), "no layer matches '999'", ""),
                                 (("--layers", "conv"), "no layer matches 'conv'", "Conv"),
                                 (("--methods", "grad_can"), "there is no method 'grad_can'", "'grad_cam'"),
                                 (("--methods", "gradient/conv1x1/nrom"), "there is no aggregate 'nrom'", "'norm'"),
                                 (("--methods", "guded/bias/sum"), "there is no rule 'guded'", "'guided'"),
                                 (("--methods", "gradient/bais/sum"), "there is no extract 'bais'", "'bias'"),
                                 (("--methods", "rectgrad(p=98)/bias/sum"), "no parameter 'p'", ""),
                                 (("--targets", "lable"), "there is no target 'lable'", "'label'"),
                                 (("--targets", "class:cirkle"), "no such class", "'circle'"),
                                 (("--targets", "top9"), "has 8 classes", ""),
                                 (("--targets", "given"), "names targets", ""),
                                 (("--resize", "much"), "resize", ""), (("--crop", "left"), "crop", ""),
                                 (("--mean", "0.5,0.5"), "mean", ""), (("--std", "0"), "std", ""),
                                 (("--unit", "-1"), "--unit", ""), (("--unit", "5000"), "--unit", ""),
                                 (("--limit", "-3"), "--limit", ""),
                                 (("--methods", "input_x_gradient", "--layers", "convs"), "add 'input'", "")):
            with self.subTest(args=args):
                self.assertIn(near, self.refused(says, *args))

    def test_missing_settings(self):
        model, data, out = ("--model", self.network), ("--data", self.data), ("--out", self.out)
        for args, says in (((*data, *out), "--model"), ((*model, *data), "--out"), ((*model, *out), "--data")):
            got = proof.run("attribute", *args, code=2)
            self.assertIn(f"give {says} ", got.error)
        self.assertEqual(os.listdir(self.path("out")), [])

    def test_recipe_files(self):
        for content, says in (("{", "recipe.json"), ("[1, 2]", "recipe.json"), ('{"mean": "red"}', "mean"),
                              ('{"size": [64, 64]}', "64"), ('{"std": [0, 1, 1]}', "std"),
                              ('{"classes_file": "nowhere.csv"}', "nowhere.csv")):
            with self.subTest(content=content):
                report = self.refused(says, "--recipe", self.file("recipe.json", content))
                self.assertRegex(report, "recipe.json|nowhere.csv")
        self.refused("none.json", "--recipe", self.path("none.json"))

    def test_class_files(self):
        self.refused("names.txt", "--classes", self.path("names.txt"))
        self.refused("names.txt", "--classes", self.file("names.txt", "a\nb\nc\n"))


class Data(Bad):
    def test_paths_that_hold_no_data_set(self):
        os.mkdir(self.path("nothing"))
        self.refused("nowhere", data=self.path("nowhere"))
        self.refused("nothing", data=self.path("nothing"))
        self.refused("text.txt", data=self.file("text.txt", "hello\n"))
        self.refused("empty.csv", data=self.file("empty.csv", ""))
        self.refused("empty.h5", data=self.file("empty.h5", ""))

    def test_manifests(self):
        for content, says in (("label\ncircle\n", "no column 'path'"), ("path,label\n", "no samples"),
                              ("path,label\na.png,cirkle\n", "line 2: the label 'cirkle'"),
                              ("path,label\na.png,circle\n,circle\n", "line 3: no path"),
                              ("path,xmin\na.png,1\n", "a box needs"), ('path\n"a.png\n', "line"),
                              ("path,targets\na.png,circle;oval\n", "'oval'"),
                              ("path,label\na.png,8\n", "'8'")):
            with self.subTest(content=content):
                report = self.refused(says, data=self.file("bad.csv", content))
                self.assertIn("bad.csv", report)

    def test_a_folder_that_is_no_class(self):
        with open(proof.demo("images/circle/000.png"), "rb") as f:
            content = f.read()
        self.file("images/circle/a.png", content)
        self.file("images/cirkel/b.png", content)
        report = self.refused("'cirkel' is not a class", data=self.path("images"))
        self.assertIn("'circle'", report)

    def test_hdf5_files(self):
        import h5py
        import numpy as np
        path = self.path("data.h5")
        with h5py.File(path, "w") as f:
            f["small"] = np.zeros((2, 3, 8, 8), "f4")
            f["rows"] = np.zeros((2, 10), "f4")
            f["double"] = np.zeros((2, 3, 96, 96))
            f["labelled/x"] = np.zeros((2, 96, 96, 3), "u1")
            f["labelled/y"] = np.array([1, 99])
        for name, says in (("", "no dataset 'x'"), (":none", "no dataset 'none'"), (":small", "3 x 8 x 8"),
                           (":rows", "'rows'"), (":double", "'double'"), (":labelled/x", "99")):
            with self.subTest(name=name):
                self.assertIn("data.h5", self.refused(says, data=path + name))
        with open(path, "rb") as f:
            content = f.read()
        self.refused("cut.h5", data=self.file("cut.h5", content[:len(content) // 2]) + ":small")

    def bad_images(self):
        """name: (content, status word); None: there is no file."""
        with open(proof.demo("images/circle/000.png"), "rb") as f:
            good = f.read()
        damaged = bytearray(good)
        damaged[len(good) // 2] ^= 0x55
        huge = png(16000, 16000, bytes(16000 * 2001), bits=1, kind=0)
        yield "a_good.png", good, "done"
        yield "b_missing.png", None, "unreadable"
        yield "c_empty.png", b"", "empty"
        yield "d_text.png", b"not an image at all\n", "not_image"
        yield "e_gif.jpg", b"GIF89a" + bytes(100), "not_image"
        yield "f_cut.png", good[:len(good) // 2], "damaged"
        yield "g_header.png", good[:20], "damaged"
        yield "h_flipped.png", bytes(damaged), "damaged"
        yield "i_huge.png", huge, "too_large"
        yield "j_small.png", png(8, 8, bytes(25 * 8)), "wrong_size"
        yield "k_good.png", good, "done"
        try:
            from PIL import Image
        except ImportError:
            return
        jpeg = self.path("whole.jpg")
        Image.open(proof.demo("images/circle/000.png")).save(jpeg, quality=95)
        with open(jpeg, "rb") as f:
            whole = f.read()
        frame = whole.index(b"\xff\xc0")
        yield "l_cut.jpg", whole[:len(whole) // 2], "damaged"
        yield "m_huge.jpg", whole[:frame + 5] + struct.pack(">HH", 16000, 16000) + whole[frame + 9:], "too_large"
        yield "n_good.jpg", whole, "done"

    def test_bad_images_are_rows_with_a_status(self):
        import numpy as np
        images = list(self.bad_images())
        for name, content, _ in images:
            if content is not None:
                self.file("images/" + name, content)
        data = self.file("images/list.csv", "path\n" + "".join(name + "\n" for name, _, _ in images))
        got = proof.attribute(self.out, self.network, data, "--layers", "input,last", "--unit", 4, ranks=2, code=3)
        self.assertLess(got.seconds, 2 * PATIENCE)
        study = proof.Study(self.out)
        import h5py
        with h5py.File(self.out, "r") as f:
            status = f["samples/status"]
            words = dict(zip(status.attrs["flag_values"].tolist(), proof.text([status.attrs["flag_meanings"]])[0].split()))
        self.assertEqual([(name, words[s]) for (name, _, _), s in zip(images, study.status)],
                         [(name, word) for name, _, word in images])
        bad = study.status != 1
        for variable in study.variables:
            self.assertEqual(np.isnan(study.maps(variable)).all((1, 2, 3, 4)).tolist(), bad.tolist())
            self.assertFalse(np.isnan(study.maps(variable)[~bad]).any())
        reasons = {s["path"]: s["reason"] for r in proof.runs(self.out)[-1]["ranks"] for s in r["skipped"]}
        self.assertEqual(sorted(reasons), [name for name, _, word in images if word != "done"])
        self.assertTrue(all(reasons.values()), reasons)
        self.assertIn(f"{int(bad.sum())} skipped", got.out)
        proof.figure("bad images: " + "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items())))

    def test_nothing_but_bad_images(self):
        data = self.file("images/a.png", b"")
        proof.attribute(self.out, self.network, os.path.dirname(data), code=3)


class Outputs(Bad):
    def refused_output(self, says, path, code=2):
        """What lies at the output path stays as it is."""
        content = None
        if os.path.isfile(path):
            with open(path, "rb") as f:
                content = f.read()
        for args in ((), ("--force",)):
            report = self.refused(says, *args, out=path, code=code)
            self.assertIn(os.path.basename(path), report)
        if content is not None:
            with open(path, "rb") as f:
                self.assertEqual(f.read(), content)

    def test_paths_that_hold_something_else(self):
        import h5py
        self.refused_output("not an HDF5 file", self.file("out/text.h5", "my precious notes\n"))
        self.refused_output("not an HDF5 file", self.file("out/none.h5", b""))
        with h5py.File(self.path("out/foreign.h5"), "w") as f:
            f["x"] = [1, 2, 3]
        self.refused_output("was not made by retrograd", self.path("out/foreign.h5"))
        os.mkdir(self.path("out/folder.h5"))
        self.refused_output("is not a file", self.path("out/folder.h5"))
        os.symlink("nowhere/at/all", self.path("out/dangling.h5"))
        self.refused_output("is a link to nothing", self.path("out/dangling.h5"))

    def test_damaged_study(self):
        proof.attribute(self.out, self.network, self.data, "--limit", 2, "--layers", "input")
        os.remove(self.out + ".runs.jsonl")
        with open(self.out, "r+b") as f:
            f.truncate(os.path.getsize(self.out) // 2)
        self.refused_output("", self.out)

    def test_folder_that_does_not_exist(self):
        self.refused("nowhere/study.h5", out=self.path("nowhere", "study.h5"))
        self.refused("text/study.h5", out=os.path.join(self.file("text", ""), "study.h5"))

    def test_limit_on_the_size_of_files(self):
        """A stand-in for a full disk that needs no rights: nothing but the log is left."""
        def limit():  # Open MPI's own files need some room
            resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
        got = proof.attribute(self.out, self.network, self.data, "--methods", "all", "--layers", "all",
                              code=1, preexec_fn=limit)
        self.assertRegex(got.error, rf"(?m)^retrograd attribute: {self.out} needs \d+ bytes")
        self.assertLessEqual(set(os.listdir(self.path("out"))), {"study.h5.runs.jsonl"})
        proof.attribute(self.out, self.network, self.data, "--limit", 1, "--layers", "last")

    def test_full_disk(self):
        """A file system of 4 MB that only this test's processes see."""
        script = 'mount -t tmpfs -o size=4m tmpfs "$0" || exit 99; "$@"; code=$?; ls -A "$0"; exit $code'
        args = ["attribute", "--model", self.network, "--data", self.data, "--out", self.out, "--quiet"]
        if not shutil.which("unshare"):
            self.skipTest("no unshare")

        def on_small_disk(*more, ranks=1):
            return subprocess.run(["unshare", "-m", "sh", "-c", script, self.path("out"),
                                   *proof.command([*args, *more], ranks)], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=60)

        got = on_small_disk("--limit", "1", "--layers", "last")
        if got.returncode == 99 or "unshare" in got.stderr:
            self.skipTest("file systems cannot be mounted here")
        self.assertEqual(got.returncode, 0, got.stderr)
        for ranks in (1, 2):
            got = on_small_disk("--methods", "all", "--layers", "all", ranks=ranks)
            self.assertEqual(got.returncode, 1, got.stderr)
            reports = re.findall(r"(?m)^retrograd.*$", got.stderr)
            self.assertEqual(len(reports), 1, got.stderr)
            self.assertRegex(reports[0], r"study\.h5 needs \d+ bytes, \d+ are free")
            self.assertLessEqual(set(got.stdout.split()), {"study.h5.runs.jsonl"}, got.stdout)


class Slowest(Bad):
    def test_zz_how_long_refusals_take(self):
        proof.figure(f"slowest refusal {slowest[0]:.2f} s ({slowest[1]})")
        self.assertTrue(json.dumps(slowest))


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx")
    proof.demo("shapes.onnx")
    proof.main()
