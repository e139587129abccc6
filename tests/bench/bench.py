"""The benchmark: our engine beside PyTorch, one core each, round by round in one run.

Run by run.sh.  Prints tables as markdown, and writes them to docs/benchmark.md with --write.
"""

import argparse
import importlib.util
import itertools
import os
import platform
import subprocess
import sys
import tempfile
import time

import export
import ranks
import rows
import servers

PARTS = ("speed", "suite", "extracts", "memory", "ranks")
SUITES = tuple(export.TAPPED_AFTER)
IDLE = 0.5
TITLE = "# Benchmark"
ABOUT = """Written by `tests/bench/run.sh --write`.
Every row is measured side by side in this one run: the programs stay loaded, are bound to one core and take turns.
Figures are medians over the rounds (smallest..largest); ratios are taken round by round.
Models are torchvision's with random weights, exported to ONNX at 224 x 224; speed counts operations of directly computed convolutions, whatever the algorithm.

- *PyTorch as installed*: Debian's package, weights without gradient, one thread, the model as torchvision gives it.
- *PyTorch tuned*: BatchNormalization folded, malloc keeping its memory, the fastest of plain, channels-last and (forward) frozen and optimised graphs.
- *Asked for*: of forward + gradient against PyTorch as installed; of the suite against PyTorch tuned.
- *The suite*: gradient, input_x_gradient, guided_backprop and deconvnet at the input; grad_cam, linear_approx and the norms of scaling, conv1x1 and conv3x3 at every tap (the ReLUs after all 13 convolutions of VGG-16, the outputs of all 16 blocks of ResNet-50).
  PyTorch's loop makes one forward pass, one backward pass per rule, and closed forms in hooks."""


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5, help="rounds of every row (5)")
    p.add_argument("--samples", type=int, default=8, help="images at once (8)")
    p.add_argument("--models", default=",".join(export.NAMES), help="some of " + ",".join(export.NAMES))
    p.add_argument("--parts", default=",".join(PARTS), help="some of " + ",".join(PARTS))
    p.add_argument("--core", type=int, help="the core to run on (the last one allowed)")
    p.add_argument("--quick", action="store_true", help="2 rounds of 2 images: shows that it works, no more")
    p.add_argument("--write", action="store_true", help="write docs/benchmark.md")
    o = p.parse_args()
    o.models, o.parts = o.models.split(","), o.parts.split(",")
    for name, known in [*((m, export.NAMES) for m in o.models), *((t, PARTS) for t in o.parts)]:
        if name not in known:
            p.error(f"there is no '{name}': one of {', '.join(known)}")
    if o.quick:
        o.rounds, o.samples = 2, 2
    return o


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def commit():
    """The commit measured, with a mark when the tree differs from it."""
    got = subprocess.run(["git", "-C", servers.SOURCE, "describe", "--always", "--dirty"], text=True, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return got.stdout.strip() or "unknown"


def missing():
    """Python modules that PyTorch's side and the export want and that are not there."""
    return [m for m in ("numpy", "torch", "torchvision", "onnx") if not importlib.util.find_spec(m)]


def surroundings(o, core, load):
    """Lines on where and when this was measured."""
    with servers.sgemm(core, 64) as engine:
        kernels = engine.facts
    lines = [f"{time.strftime('%Y-%m-%d')}, commit {commit()}.",
             f"{cpu()}; core {core}; {kernels['kernels']}; Linux {platform.release()}.",
             f"{o.samples} images at once, {o.rounds} rounds."]
    if not missing():
        import torch
        import torchvision
        lines.append(f"PyTorch {torch.__version__} (oneDNN inside), torchvision {torchvision.__version__}.")
    lines.append(f"Load average at the start {load:.2f}.")
    if load > IDLE:
        lines.append(f"**Something else was running (load above {IDLE}): these figures are worthless.**")
    if kernels["warning"]:
        lines.append(f"**{kernels['warning']}**")
    return lines


def model_tables(o, setting):
    """The tables that want PyTorch and its models."""
    if missing():
        say("skipped everything beside PyTorch: no " + ", ".join(missing()))
        return
    export.main(setting.folder, *o.models)
    parts = {"speed": (rows.speed_table, rows.speed, o.models),
             "suite": (rows.suite_table, rows.suite, [m for m in o.models if m in SUITES]),
             "extracts": (rows.extracts_table, rows.extracts, o.models),
             "memory": (rows.memory_table, rows.memory, [m for m in o.models if m == "vgg16"] or o.models[:1])}
    for part, (make, measure, models) in parts.items():
        if part in o.parts and models:
            table = make()
            for model in models:
                measure(setting, table, model)
            yield table


def ranks_tables(o, setting, cores):
    if "ranks" not in o.parts:
        return
    why = ranks.why_not(cores)
    if why:
        say(f"skipped two ranks against one: {why}")
        return
    table = ranks.table()
    for job in ranks.jobs(o.quick):
        ranks.measure(setting, table, job, cores)
    yield table


def main():
    o = options()
    load = os.getloadavg()[0]
    if load > IDLE:
        say(f"warning: load average {load:.2f}: something else is running, the figures will be worthless")
    cores = sorted(os.sched_getaffinity(0))
    core = cores[-1] if o.core is None else o.core
    folder = os.path.join(tempfile.gettempdir(), "retrograd-bench")
    os.makedirs(folder, exist_ok=True)
    setting = rows.Setting(folder, core, o.rounds, o.samples, say)

    blocks = [TITLE, ABOUT, "\n".join(surroundings(o, core, load))]
    print("\n\n".join(blocks), flush=True)
    for table in itertools.chain(model_tables(o, setting), ranks_tables(o, setting, cores)):
        blocks.append(table.text())
        print("\n" + blocks[-1], flush=True)
    if o.write:
        path = os.path.join(servers.SOURCE, "docs", "benchmark.md")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n\n".join(blocks) + "\n")
        say(f"wrote {path}")
    for line in setting.differs:
        say("DIFFERS: " + line)
    return 1 if setting.differs else 0


if __name__ == "__main__":
    sys.exit(main())
