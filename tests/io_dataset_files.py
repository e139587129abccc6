"""HDF5 data sets as h5py writes them, and the shipped data sets, through tool_dataset.

Inputs are compared for equality with numpy's float64 formula rounded to float32: no tolerance."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

TOOL = os.environ.get("TOOL_DATASET") or sys.argv[1]
DATA = os.environ.get("SHARED_DATA", "")
RNG = np.random.default_rng(7)


def run(data, shape, classes, limit=0, settings=()):
    """(rows, inputs [N, C, H, W], pictures [N, H, W, C]) or the error text."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        words = [TOOL, data, *map(str, shape), str(classes), str(limit), out, *settings]
        p = subprocess.run(words, text=True, capture_output=True)
        assert p.stderr == "", p.stderr
        if p.returncode:
            assert p.returncode == 1 and p.stdout.startswith("error"), p
            return p.stdout
        rows = [line.split("\t") for line in p.stdout.splitlines()]
        c, h, w = shape
        return rows[:-1], np.fromfile(out, np.float32).reshape(-1, c, h, w), np.fromfile(out + ".pictures", np.uint8).reshape(-1, h, w, c)


def refused(result, reason):
    assert isinstance(result, str) and reason in result, (reason, result)


def scaled(x):
    """uint8 [N, H, W, C] as the default recipe makes it."""
    return ((x.astype(np.float64) * (1 / 255.0) - 0.0) / 1.0).astype(np.float32).transpose(0, 3, 1, 2)


def hdf5_images(folder):
    path = os.path.join(folder, "images.h5")
    colour = RNG.integers(0, 256, (7, 5, 4, 3)).astype(np.uint8)
    grey = RNG.integers(0, 256, (7, 5, 4)).astype(np.uint8)
    with h5py.File(path, "w") as f:
        f.create_dataset("x", data=colour, chunks=(3, 5, 2, 3), compression="gzip")
        f["y"] = np.arange(7, dtype=np.uint8)
        f["a/grey"], f["a/target"] = grey, np.array([-1, 0, 1, 2, 3, 4, 5], np.int32)
        f["b/one"], f["b/labels"] = grey[..., None], np.arange(7, dtype=">i8")
        f["c/x"], f["c/y"], f["c/label"] = colour, np.zeros(7), np.ones((7, 1), np.int16)
    rows, x, pictures = run(path, (3, 5, 4), 8)
    assert [r[1:5] for r in rows] == [["done", str(i), "5", "4"] for i in range(7)], rows
    assert rows[3][5] == "x[3]"
    assert (x == scaled(colour)).all() and (pictures == colour).all()
    rows, x, pictures = run(path + ":a/grey", (1, 5, 4), 6)
    assert [r[2] for r in rows] == [str(i) for i in range(-1, 6)] and rows[6][5] == "a/grey[6]"
    assert (x == scaled(grey[..., None])).all() and (pictures[..., 0] == grey).all()
    rows, x, _ = run(path + ":b/one", (3, 5, 4), 7, limit=2)
    assert len(rows) == 2 and rows[1][2] == "1" and (x == scaled(grey[:2, ..., None])).all()
    rows, x, _ = run(path + ":c/x", (1, 5, 4), 2)
    assert all(r[2] == "1" for r in rows)  # y holds no integers, so label is taken
    luma = (colour.astype(np.int64) @ [19595, 38470, 7471] + 0x8000) >> 16
    assert (x == scaled(luma[..., None].astype(np.uint8))).all()
    rows, x, _ = run(path, (3, 6, 6), 8)
    assert all(r[1] == "wrong_size" for r in rows) and (x == 0).all()
    rows, _, _ = run(path, (3, 6, 6), 8, settings=["resize=6", "crop=centre"])
    assert all(r[1] == "done" for r in rows)
    refused(run(path, (3, 5, 4), 6), "y[6] is 6")


def hdf5_inputs(folder):
    path = os.path.join(folder, "inputs.hdf5")
    v = RNG.normal(size=(3, 3, 5, 4)).astype(np.float32)
    with h5py.File(path, "w") as f:
        f.create_dataset("g/h/x", data=v, chunks=(1, 3, 2, 2), shuffle=True, compression="gzip")
        f["big"] = v.astype(">f4")
    settings = ["mean=0.5,0.25,0", "std=0.5,1,2", "channel-order=BGR"]
    for name in ("g/h/x", "/g/h/x", "big"):
        rows, x, pictures = run(f"{path}:{name}", (3, 5, 4), 2, settings=settings)
        assert (x == v).all() and rows[0][2:5] == ["-1", "5", "4"]
    back = (v.astype(np.float64) * np.array([0.5, 1, 2])[:, None, None] + np.array([0.5, 0.25, 0])[:, None, None]) / (1 / 255.0)
    want = np.clip(np.floor(back + 0.5), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)[..., ::-1]
    assert (pictures == want).all()
    refused(run(path + ":big", (3, 5, 5), 2), "the model takes 3 x 5 x 5")


