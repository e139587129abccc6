#!/usr/bin/env python3
"""Makes docs/pictures.md and its pictures: every method of the program on one image, at two layers at least.

    docs/make_pictures.py [--program build/release/retrograd] [--sample 0]

The model and the image are the demonstration's.  Each family of methods is one panel of `retrograd render`, saved
with few colours.  A method that belongs to no family stops the script.  Needs Pillow.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import PIL.Image

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
MODEL, IMAGES = os.path.join(ROOT, "demo", "shapes.onnx"), os.path.join(ROOT, "demo", "images")
COLOURS = 128
MIDDLE = "/layer2/relu_1/Relu_output_0"  # in front of a global average pool gradients are constant
FAMILIES = {
    "gradients": ("Gradients and rectified gradients", f"input,{MIDDLE}"),
    "class_activation": ("Class activation maps", "input,last"),
    "normgrad": ("NormGrad", "input,last_conv,last"),
    "table": ("The other cells of the table", f"input,{MIDDLE}"),
    "relevance": ("Relevance", "input,last"),
    "averages": ("Averages over copies of the input", f"input,{MIDDLE}"),
    "layers": ("Over a set of layers", "over_layers"),
    "steps": ("After a step of the weights", f"input,{MIDDLE},last"),
}


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
                      for a in ("max", "norm", "filter_norm")]
    found["averages"] = [*program.listed("Averages"), "smoothgrad[grad_cam]"]
    found["layers"] = [*program.listed("Combinations"), "fullgrad(post=signed)", "fullgrad(input=0)",
                       "smoothgrad[fullgrad]", "layers_sum[grad_cam]"]
    found["steps"] = [f"{name}[{of}]" for name in program.listed("Steps") for of in ("normgrad", "gradient")]
    return found


def picture(program, family, methods, sample, folder):
    layers = FAMILIES[family][1]
    study = os.path.join(folder, family + ".h5")
    chosen = "convs" if layers == "over_layers" else layers
    program.run("attribute", "--model", MODEL, "--data", IMAGES, "--out", study, "--methods", ",".join(methods),
                "--layers", chosen, "--targets", "label", "--limit", sample + 1, "--baseline", IMAGES, "--quiet")
    panels = os.path.join(folder, family)
    program.run("render", study, "--out", panels, "--samples", sample, "--layers", layers, "--data", IMAGES,
                "--cell", 96)
    name = os.listdir(panels)[0]
    image = PIL.Image.open(os.path.join(panels, name)).convert("RGB")
    image.quantize(COLOURS, dither=PIL.Image.Dither.NONE).save(os.path.join(HERE, "pictures", family + ".png"),
                                                               optimize=True)


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--program", default=os.path.join(ROOT, "build", "release", "retrograd"))
    ask.add_argument("--sample", type=int, default=0)
    given = ask.parse_args()
    program = Program(os.path.abspath(given.program))
    lines = ["# Pictures of the methods", "",
             "Made by `docs/make_pictures.py` with the demonstration's model and image. Columns are layers, rows methods; "
             "formulas, sources, passes and what each is known not to show are in [methods.md](methods.md). "
             "A method without a map at a layer has an empty cell there.", ""]
    with tempfile.TemporaryDirectory() as folder:
        for family, methods in families(program).items():
            picture(program, family, methods, given.sample, folder)
            title = FAMILIES[family][0]
            lines += [f"## {title}", "", f"![{title}](pictures/{family}.png)", ""]
    with open(os.path.join(HERE, "pictures.md"), "w", encoding="utf-8") as f:
        f.write("\n".join(lines).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
