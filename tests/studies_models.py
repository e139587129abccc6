"""The tables of docs/studies.md: studies on the demo model, and on real models where the shared data are there.

    cmake --build build/release --target studies_models
    RETROGRAD=build/release/retrograd SOURCE=. python3 tests/studies_models.py [FOLDER [PATTERN]]

Each study goes into FOLDER/MODEL-STUDY (default build/studies; started again, it continues); the findings are printed as
Markdown.  PATTERN: only names that hold it.
"""
import csv
import os
import subprocess
import sys

source, binary = os.environ.get("SOURCE", "."), os.environ.get("RETROGRAD", "build/release/retrograd")
shared = os.environ.get("SHARED_DATA", os.path.join(source, "../shared/data"))
folder = sys.argv[1] if len(sys.argv) > 1 else "build/studies"
pattern = sys.argv[2] if len(sys.argv) > 2 else ""

DEMO = ("demo", f"{source}/demo/shapes.onnx", f"{source}/demo/images", ["--masks", f"{source}/demo/masks"])
RESNET = ("resnet20", f"{shared}/models/resnet20_bn.onnx", f"{shared}/images/cifar10/test", [])
MOBILE = ("mobilenetv2", f"{shared}/models/mobilenet_v2_1.0_224.onnx", f"{shared}/images/imagenet", [])
MOSAICS = ["--view", f"mosaic={shared}/images/grid_pointing.json", "--targets", "given", "--limit", "0"]

RUNS = [(DEMO, s, ["--limit", "64"]) for s in ("normgrad-framework", "layer-combination", "class-sensitivity", "meta-saliency",
                                                "positive-aggregation", "positive-propagation", "input-bias")]
RUNS += [(("demo", f"{source}/demo/shapes.onnx", None, []), "input-agnostic", []),
         (("demo", f"{source}/demo/shapes_backdoor.onnx", None, []), "backdoor-signature",
          ["--other", f"{source}/demo/shapes.onnx", "--trigger", "88:88:6:6"])]
RUNS += [(RESNET, "class-sensitivity", ["--limit", "200"]), (RESNET, "meta-saliency", ["--limit", "100"]),
         (RESNET, "positive-aggregation", ["--limit", "200"]), (RESNET, "positive-propagation", ["--limit", "64"]),
         (RESNET, "input-bias", ["--limit", "200"])]
RUNS += [(MOBILE, "normgrad-framework", [*MOSAICS, "--layers", "input,Add,last_conv,last"]),
         (MOBILE, "layer-combination", [*MOSAICS, "--layers", "Add,last"]),
         (MOBILE, "class-sensitivity", ["--limit", "64"]), (MOBILE, "positive-aggregation", ["--limit", "24"]),
         (MOBILE, "input-bias", ["--limit", "64"])]


def show(path):
    with open(os.path.join(path, "findings.csv"), newline="") as f:
        for row in csv.DictReader(f):
            sign = ">" if row["expected"] == "above" else "<"
            values = " none" if row["n"] == "0" else f" {float(row['mean']):.3f} [{float(row['low']):.3f}, {float(row['high']):.3f}]"
            text = row["statement"].replace("|", "\\|")
            print(f"| {text} | {sign} {float(row['margin']):g} |{values} | {row['n']} | {row['verdict']} |")


os.makedirs(folder, exist_ok=True)
for (name, model, data, more), study, options in RUNS:
    if pattern not in f"{name}-{study}":
        continue
    if not os.path.exists(model):
        print(f"{name}: {model} is not there", file=sys.stderr)
        continue
    path = os.path.join(folder, f"{name}-{study}")
    given = [a for a in more if a not in options]
    subprocess.run([binary, "study", study, "--model", model, *(["--data", data] if data else []), "--out", path, "--quiet", *given, *options],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"\n**{study}, {name}**\n\n| statement | expected | mean [interval] | images | verdict |\n| --- | --- | --- | --- | --- |")
    show(path)
