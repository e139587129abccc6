"""The tables of docs/studies_results.md: studies on the demo model, and on real models where the shared data are there.

    cmake --build build/release --target studies_models
    RETROGRAD=build/release/retrograd SOURCE=. python3 tests/studies_models.py [FOLDER [PATTERN [DOCS]]]

Each study goes into FOLDER/MODEL-STUDY (default build/studies; started again, it continues).  Then a table for each study is
printed as Markdown, with a column for each model whose study is there.  PATTERN: only names that hold it run; `none`: none.
DOCS: the folder with studies_results.md, whose tables are replaced, and with the figures that studies.md shows.
"""
import csv
import os
import shutil
import subprocess
import sys

source, binary = os.environ.get("SOURCE", "."), os.environ.get("RETROGRAD", "build/release/retrograd")
shared = os.environ.get("SHARED_DATA", os.path.join(source, "../shared/data"))
folder = sys.argv[1] if len(sys.argv) > 1 else "build/studies"
pattern = sys.argv[2] if len(sys.argv) > 2 else ""
docs = sys.argv[3] if len(sys.argv) > 3 else None
FIGURES = {"layers": "squeezenet-normgrad-framework/pointing", "cascade": "resnet20-positive-propagation/spearman_absolute",
           "aggregation": "mobilenetv2-positive-aggregation/spearman", "curve": "mobilenetv2-input-bias/curve",
           "gain": "demo-input-agnostic/gain", "gain_resnet20": "resnet20-input-agnostic/gain",
           "signature": "demo-backdoor-signature/signature", "signature_bd01": "bd01-backdoor-signature/signature"}

DEMO = ("demo", f"{source}/demo/shapes.onnx", f"{source}/demo/images", ["--masks", f"{source}/demo/masks"])
RESNET = ("resnet20", f"{shared}/models/resnet20_bn.onnx", f"{shared}/images/cifar10/test", [])
RESNET56 = ("resnet56", f"{shared}/models/resnet56.onnx", f"{shared}/images/cifar10/test", [])
MOBILE = ("mobilenetv2", f"{shared}/models/mobilenet_v2_1.0_224.onnx", f"{shared}/images/imagenet", [])
SQUEEZE = ("squeezenet", f"{shared}/models/squeezenet_v1.0.onnx", f"{shared}/images/imagenet", [])
MOSAICS = ["--view", f"mosaic={shared}/images/grid_pointing.json", "--targets", "given", "--limit", "0"]


def without_images(name, file):
    return (name, file, None, [])


def backdoored(name, clean, trigger=None):
    """A public model with its trigger, where that has a place, and one that was trained alike without."""
    folder = f"{shared}/models/backdoor"
    return (without_images(name, f"{folder}/{name}.onnx"), "backdoor-signature",
            ["--other", f"{folder}/{clean}.onnx", *(["--trigger", f"{folder}/{name}_{trigger}.png"] if trigger else [])])


RUNS = [(DEMO, s, ["--limit", "64"]) for s in ("normgrad-framework", "layer-combination", "class-sensitivity", "meta-saliency",
                                                "positive-aggregation", "positive-propagation", "input-bias")]
RUNS += [(without_images("demo", f"{source}/demo/shapes.onnx"), "input-agnostic", []),
         (without_images("demo", f"{source}/demo/shapes_backdoor.onnx"), "backdoor-signature",
          ["--other", f"{source}/demo/shapes.onnx", "--trigger", "88:88:6:6"])]
RUNS += [(RESNET, "class-sensitivity", ["--limit", "200"]), (RESNET, "meta-saliency", ["--limit", "100"]),
         (RESNET, "positive-aggregation", ["--limit", "200"]), (RESNET, "positive-propagation", ["--limit", "64"]),
         (RESNET, "input-bias", ["--limit", "200"])]
RUNS += [(MOBILE, "normgrad-framework", [*MOSAICS, "--layers", "input,Add,last_conv,last"]),
         (MOBILE, "layer-combination", [*MOSAICS, "--layers", "Add,last"]),
         (MOBILE, "class-sensitivity", ["--limit", "64"]), (MOBILE, "positive-aggregation", ["--limit", "24"]),
         (MOBILE, "input-bias", ["--limit", "64"])]
RUNS += [backdoored("bd01", "clean01", "trigger0_mask"), backdoored("bd02", "clean02", "trigger0_mask"),
         backdoored("bd03", "clean03"), backdoored("bd04", "clean04", "trigger0_mask")]
