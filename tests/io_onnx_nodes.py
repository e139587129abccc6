"""The ONNX project's own node tests, forward, for every operator that the reader or the engine knows.

Each case of `onnx.backend.test.case.node` becomes a classifier, in up to three ways:

    constant  all inputs are constants, and the reader folds the result, which is added to a zero logit;
    image     one float input is the image (each in turn), reshaped, and the others are constants;
    batch     where the first extent of that input is larger than 1, its rows are images of one unit.

A case passes when at least one way loads and all that load give the expected output.  Cases that load
in no way are left out, and printed with the reason.  NODES=all prints every case.

The bound is 1e-5 of the largest expected magnitude: sums of at most a few thousand float32 products,
each rounded to 6e-8, in another order.  Functions of the C library differ by less.
"""

import collections
import os
import re
import subprocess
import sys
import tempfile
import warnings

BOUND = 1e-5

UNROUNDED = "divides by the length that the scale gives before rounding; PyTorch and ONNX Runtime by that of the output"
PI = "its expected values take pi as 3.1415"
DISPUTED = {"test_resize_downsample_scales_cubic_align_corners": UNROUNDED,
            "test_resize_downsample_scales_linear_align_corners": UNROUNDED,
            **{f"test_{window}window{kind}_expanded": PI
               for window in ("blackman", "hamming", "hann") for kind in ("", "_symmetric")}}


def cases():
    """All node tests; the generators want names that NumPy has removed."""
    import numpy as np
    warnings.filterwarnings("ignore")
    for name, kind in (("float", float), ("int", int), ("bool", bool), ("object", object), ("str", str)):
        if name not in vars(np):
            setattr(np, name, kind)
    from onnx.backend.test.case.node import collect_testcases
    return sorted(collect_testcases(None), key=lambda c: c.name)


def tensor(array, name):
    from onnx import numpy_helper
    return numpy_helper.from_array(array, name)


def is_float(array):
    import numpy as np
    return np.asarray(array).dtype in (np.float32, np.float64, np.float16)


def rows_are_images(case, inputs, k):
    """The first axis of input k is that of the images: nothing else has it, and the node leaves it alone."""
    import numpy as np
    axes = [a.i for a in case.model.graph.node[0].attribute if a.name == "axis"]
    if case.model.graph.node[0].op_type == "Expand":
        return False
    return (inputs[k].ndim > 1 and inputs[k].shape[0] > 1 and all(a % inputs[k].ndim for a in axes)
            and all(np.ndim(x) < inputs[k].ndim for i, x in enumerate(inputs) if i != k))


def opsets(case):
    """Operator sets of a case; 7 for an older one where it holds the same version of the operator."""
    from onnx import defs, helper
    old = next((o.version for o in case.model.opset_import if o.domain in ("", "ai.onnx")), 7)
    kinds = {n.op_type for n in case.model.graph.node}
    if old >= 7 or any(defs.get_schema(k, old).since_version != defs.get_schema(k, 7).since_version for k in kinds):
        return case.model.opset_import
    return [helper.make_opsetid("", 7)]


class Way:
    """A classifier around a node test, and the input and output that belong to it."""

    def __init__(self, name, case, inputs, wanted, output, moving=None, batch=1):
        import numpy as np
        from onnx import TensorProto, helper
        self.name, self.samples = name, batch
        graph, before, after = case.model.graph, [], []
        constants = [tensor(x, i.name) for k, (i, x) in enumerate(zip(graph.input, inputs)) if k != moving]
        if moving is None:
            self.x = np.zeros((1, 1, 1, 1), "f4")
            after += [helper.make_node("Cast", [output], ["way_y"], to=TensorProto.FLOAT),
                      helper.make_node("Reshape", ["way_y", "way_flat"], ["way_row"]),
                      helper.make_node("Flatten", ["way_x"], ["way_zero"]),
                      helper.make_node("Add", ["way_zero", "way_row"], ["way_logits"])]
        else:
            x = np.asarray(inputs[moving], "f4")
            self.x = x.reshape(batch, 1, 1, -1)
            shape = [1, *x.shape[1:]] if batch > 1 else list(x.shape)
            constants.append(tensor(np.array(shape, "i8"), "way_shape"))
            before = [helper.make_node("Reshape", ["way_x", "way_shape"], [graph.input[moving].name])]
            after = [helper.make_node("Reshape", [output, "way_flat"], ["way_logits"])]
        constants.append(tensor(np.array([1, -1], "i8"), "way_flat"))
        image = helper.make_tensor_value_info("way_x", TensorProto.FLOAT, [1, 1, 1, self.x.shape[3]])
        logits = helper.make_tensor_value_info("way_logits", TensorProto.FLOAT, None)
        self.wanted = np.asarray(wanted).astype("f8").reshape(batch, -1)
        self.model = helper.make_model(
            helper.make_graph([*before, *graph.node, *after], "way", [image], [logits], constants),
            opset_imports=opsets(case))
        self.model.ir_version = 8


