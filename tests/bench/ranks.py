"""Two ranks against one: the program itself, on a study of a few hundred images."""

import json
import os
import shutil
import subprocess
import tempfile

import servers
from report import Figures, Table, verdict
from rows import ASKED_RANKS

UNIT = 8
# Rank r runs on the r-th of $CORES, with all its threads.
BIND = 'core=$(echo "$CORES" | cut -d, -f$((OMPI_COMM_WORLD_RANK + 1))); exec taskset -c "$core" "$@"'
MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
       "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_MCA_rmaps_base_oversubscribe": "1"}


class Job:
    def __init__(self, name, model, images, units, methods, layers):
        self.name, self.model, self.images, self.units = name, model, images, units
        self.options = ["--methods", methods, "--layers", layers, "--unit", UNIT, "--targets", "predicted"]

    def manifest(self, folder):
        """The images again and again, so that the units are many and divide evenly."""
        path = os.path.join(folder, "list.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write("path\n")
            f.writelines(self.images[i % len(self.images)] + "\n" for i in range(self.units * UNIT))
        return path


def images_of(folder, ends):
    found = [os.path.join(d, f) for d, _, files in os.walk(folder) for f in files if f.endswith(ends)]
    return sorted(os.path.abspath(f) for f in found)


def jobs(quick):
    """MobileNetV2 on photographs where the optional data are there, and the shipped demonstration."""
    methods, layers = "gradient,grad_cam,normgrad", "input,last"
    found = []
    model = os.path.join(servers.SHARED, "models", "mobilenet_v2_1.0_224.onnx")
    photographs = images_of(os.path.join(servers.SHARED, "images", "imagenet"), ".JPEG")
    if os.path.exists(model) and photographs:
        found.append(Job("MobileNetV2, photographs", model, photographs, 6 if quick else 48, methods,
                         layers))
    demo = os.path.join(servers.SOURCE, "demo")
    found.append(Job("the demonstration, 96 x 96", os.path.join(demo, "shapes.onnx"),
                     images_of(os.path.join(demo, "images"), ".png"), 24 if quick else 320, methods, layers))
    return found


def images_a_second(job, ranks, cores, folder):
    """Of one run from nothing, without starting and ending MPI."""
    out = os.path.join(folder, "study.h5")
    command = ["mpirun", "-n", ranks, "sh", "-c", BIND, "rank", servers.PROGRAM, "attribute", "--model", job.model,
               "--data", job.manifest(folder), "--out", out, "--force", "--quiet", *job.options]
    more = dict(MPI, CORES=",".join(map(str, cores[:ranks])))
    got = subprocess.run(list(map(str, command)), env=servers.environment(more), text=True, check=False,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if got.returncode:
        raise RuntimeError(f"attribute on {ranks} ranks ended with {got.returncode}: {got.stdout[-2000:]}")
    with open(out + ".runs.jsonl", encoding="utf-8") as f:
        end = json.loads(f.readlines()[-1])
    return end["made"] / end["seconds"]


def table():
    return Table("Two ranks on two cores against one rank on one", "job", "images", "1 rank, images a second",
                 "2 ranks, images a second", "times as fast", "asked for")


def measure(setting, into, job, cores):
    rate = {1: Figures(), 2: Figures()}
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        for _ in range(setting.rounds):
            setting.say(f"{job.name}, 1 and 2 ranks")
            for ranks, figures in rate.items():
                figures.append(images_a_second(job, ranks, cores, folder))
    ratio = rate[2].over(rate[1])
    into.add(job.name, str(job.units * UNIT), rate[1].text(), rate[2].text(), ratio.text(2),
             verdict(ratio.median(), at_least=ASKED_RANKS))


def why_not(cores):
    """What is missing for these rows, or None."""
    if not shutil.which("mpirun"):
        return "there is no mpirun"
    return "there is only one core" if len(cores) < 2 else None
