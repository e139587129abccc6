"""The file of a study in h5py, xarray (both engines, every group) and ncdump: before, during and after a
run, after a kill, and packed; the same bytes again; a disk without room."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np
import xarray

from format_check import check
from store_values import MAPS, expected

TOOL, MPIEXEC = os.environ.get("TOOL_STORE"), os.environ.get("MPIEXEC")
N, UNIT = 60, 4
GROUPS = ("samples", "layers", "methods", "maps")
ENGINES = ("netcdf4", "h5netcdf")


def tool(*args, **more):
    return subprocess.run([TOOL, *map(str, args)], text=True, capture_output=True, timeout=120, **more)


def must(*args, **more):
    r = tool(*args, **more)
    assert r.returncode == 0, (args, r.stderr)
    return r.stdout


def check_rows(path, rows=None):
    """Rows with status 1 hold their data in h5py and both engines; returns how many there are."""
    with h5py.File(path, "r") as f:
        done = f["samples/status"][:] == 1
        for k, (name, shape) in enumerate(MAPS):
            assert (f[name][:][done] == expected(N, shape, k)[done]).all(), name
    for engine in ENGINES:
        with xarray.open_dataset(path, group="samples", engine=engine) as s:
            done = (s.status == 1).values
        with xarray.open_dataset(path, group="maps", engine=engine) as m:
            pool = m["stage2.relu"].values[done]
        assert (pool == expected(N, (2, 2, 7, 7), 4)[done]).all(), engine
    assert rows is None or done.sum() == rows, (done.sum(), rows)
    return int(done.sum())


def check_names(path):
    """Names, texts, order and attributes as written, in both engines, for every group."""
    for engine in ENGINES:
        data = {g: xarray.open_dataset(path, group=g, engine=engine) for g in GROUPS}
        assert list(data["maps"].data_vars) == ["input", "stage1.conv", "stage2.relu", "pool"], engine
        m = data["maps"]["stage1.conv"]
        assert m.dims == ("sample", "target", "method_1", "y_16", "x_16") and m.dtype == np.float32
        assert m.attrs["onnx_name"] == "stage1/conv" and m.attrs["index"] == 3 and m.attrs["units"] == "1"
        assert list(m.target.values) == ["label", "predicted"]
        assert list(data["maps"].method_0.values)[1] == "smoothgrad(n=3)[gradient/bias/sum]"
        assert list(data["samples"]["class"].values)[2] == "\u00e9l\u00e9phant"
        assert data["samples"].path.values[7] == "cats/7 \u00fc.png"
        assert list(data["methods"].formula.values) == ["", "max |g|", "mean of g \u2299 a"], engine
        assert list(data["samples"].status.attrs["flag_values"]) == list(range(8))
        assert m.sel(target="predicted", method_1="grad_cam").shape == (N, 16, 16)
        for d in data.values():
            d.load()
            d.close()
    text = subprocess.run(["ncdump", "-h", path], text=True, capture_output=True, check=True).stdout
    for word in ("float stage1.conv(sample, target, method_1, y_16, x_16)", "string path(sample)", "ubyte status(sample)"):
        assert word in text, word
    for group in GROUPS:
        subprocess.run(["ncdump", "-v", f"/{group}/{'sample' if group in ('samples', 'maps') else group[:-1]}", path],
                       stdout=subprocess.DEVNULL, check=True)


def check_same_bytes(folder):
    """Whatever malloc hands out, and twice in a row."""
    files = []
    for fill in ("1", "90", "255"):
        files.append(os.path.join(folder, f"same{fill}.h5"))
        must("create", files[-1], N, env=dict(os.environ, MALLOC_PERTURB_=fill))
    first = open(files[0], "rb").read()
    assert all(open(f, "rb").read() == first for f in files), "the same schema, other bytes"
    assert int(must("bytes", N)) == len(first)


def start(path, pause):
    return subprocess.Popen([MPIEXEC, "-n", "2", TOOL, "fill", path, str(UNIT), str(N), str(pause), "1"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def check_during(folder, path):
    """Open and check again and again while two ranks write; slower ranks for a busy machine."""
    for k, pause in enumerate((0.15, 0.6, 2.4)):
        running, seen = os.path.join(folder, f"running{k}.h5"), []
        must("create", running, N)
        run = start(running, int(pause * 1e6))
        while run.poll() is None:
            seen.append(check_rows(running))
        assert run.returncode == 0, run.stdout.read()
        check_rows(running, N)
        if any(0 < rows < N for rows in seen):
            os.replace(running, path)
            return
    raise AssertionError(f"the run was never seen half done: {seen}")


def check_killed(folder):
    """After kill -9 of everything the file opens here and in the program, and a run completes it."""
    path = os.path.join(folder, "killed.h5")
    must("create", path, N)
    run = start(path, 2000000)
    while check_rows(path) == 0 and run.poll() is None:
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    time.sleep(0.5)  # the ranks notice that mpiexec is gone
    rows = check_rows(path)
    assert 0 < rows < N, rows
    must("pack", path, os.path.join(folder, "killed.z.h5"), 1)
    run = start(path, 0)
    assert run.wait() == 0, run.stdout.read()
    check_rows(path, N)


def check_packed(folder, path):
    must("run", path, '{"host": "a", "ranks": 2}')
    must("run", path, '{"host": "b", "ranks": 3}')
    packed = [os.path.join(folder, f"{k}.z.h5") for k in range(2)]
    for p in packed:
        must("pack", path, p, 4)
    assert open(packed[0], "rb").read() == open(packed[1], "rb").read()
    check_names(packed[0])
    check_rows(packed[0], N)
    for engine in ENGINES:
        for group in (None, *GROUPS):
            with xarray.open_dataset(path, group=group, engine=engine) as a, \
                    xarray.open_dataset(packed[0], group=group, engine=engine) as b:
                assert a.identical(b), (engine, group)
                assert list(a.variables) == list(b.variables)
        with xarray.open_dataset(packed[0], group="runs", engine=engine) as r:
            assert list(r.line.values) == ['{"host": "a", "ranks": 2}', '{"host": "b", "ranks": 3}']
    with h5py.File(packed[0], "r") as f:
        assert f["maps/input"].compression == "gzip" and f["maps/input"].shuffle
        assert f["maps/input"].chunks[1:] == (2, 3, 16, 16)
    assert check(packed[0]) == []
    r = tool("pack", path, packed[0], 4)
    assert r.returncode == 1 and "exists already" in r.stderr
    again = os.path.join(folder, "again.z.h5")
    must("pack", packed[0], again, 9)
    with xarray.open_dataset(packed[0], group="runs") as a, xarray.open_dataset(again, group="runs") as b:
        assert a.identical(b)


def check_contract(folder, path):
    """The check of the contract must be able to fail."""
    def drop_units(f):
        del f["maps/input"].attrs["units"]

    def rename(f):
        f.move("samples/score", "samples/scores")

    def retype(f):
        f["methods"].create_dataset("more", data=np.zeros(3))

    def detach(f):
        scale = f["maps/sample"]
        f["maps/pool"].dims[0].detach_scale(scale)

    def bad_status(f):
        f["samples/status"][0] = 9

    def bad_json(f):
        f.attrs["config"] = "{"

    copy = os.path.join(folder, "wrong.h5")
    for spoil in (drop_units, rename, retype, detach, bad_status, bad_json):
        shutil.copy(path, copy)
        with h5py.File(copy, "r+") as f:
            spoil(f)
        assert check(copy), spoil.__name__


def check_arrays(folder):
    npz, npy = os.path.join(folder, "a.npz"), os.path.join(folder, "a.npy")
    must("npz", npz)
    must("npy", npy)
    truth = expected(700, (1000, 1, 7), 2)
    with np.load(npz) as a:
        assert sorted(a.files) == ["label", "maps", "nothing", "pi"]
        assert a["maps"].dtype == np.float32 and (a["maps"] == truth).all()
        assert list(a["label"]) == [3, -1, 4] and a["pi"] == 3.25 and a["pi"].shape == ()
        assert a["nothing"].shape == (0, 5) and a["nothing"].dtype == np.uint8
    assert (np.load(npy) == truth).all() and (np.load(npy, mmap_mode="r")[5] == truth[5]).all()


FULL = """
set -e
mount -t tmpfs -o size=1m none "$1"
cp "$3" "$1/small.h5"
status=0
"$2" create "$1/S.h5" 2000 || status=$?
head -c 2000000 /dev/zero > "$1/ballast" 2> /dev/null || true
truncate -s -20000 "$1/ballast"
status2=0
"$2" pack "$1/small.h5" "$1/S.z.h5" 9 || status2=$?
status3=0
"$2" npz "$1/a.npz" || status3=$?
ls "$1"
echo "status $status $status2 $status3"
"""


def check_full(folder):
    """A disk of 1 MiB: the error says how much is needed and free, and nothing stays."""
    point, small = os.path.join(folder, "full"), os.path.join(folder, "small.h5")
    os.mkdir(point)
    must("create", small, 20)
    must("fill", small, UNIT, 5, 0, 1)
    r = subprocess.run(["unshare", "-m", "sh", "-c", FULL, "sh", point, TOOL, small], text=True,
                       capture_output=True, timeout=120)
    if "status" not in r.stdout:
        print("not tested: a full disk (no tmpfs can be mounted here):", r.stderr.strip())
        return
    assert r.stdout.split("\n")[-2] != "status 0 0 0", r.stdout
    assert r.stdout.split()[:2] == ["ballast", "small.h5"], r.stdout
    assert all(s != "0" for s in r.stdout.split()[3:]), r.stdout
    need = must("bytes", 2000).strip()
    assert f"needs {need} bytes" in r.stderr and "are free" in r.stderr, r.stderr
    assert r.stderr.count("No space left on device") >= 2, r.stderr


def main():
    if not (TOOL and MPIEXEC):
        print("skipped: run by ctest, which names the tools")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "S.h5")
        must("create", path, N)
        check_same_bytes(folder)
        check_names(path)
        check_rows(path, 0)
        assert check(path) == []
        check_during(folder, path)
        check_names(path)
        assert check(path) == []
        check_contract(folder, path)
        check_killed(folder)
        check_packed(folder, path)
        check_arrays(folder)
        check_full(folder)
    return 0


sys.exit(main())