def hdf5_wrong(folder):
    path = os.path.join(folder, "wrong.h5")
    with h5py.File(path, "w") as f:
        f["x"] = np.zeros((4, 5, 4, 3), np.uint8)
        f["y"] = np.zeros(5, np.uint8)
        f["n/x"], f["n/y"] = np.zeros((4, 5, 4, 3), np.uint8), np.array([0, 1, -2, 0])
        for name, a in {"i16": np.zeros((4, 5, 4), np.int16), "f64": np.zeros((4, 3, 5, 4)), "flat": np.zeros((4, 5), np.uint8),
                        "f3": np.zeros((4, 5, 4), np.float32), "five": np.zeros((2,) * 5, np.uint8), "text": "abc",
                        "rgba": np.zeros((4, 5, 4, 4), np.uint8), "none": np.zeros((0, 5, 4, 3), np.uint8)}.items():
            f["k/" + name] = a
    refused(run(path, (3, 5, 4), 2), "5 labels for 4 samples")
    refused(run(path + ":n/x", (3, 5, 4), 2), "y[2] is -2")
    for name in ("i16", "f64", "flat", "f3", "five", "text"):
        refused(run(f"{path}:k/{name}", (3, 5, 4), 2), "neither uint8")
    refused(run(path + ":k/rgba", (3, 5, 4), 2), "4 channels")
    refused(run(path + ":k/none", (3, 5, 4), 2), "extent of 0")
    refused(run(path + ":absent", (3, 5, 4), 2), "no dataset 'absent'")
    refused(run(path + ":k", (3, 5, 4), 2), "no dataset 'k'")
    with open(path, "rb") as f:
        whole = f.read()
    cut = os.path.join(folder, "cut.h5")
    for n in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        with open(cut, "wb") as f:
            f.write(whole[:n])
        refused(run(cut, (3, 5, 4), 2), "cut.h5")


def hdf5_bad_chunk(folder):
    """One chunk that cannot be unpacked spoils its own rows only."""
    path = os.path.join(folder, "chunk.h5")
    a = RNG.integers(0, 256, (6, 5, 4, 3)).astype(np.uint8)
    with h5py.File(path, "w") as f:
        d = f.create_dataset("x", data=a, chunks=(2, 5, 4, 3), compression="gzip", fletcher32=True)
        at = d.id.get_chunk_info(1)
    with open(path, "r+b") as f:
        f.seek(at.byte_offset + at.size // 2)
        f.write(b"\xa5\x5a\xa5")
    rows, x, _ = run(path, (3, 5, 4), 2)
    assert [r[1] for r in rows] == ["done", "done", "unreadable", "unreadable", "done", "done"], rows
    assert (x[[0, 1, 4, 5]] == scaled(a[[0, 1, 4, 5]])).all() and (x[2:4] == 0).all()


def shipped(folder):
    images = os.path.join(DATA, "images")
    if not os.path.isdir(images):
        print("skipped: no images below SHARED_DATA")
        return
    classes = os.path.join(DATA, "models", "cifar10_classes.csv")
    manifest = run(os.path.join(images, "cifar10", "labels.csv"), (3, 32, 32), 10, settings=["classes=" + classes])
    tree = run(os.path.join(images, "cifar10", "test"), (3, 32, 32), 10, settings=["classes=" + classes])
    rows = run(os.path.join(images, "cifar10", "cifar10_test1000.h5"), (3, 32, 32), 10)
    assert len(manifest[0]) == len(tree[0]) == len(rows[0]) == 1000
    assert (manifest[1] == rows[1]).all() and [r[2] for r in manifest[0]] == [r[2] for r in rows[0]]
    by_path = {r[5]: (r[2], i) for i, r in enumerate(manifest[0])}
    assert all(by_path["test/" + r[5]][0] == r[2] for r in tree[0])
    assert (tree[1] == manifest[1][[by_path["test/" + r[5]][1] for r in tree[0]]]).all()
    names = "classes=" + os.path.join(DATA, "models", "imagenet_classes.csv")
    rows, _, _ = run(os.path.join(images, "imagenet", "labels.csv"), (3, 224, 224), 1000, settings=[names, "resize=256", "crop=centre"])
    assert len(rows) == 68 and all(r[1] == "done" for r in rows) and rows[1][2] == "35"
    rows, _, _ = run(os.path.join(images, "mnist", "mnist2000.h5"), (1, 28, 28), 10)
    assert len(rows) == 2000 and all(r[1] == "done" for r in rows)
    reference = os.path.join(DATA, "models", "reference.h5")
    rows, x, _ = run(reference + ":resnet20/input", (3, 32, 32), 10)
    with h5py.File(reference, "r") as f:
        assert (x == f["resnet20/input"][:]).all() and [int(r[2]) for r in rows] == f["resnet20/target"][:].tolist()
    shapes = os.path.join(folder, "shapes.txt")
    with open(shapes, "w") as f:
        f.write("circle\nsquare\ntriangle\nstar\ncross\nring\ncrescent\nhexagon\n")
    rows, _, _ = run(os.path.join(DATA, "demo", "manifest.csv"), (3, 96, 96), 8, settings=["classes=" + shapes])
    assert len(rows) == 64 and all(r[1] == "done" for r in rows) and rows[1][2] == "1"
    refused(run(os.path.join(DATA, "demo"), (3, 96, 96), 8, settings=["classes=" + shapes]), "sub-folders are labels")


for part in (hdf5_images, hdf5_inputs, hdf5_wrong, hdf5_bad_chunk, shipped):
    with tempfile.TemporaryDirectory() as place:
        part(place)
    print("ok", part.__name__)