RUNS += [(RESNET56, s, ["--limit", n]) for s, n in (("class-sensitivity", "100"), ("positive-aggregation", "64"),
                                                     ("input-bias", "100"), ("positive-propagation", "32"), ("meta-saliency", "64"))]
RUNS += [(SQUEEZE, "normgrad-framework", [*MOSAICS, "--layers", "Concat"]),
         (SQUEEZE, "layer-combination", [*MOSAICS, "--layers", "Concat"]),
         (SQUEEZE, "input-bias", ["--limit", "64"]), (SQUEEZE, "positive-propagation", ["--limit", "12"])]
RUNS += [(without_images("resnet20", RESNET[1]), "input-agnostic",
          ["--settings", "samples=32,iterations=8,held-out=16"]),
         (MOBILE, "positive-propagation", ["--limit", "12"]), (MOBILE, "meta-saliency", ["--limit", "16"]),
         (without_images("mobilenetv2", MOBILE[1]), "input-agnostic",
          ["--targets", "207,281,817", "--settings", "samples=24,iterations=4,keep-every=2,held-out=8"])]


def rows_of(path, name):
    """Rows of a table of a finished study; none where it is not there."""
    try:
        with open(os.path.join(path, name), newline="") as f:
            return list(csv.DictReader(f))
    except FileNotFoundError:
        return []


def cell(row):
    if row["n"] == "0":
        return "none"
    value, low, high = (float(row[k]) for k in ("mean", "low", "high"))
    return f"{value:.3f}" if row["n"] == "1" else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def table(out, runs, name, head, text_of, cell_of):
    """Rows are those of the first study that has any, columns the models."""
    tables = {model: rows_of(path, name) for model, path in runs}
    tables = {model: rows for model, rows in tables.items() if rows}
    if not tables:
        return
    counts = {model: max(int(r["n"]) for r in rows) for model, rows in tables.items()}
    out.append("| " + " | ".join([*head, *(f"{m} ({n})" for m, n in counts.items())]) + " |")
    out.append("| --- " * (len(head) + len(tables)) + "|")
    longest = max(tables.values(), key=len)
    for row in longest:
        cells = [next((cell_of(r) for r in rows if text_of(r) == text_of(row)), "-") for rows in tables.values()]
        out.append("| " + " | ".join([*(t.replace("|", "\\|") for t in text_of(row)), *cells]) + " |")
    out.append("")


def finding(row):
    return row["statement"], f"{'>' if row['expected'] == 'above' else '<'} {float(row['margin']):g}"


def number(row):
    return row["number"], row["published"]


def page():
    """A table for each study, with a column for each model."""
    out = []
    for study in dict.fromkeys(s for _, s, _ in RUNS):
        runs = [(m[0], os.path.join(folder, f"{m[0]}-{study}")) for m, s, _ in RUNS if s == study]
        if not any(rows_of(path, "findings.csv") for _, path in runs):
            continue
        out += [f"## {study}", ""]
        table(out, runs, "findings.csv", ("statement", "expected"), finding, lambda r: f"{cell(r)} {r['verdict']}")
        table(out, runs, "numbers.csv", ("number", "published"), number, cell)
    return "\n".join(out)


def write(tables):
    """The tables of studies_results.md behind its introduction, and the figures of studies.md."""
    name = os.path.join(docs, "studies_results.md")
    with open(name) as f:
        head = f.read().split("\n## ")[0].rstrip()
    with open(name, "w") as f:
        f.write(f"{head}\n\n{tables}")
    for figure, path in FIGURES.items():
        shutil.copyfile(os.path.join(folder, path + ".png"), os.path.join(docs, f"studies_{figure}.png"))


def run(model, study, options):
    name, file, data, more = model
    path = os.path.join(folder, f"{name}-{study}")
    given = [a for a in more if a not in options]
    done = subprocess.run([binary, "study", study, "--model", file, *(["--data", data] if data else []), "--out", path, "--quiet", *given,
                           *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}-{study}: {done.stderr}")


os.makedirs(folder, exist_ok=True)
for model, study, options in RUNS if pattern != "none" else []:
    if pattern not in f"{model[0]}-{study}":
        continue
    if not os.path.exists(model[1]):
        print(f"{model[0]}: {model[1]} is not there", file=sys.stderr)
        continue
    run(model, study, options)
if docs:
    write(page())
else:
    print(page())
