#!/usr/bin/env python3
"""Makes docs/pictures.md and its pictures: one of every method of the program, on one image, at two layers.

    docs/make_pictures.py [--program build/release/retrograd] [--sample 0]

The model and the image are the demonstration's.  A picture is a row of a panel of `retrograd render`, saved with few
colours.  A method that belongs to no family stops the script.  Needs Pillow.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

import PIL.Image
import PIL.ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PICTURES = os.path.join(HERE, "pictures")
MODEL, IMAGES = os.path.join(ROOT, "demo", "shapes.onnx"), os.path.join(ROOT, "demo", "images")
COLOURS = 48
CELL = 96
ROW = (190, 350)  # of a panel with one method: from the layers' names to the ranges
MIDDLE = "/layer2/relu_1/Relu_output_0"  # in front of a global average pool gradients are constant
LATE = f"{MIDDLE},last"
FAMILIES = {
    "gradients": ("Gradients and rectified gradients", f"input,{MIDDLE}"),
    "class_activation": ("Class activation maps", LATE),
    "normgrad": ("NormGrad", LATE),
    "table": ("The other cells of the table", f"input,{MIDDLE}"),
    "relevance": ("Relevance", f"input,{MIDDLE}"),
    "averages": ("Averages over copies of the input", f"input,{MIDDLE}"),
    "layers": ("Over a set of layers: one map at the input's resolution", "over_layers"),
    "steps": ("After a step of the weights", f"input,{MIDDLE}"),
}
ELSEWHERE = {"normgrad_real": "/layer2/conv2/Conv_output_0,last_conv"}  # behind convolutions alone


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, *args):
        done = subprocess.run([self.path, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              cwd=ROOT)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, args))}\n{done.stderr}")
        return done.stdout

    def listed(self, title):
        """Names in a table of `methods`."""
        table = self.run("methods", "--format", "markdown").split(f"### {title}\n")[1].split("\n###")[0]
        return [line.split("`")[1] for line in table.split("\n") if line.startswith("| `")]


def of_name(name):
    """The family of a named method."""
    if "excitation" in name:
        return "relevance"
    if name.endswith(("_cam", "_cam_pp")) or "_cam_" in name or name == "energy":
        return "class_activation"
    if name.startswith("normgrad"):
        return "normgrad"
    if name.startswith(("gradient", "input_x", "guided_backprop", "deconvnet", "rectgrad", "linear")):
        return "gradients"
    raise SystemExit(f"{name} belongs to no family of pictures")


def families(program):
    """{family: methods}: all that `--methods all` means, the averages that want images, and the controls."""
    found = {family: [] for family in FAMILIES}
    for name in program.listed("Named methods"):
        found[of_name(name)].append(name)
    for rule in program.listed("Rules"):
        if rule.startswith(("lrp_", "deeplift")):
            found["relevance"].append(rule)
        elif rule in ("positive", "negative"):
            found["gradients"].append(f"{rule}/bias/maxabs")
        elif rule not in ("gradient", "guided", "deconvnet", "rectgrad", "excitation", "excitation_contrast"):
            raise SystemExit(f"the rule {rule} belongs to no family of pictures")
    found["table"] = [f"gradient/{e}/{a}" for e in ("bias", "scaling", "conv1x1", "conv3x3", "conv3x3_depthwise")
                      for a in ("sum", "max", "norm", "filter_norm")]
    found["averages"] = [*program.listed("Averages"), "smoothgrad[grad_cam]"]
    found["layers"] = [*program.listed("Combinations"), "fullgrad(post=signed)", "fullgrad(input=0)",
                       "smoothgrad[fullgrad]", "layers_sum[grad_cam]"]
    found["steps"] = [f"{name}[{of}]" for name in program.listed("Steps") for of in ("normgrad", "gradient")]
    return found


def file_of(method):
    return re.sub(r"\W+", "_", method).strip("_") + ".png"


def pictures_of(program, family, methods, sample, folder):
    """One picture of each method of a family."""
    layers = FAMILIES[family][1]
    study = os.path.join(folder, family + ".h5")
    chosen = "convs" if layers == "over_layers" else ",".join([layers, *(ELSEWHERE.get(m, "input") for m in methods)])
    program.run("attribute", "--model", MODEL, "--data", IMAGES, "--out", study, "--methods", ",".join(methods),
                "--layers", chosen, "--targets", "label", "--limit", sample + 1, "--unit", 1, "--baseline", IMAGES,
                "--quiet")
    for number, method in enumerate(methods):
        panels = os.path.join(folder, f"{family}{number}")
        program.run("render", study, "--out", panels, "--samples", sample, "--layers", ELSEWHERE.get(method, layers),
                    "--methods", method, "--data", IMAGES, "--cell", CELL)
        image = PIL.Image.open(os.path.join(panels, os.listdir(panels)[0])).convert("RGB")
        row = image.crop((0, ROW[0], image.width, ROW[1]))
        row = row.crop((0, 0, PIL.ImageOps.invert(row).getbbox()[2] + 20, row.height))
        row.quantize(COLOURS, dither=PIL.Image.Dither.NONE).save(os.path.join(PICTURES, file_of(method)), optimize=True)


def image_itself(sample):
    """The file of the image."""
    files = sorted(os.path.join(at, n) for at, _, names in os.walk(IMAGES) for n in names)
    PIL.Image.open(files[sample]).convert("RGB").save(os.path.join(PICTURES, "image.png"), optimize=True)


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--program", default=os.path.join(ROOT, "build", "release", "retrograd"))
    ask.add_argument("--sample", type=int, default=0)
    given = ask.parse_args()
    program = Program(os.path.abspath(given.program))
    for old in os.listdir(PICTURES):
        os.remove(os.path.join(PICTURES, old))
    image_itself(given.sample)
    lines = ["# Pictures of the methods", "",
             "Made by `docs/make_pictures.py`: every method on the demonstration's model and this image, for its label, at "
             "two layers; formulas, sources, passes and what each is known not to show are in [methods.md](methods.md). "
             "A method that lives at the input alone has no map at the other layer, and a cell is grey where all "
             "numbers are the same.", "", "![The image](pictures/image.png)", ""]
    with tempfile.TemporaryDirectory() as folder:
        for family, methods in families(program).items():
            pictures_of(program, family, methods, given.sample, folder)
            lines += [f"## {FAMILIES[family][0]}", "", *(f"![{m}](pictures/{file_of(m)})" for m in methods), ""]
    with open(os.path.join(HERE, "pictures.md"), "w", encoding="utf-8") as f:
        f.write("\n".join(lines).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