def ways(case):
    """Every way to put a case; a text where there is none."""
    if case.name in DISPUTED:
        return DISPUTED[case.name]
    import numpy as np
    from onnx import TensorProto
    if any(o.domain not in ("", "ai.onnx") for o in case.model.opset_import):
        return "another operator set"
    if case.model.graph.node[0].domain not in ("", "ai.onnx"):
        return "another operator set"
    inputs, outputs = case.data_sets[0]
    if any(isinstance(x, (list, dict, type(None))) for x in [*inputs, *outputs]):
        return "sequences or optional values"
    if any(np.asarray(x).dtype.kind in "OSUc" for x in [*inputs, *outputs]):
        return "strings or complex numbers"
    if any(np.asarray(y).size == 0 for y in outputs):
        return "an empty result"
    half = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
    if any(v.type.tensor_type.elem_type in half for v in [*case.model.graph.input, *case.model.graph.output]):
        return "16-bit floats, which are computed as float32"
    found = []
    inputs = [np.asarray(x) for x in inputs]
    for output, wanted in zip(case.model.graph.output, outputs):
        found.append(Way("constant", case, inputs, wanted, output.name))
        for k, x in enumerate(inputs):
            if not is_float(x) or x.size == 0 or not is_float(wanted):
                continue
            found.append(Way("image", case, inputs, wanted, output.name, k))
            if rows_are_images(case, inputs, k) and np.ndim(wanted) and np.shape(wanted)[0] == x.shape[0]:
                found.append(Way("batch", case, inputs, wanted, output.name, k, x.shape[0]))
    return found


class Runner:
    """The program that runs models, kept alive over all of them."""

    def __init__(self, folder):
        self.folder = folder
        self.program = subprocess.Popen([os.environ["TOOL_MODEL"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def __call__(self, way):
        """Returns (logits, None), or (None, why the model was refused)."""
        import numpy as np
        model, x, y = (os.path.join(self.folder, n) for n in ("m.onnx", "x", "y"))
        with open(model, "wb") as f:
            f.write(way.model.SerializeToString())
        way.x.tofile(x)
        self.program.stdin.write(f"{model} {way.samples} {x} {y}\n")
        self.program.stdin.flush()
        answer = self.program.stdout.readline()
        if not answer:
            raise RuntimeError(f"the program ended, exit code {self.program.wait()}")
        if not answer.startswith("ok"):
            return None, re.sub(r"^no model \S+: ", "", answer.strip())
        return np.fromfile(y, "f4").reshape(way.samples, -1).astype("f8"), None


def agrees(found, wanted):
    import numpy as np
    if found.shape != wanted.shape:
        return False
    finite = np.isfinite(wanted)
    same = np.array_equal(found[~finite], wanted[~finite], equal_nan=True)
    most = np.abs(wanted[finite]).max(initial=0.0)
    return same and bool(np.all(np.abs(found[finite] - wanted[finite]) <= BOUND * most))


def check(case, run):
    """Returns (ways that passed, ways that failed, reasons of the others)."""
    tried = ways(case)
    if isinstance(tried, str):
        return [], [], [tried]
    passed, failed, reasons = [], [], []
    for way in tried:
        found, why = run(way)
        if why:
            reasons.append(why)
        else:
            (passed if agrees(found, way.wanted) else failed).append(way.name)
    return passed, failed, reasons


def shorter(why):
    """A refusal without names, so that those of one operator are one."""
    missing = re.search(r"(?:operator|the operator) (\S+?),? (?:\(opset \d+\) is|which is) not supported", why)
    return f"no {missing[1]}" if missing else re.sub(r"^node '\S*' \((\w+), opset \d+\): ", r"\1: ", why)


def main():
    try:
        import numpy  # noqa: F401
        import onnx  # noqa: F401
    except ImportError as e:
        print(f"skipped: {e}")
        return 77
    counts, left_out, problems = collections.Counter(), collections.defaultdict(list), []
    with tempfile.TemporaryDirectory() as folder:
        run = Runner(folder)
        for case in cases():
            passed, failed, reasons = check(case, run)
            counts["failed" if failed else "passed" if passed else "left out"] += 1
            counts.update(f"{w} way" for w in passed)
            if failed:
                problems.append(f"{case.name}: wrong: {', '.join(failed)}")
            elif not passed:
                left_out[shorter(max(reasons, key=lambda r: ("not supported" not in r, len(r))))].append(case.name)
            if os.environ.get("NODES") == "all":
                print(case.name, passed, failed, reasons)
    for why, names in sorted(left_out.items(), key=lambda item: -len(item[1])):
        print(f"left out ({len(names)}): {why[:160]}: {', '.join(names)}")
    print(", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    for problem in problems:
        print(problem)
    return 1 if problems or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
