"""Fuzz targets on their seeds and on every case that was found once (tests/fuzz_found).

    fuzz_cases.py                    each target on its files; with LONG=1 and a libFuzzer build in
                                     build/fuzz, a minute of new executions of each as well
    fuzz_cases.py run TARGET N       N executions of one libFuzzer target from the seeds on

Found cases belong into tests/fuzz_found/TARGET/.
"""

import glob
import os
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGETS = ("onnx", "manifest", "study", "image", "hdf5")
LONG_SECONDS = 60


def graph_seeds(folder):
    """Small ONNX models: the hand-made graphs, behind the byte that says how they are read."""
    try:
        import io_onnx_graphs
        import onnx  # noqa: F401
    except ImportError:
        return
    for k, make in enumerate(io_onnx_graphs.CASES):
        path = os.path.join(folder, make.__name__)
        g, logits = make()[:2]
        g.save(path, logits)
        with open(path, "rb") as f:
            content = f.read()
        with open(path, "wb") as f:
            f.write(bytes([k % 4]) + content)


def put(folder, name, content):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content)


def seeds(target, folder):
    """Fill a folder with files to begin with."""
    demo = os.path.join(SOURCE, "demo")
    if target == "onnx":
        graph_seeds(folder)
    elif target == "manifest":
        put(folder, "plain", b"path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,dog;2,0,1,2,3\n\"b,\"\"c.png\",,,,,,\n")
        put(folder, "classes", b"\xef\xbb\xbffile,class\r\nx.jpg,red fox\r\n")
    elif target == "study":
        put(folder, "plain", b"model: m.onnx\nmethods: [grad_cam, 'a b']\nlayers:\n  - input\n  - \"x\\ty\"\nunit: 16\n")
    elif target == "image":
        files = sorted(glob.glob(os.path.join(demo, "images", "**", "*.*g"), recursive=True))
        for path in files[:4] + files[-4:]:
            with open(path, "rb") as f:
                put(folder, os.path.basename(path), b"\0" + f.read())
    put(folder, "empty", b"")
    put(folder, "zeros", bytes(64))
    put(folder, "sets", bytes([1, 2, 0, 4, 0, 3, 4, 4, 3, 9, 9, 9, 1, 1, 3, 3, 0, 1, 2]))


def found(target):
    folder = os.path.join(SOURCE, "tests", "fuzz_found", target)
    return [os.path.join(folder, n) for n in sorted(os.listdir(folder))] if os.path.isdir(folder) else []


def fuzz(target, *options):
    """Run a libFuzzer target from the seeds on; its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "corpus"))
        seeds(target, os.path.join(folder, "corpus"))
        program = os.path.join(SOURCE, "build", "fuzz", "tests", "fuzz_" + target)
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=1", OMPI_MCA_btl="self")
        return subprocess.run([program, "corpus", *found(target), "-timeout=10", "-max_len=65536",
                               f"-artifact_prefix={os.getcwd()}/", *options], cwd=folder, env=environment).returncode


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "run":
        return fuzz(sys.argv[2], f"-runs={sys.argv[3]}")
    failed = []
    for target in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            seeds(target, folder)
            files = [os.path.join(folder, n) for n in sorted(os.listdir(folder))] + found(target)
            done = subprocess.run([os.path.join(os.environ["FUZZ"], "fuzz_" + target), *files])
        if done.returncode:
            failed.append(target)
        built = os.path.exists(os.path.join(SOURCE, "build", "fuzz", "tests", "fuzz_" + target))
        if os.environ.get("LONG", "") not in ("", "0") and built and fuzz(target, f"-max_total_time={LONG_SECONDS}"):
            failed.append(target + " with libFuzzer")
    print("failed: " + ", ".join(failed) if failed else f"{len(TARGETS)} targets")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
