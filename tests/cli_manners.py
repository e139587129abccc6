"""How the program behaves at its edges: help, errors, exit codes, study files, broken outputs."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("RETROGRAD", "retrograd")
WIDTH = 100


def run(*args, env=None, **more):
    """Run the program; returns (exit code, stdout, stderr)."""
    done = subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, env={**os.environ, **(env or {})}, **more)
    return done.returncode, done.stdout, done.stderr


def jobs():
    """Names of the jobs that --help lists."""
    part = run("--help")[1].split("Jobs:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in part.splitlines() if re.match(r"  \S", line)]


class Manners(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def refused(self, *args, says, code=2):
        """The program ends with that code, one line on stderr that says so, and nothing on stdout."""
        got, out, error = run(*args)
        self.assertEqual(got, code, error)
        self.assertEqual(out, "")
        self.assertIn(says, error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertTrue(error.startswith("retrograd"), error)
        return error


class Help(Manners):
    def test_help_lists_the_jobs_and_exit_codes(self):
        code, out, error = run("--help")
        self.assertEqual((code, error), (0, ""))
        self.assertLessEqual({"attribute", "layers", "methods", "inspect", "render", "verify", "pack"},
                             set(jobs()))
        for exit_code in ("0", "1", "2", "3", "75"):
            self.assertRegex(out, rf"(?m)^ +{exit_code}  \S")

    def test_without_a_job_the_same_is_wrong_usage(self):
        code, out, error = run()
        self.assertEqual((code, out, error), (2, run("--help")[1], ""))

    def test_every_job_has_help_from_its_table(self):
        for job in jobs():
            with self.subTest(job=job):
                code, out, error = run(job, "--help")
                self.assertEqual((code, error), (0, ""))
                self.assertTrue(out.startswith(f"retrograd {job}: "))
                self.assertIn(f"Usage: retrograd {job}", out)
                self.assertIn("--study FILE", out)
                self.assertLessEqual(max(len(line) for line in out.splitlines()), WIDTH)

    def test_help_is_given_beside_wrong_options(self):
        self.assertEqual(run("layers", "--nonsense", "--help")[0], 0)

    def test_version(self):
        code, out, error = run("--version")
        self.assertEqual((code, error), (0, ""))
        self.assertRegex(out, r"\Aretrograd \d+\.\d+\.\d+\nkernels \S+ \d+ \(.+\)\nOpenBLAS \d\S* \S+\n")


class Errors(Manners):
    def test_unknown_job(self):
        self.refused("atribute", says="there is no job 'atribute'; did you mean 'attribute'?")
        self.refused("--model", "x", says="the job comes first")

    def test_unknown_option(self):
        error = self.refused("layers", "--modle", "x", says="did you mean 'model'?")
        self.assertTrue(error.startswith("retrograd layers: "))

    def test_wrong_value(self):
        self.refused("methods", "--names=perhaps", says="neither true nor false")
        self.refused("methods", "--format", "markdwon", says="did you mean 'markdown'?")
        self.refused("layers", "m.onnx", "--size", "0x10", says="--size: '0x10' is not a size")
        self.refused("layers", "m.onnx", "--size", "224x", says="--size")
        self.refused("layers", "m.onnx", "--size", "99999999999999999999", says="--size")

    def test_missing_and_surplus(self):
        self.refused("layers", says="--model M.onnx is needed")
        self.refused("layers", "a.onnx", "b.onnx", says="one argument too many")
        self.refused("methods", "a", says="one argument too many")

    def test_parallel_job_reports_once_too(self):
        self.refused("attribute", "--no-such-option", says="is not known")

    def test_missing_model_is_named(self):
        path = os.path.join(self.folder.name, "missing.onnx")
        self.refused("layers", path, says=path)

    def test_trace_on_request_only(self):
        plain = run("layers", "--size", "x", "m")[2]
        for args, env in ((["--trace"], {}), ([], {"RETROGRAD_TRACE": "1"})):
            code, _, error = run("layers", "--size", "x", "m", *args, env=env)
            self.assertEqual(code, 2)
            self.assertTrue(error.startswith(plain))
            self.assertRegex(error, r"jobs/size\.c:\d+ < jobs/layers\.c:\d+")
        self.assertNotIn(".c:", plain)


class Study(Manners):
    def test_errors_say_file_and_line(self):
        for text, line, says in (("names: true\nformt: text\n", 2, "did you mean 'format'?"),
                                 ("format: text\nnames: 3\n", 2, "neither true nor false"),
                                 ("format: a\nformat: b\n", 2, "set already in line 1"),
                                 ("format:\n  x: 1\n", 2, "maps inside"),
                                 ("format: &a text\n", 1, "anchors"),
                                 ("\n\njob: layers\n", 3, "for the job 'layers'"),
                                 ("format: [text]\n", 1, "not a list"),
                                 ("format: 'text\n", 2, "not YAML")):
            with self.subTest(text=text):
                path = self.file("s.yaml", text)
                self.refused("methods", "--study", path, says=f"{path}:{line}: ")
                self.refused("methods", "--study", path, says=says)
        self.refused("methods", "--study", self.folder.name + "/none.yaml", says="none.yaml")

    def test_options_win_wherever_they_stand(self):
        path = self.file("s.yaml", "job: methods\nnames: true\nformat: nonsense\n")
        names = run("methods", "--names")[1]
        self.assertEqual(run("methods", "--study", path, "--format=text")[1], names)
        self.assertEqual(run("methods", "--format=text", "--study", path)[1], names)
        self.assertEqual(run("methods", "--set", "format=text", "--study", path)[1], names)
        self.assertEqual(run("methods", "--format=text", "--study", path, "--no-names")[1],
                         run("methods")[1])

    def test_print_config_round_trip(self):
        cases = {job: [] for job in jobs()}
        cases["layers"] = ['--model=a "b"\\\t\n: #é\u0085\u2028\ufeff.onnx', "--output", "x,y"]
        cases["methods"] = ["--names", "--format=markdown"]
        for job, args in cases.items():
            with self.subTest(job=job):
                code, first, error = run(job, "--print-config", *args)
                self.assertEqual((code, error), (0, ""))
                self.assertTrue(first.startswith(f"job: {job}\n"))
                path = self.file("s.yaml", first)
                self.assertEqual(run(job, "--study", path, "--print-config"), (0, first, ""))

    def test_print_config_is_obeyed(self):
        path = self.file("s.yaml", run("methods", "--names", "--print-config")[1])
        self.assertEqual(run("methods", "--study", path), run("methods", "--names"))


class Output(Manners):
    def test_full_disk_is_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "methods"], stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)
        self.assertIn("No space left", done.stderr)

    def test_a_reader_that_leaves_makes_no_noise(self):
        for job in ("methods", "--help"):
            read, write = os.pipe()
            os.close(read)
            done = subprocess.run([PROGRAM, job], stdout=write, stderr=subprocess.PIPE, text=True,
                                  timeout=60)
            os.close(write)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_closed_streams_make_no_noise(self):
        done = subprocess.run(["/bin/sh", "-c", '"$0" methods <&- >&-', PROGRAM], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


class Lists(Manners):
    def test_methods_fit_the_width_and_name_everything(self):
        code, out, error = run("methods")
        self.assertEqual((code, error), (0, ""))
        self.assertLessEqual(max(len(line) for line in out.splitlines()), WIDTH)
        names = run("methods", "--names")[1].split()
        self.assertLessEqual({"gradient", "grad_cam", "normgrad", "guided_backprop"}, set(names))
        for name in [*names, "conv3x3_depthwise", "filter_norm", "deconvnet"]:
            self.assertRegex(out, rf"(?m)^  {name}( |$)")

    def test_methods_as_markdown_are_whole_tables(self):
        tables = [t for t in run("methods", "--format", "markdown")[1].split("\n\n") if t[0] == "|"]
        self.assertEqual(len(tables), 8)
        for table in tables:
            bars = {len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().splitlines()}
            self.assertEqual(len(bars), 1, table)

    def small_model(self, batch, size):
        try:
            import numpy as np
            import onnx
            from onnx import TensorProto as T
            from onnx import helper as h
            from onnx import numpy_helper as n
        except ImportError as missing:
            self.skipTest(f"no {missing.name} for python")
        weights = {"w": np.ones((4, 3, 3, 3), "f4"), "v": np.ones((5, 4), "f4"), "b": np.ones(5, "f4")}
        nodes = [h.make_node("Conv", ["x", "w"], ["conv"], pads=[1, 1, 1, 1]),
                 h.make_node("Relu", ["conv"], ["a/relu"]),
                 h.make_node("GlobalAveragePool", ["a/relu"], ["pool"]),
                 h.make_node("Flatten", ["pool"], ["flat"]),
                 h.make_node("Gemm", ["flat", "v", "b"], ["logits"], transB=1)]
        graph = h.make_graph(nodes, "small", [h.make_tensor_value_info("x", T.FLOAT, [batch, 3, *size])],
                             [h.make_tensor_value_info("logits", T.FLOAT, [batch, 5])],
                             [n.from_array(v, k) for k, v in weights.items()])
        path = os.path.join(self.folder.name, "small.onnx")
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.save(model, path)
        return path

    def test_layers_prints_every_tap(self):
        code, out, error = run("layers", self.small_model("n", [6, 8]))
        self.assertEqual((code, error), (0, ""), error)
        lines = [re.split(r"  +", line.strip()) for line in out.splitlines()]
        self.assertEqual(lines[0], ["index", "name", "operator", "shape", "bytes/sample"])
        self.assertEqual(lines[1:-1], [["0", "x", "Input", "[N, 3, 6, 8]", "576"],
                                       ["1", "conv", "Conv", "[N, 4, 6, 8]", "768"],
                                       ["2", "a/relu", "Relu", "[N, 4, 6, 8]", "768"],
                                       ["3", "pool", "GlobalAveragePool", "[N, 4, 1, 1]", "16"],
                                       ["4", "flat", "Flatten", "[N, 4]", "16"],
                                       ["5", "logits", "Gemm", "[N, 5]", "20"]])
        self.assertEqual(out.splitlines()[-1], "6 taps of 2164 bytes/sample, 133 parameters in 532 bytes, "
                                               "5 classes, opset 13")

    def test_layers_size_opens_a_dynamic_input(self):
        path = self.small_model("n", ["h", "w"])
        self.refused("layers", path, says="size")
        self.assertIn("[N, 3, 10, 12]", run("layers", path, "--size", "10x12")[1])
        self.assertIn("[N, 3, 10, 10]", run("layers", path, "--size", "10")[1])


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        print(f"skipped: there is no program {PROGRAM} (set RETROGRAD)")
        sys.exit(77)
    unittest.main()
