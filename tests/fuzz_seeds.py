"""What fuzz targets begin with: seeds made by script, the kept corpus, the cases that were found, and words.

tests/fuzz_corpus/TARGET.zip holds inputs that reached something new in earlier runs, minimised.
tests/fuzz_found/TARGET/ holds every input that was once handled wrongly.
"""

import glob
import io
import os
import sys
import zipfile

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGETS = ("onnx", "manifest", "study", "image", "hdf5")

# Longest input: long enough for every construct, short enough for many executions.
MAX_BYTES = {"onnx": 4096, "manifest": 512, "study": 512, "image": 2048, "hdf5": 160}

WORDS = {
    "manifest": ["path", "file", "label", "class_id", "targets", "xmin", "ymin", "xmax", "ymax", "cat", "dog", "red fox",
                 ",", ";", "\n", "\r\n", "\"", "\"\"", "\xef\xbb\xbf", "2147483647", "-1", "a.png"],
    "study": [": ", "- ", "[", "]", "{", "}", ", ", "? ", "&a ", "*a", "!!int ", "!t ", "|\n", ">\n", "|2-\n", "#", "---\n",
              "...\n", "%YAML 1.1\n", "%TAG ! a\n", "<<", "~", "null", "'", "\"", "\\u263a", "\\x00", "\n  ", "\xff\xfe",
              "\xef\xbb\xbf", "\xe2\x80\xa8", "unit: 16\n"],
}


def put(folder, name, content):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content)


def onnx_seeds(folder):
    """The hand-made graphs, and the ONNX project's node tests as classifiers; behind a byte of options."""
    try:
        import io_onnx_graphs
        import io_onnx_nodes
        import onnx  # noqa: F401
    except ImportError as e:
        print(f"few ONNX seeds: {e}", file=sys.stderr)
        return
    with open(os.path.join(SOURCE, "demo", "shapes.onnx"), "rb") as f:
        put(folder, "shapes", b"\0" + f.read())
    for k, make in enumerate(io_onnx_graphs.CASES):
        path = os.path.join(folder, make.__name__)
        g, logits = make()[:2]
        g.save(path, logits)
        with open(path, "rb") as f:
            content = f.read()
        put(folder, make.__name__, bytes([k % 2]) + content)
    for case in io_onnx_nodes.cases():
        tried = io_onnx_nodes.ways(case)
        for way in [] if isinstance(tried, str) else tried:
            content = b"\0" + way.model.SerializeToString()
            if len(content) <= MAX_BYTES["onnx"]:
                put(folder, f"{case.name}_{way.name}", content)


def manifest_seeds(folder):
    put(folder, "plain",
        b"path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,dog;2,0,1,2,3\n\"b,\"\"c.png\",,,,,,\n")
    put(folder, "classes", b"\xef\xbb\xbffile,class\r\nx.jpg,red fox\r\n")


def study_seeds(folder):
    put(folder, "plain", b"model: m.onnx\nmethods: [grad_cam, 'a b']\nlayers:\n  - input\n  - \"x\\ty\"\nunit: 16\n")
    put(folder, "block", b"%YAML 1.1\n--- # c\nout: |\n  a\n  b\ndata: >-\n  c\n? name\n: !!str \"\\u263a\"\n...\n")


def image_seeds(folder):
    """Every kind of PNG and JPEG, a few pixels large; the first byte says what is asked for."""
    for path in sorted(glob.glob(os.path.join(SOURCE, "demo", "images", "**", "*.*g"), recursive=True))[:2]:
        with open(path, "rb") as f:
            put(folder, os.path.basename(path), b"\0" + f.read())
    try:
        import numpy as np
        from PIL import Image
    except ImportError as e:
        print(f"few image seeds: {e}", file=sys.stderr)
        return
    noise = np.random.default_rng(5).integers(0, 256, (9, 11, 4), "u1")
    rgb = Image.fromarray(noise[..., :3])
    exif = Image.Exif()
    exif[0x112] = 6

    def save(name, image, kind, **options):
        out = io.BytesIO()
        image.save(out, kind, **options)
        put(folder, name, bytes([len(name) % 4]) + out.getvalue())

    for mode in ("1", "L", "P", "RGB", "RGBA", "LA", "I;16"):
        image = Image.fromarray(noise[..., 0].astype("u2") * 257) if mode == "I;16" else rgb.convert(mode)
        save("png_" + mode.replace(";", ""), image, "PNG", exif=exif)
    save("png_transparent", rgb.convert("P"), "PNG", transparency=3)
    for mode in ("L", "RGB", "CMYK"):
        for progressive in (False, True):
            save(f"jpeg_{mode}_{progressive}", rgb.convert(mode), "JPEG", progressive=progressive, exif=exif)
    save("jpeg_subsampled", rgb, "JPEG", subsampling=2, optimize=True)


def hdf5_seeds(folder):
    put(folder, "sets", bytes([1, 2, 0, 4, 0, 3, 4, 4, 3, 9, 9, 9, 1, 1, 3, 3, 0, 1, 2]))


MAKERS = {"onnx": onnx_seeds, "manifest": manifest_seeds, "study": study_seeds, "image": image_seeds, "hdf5": hdf5_seeds}


def seeds(target, folder):
    """Fill a folder with files to begin with."""
    put(folder, "empty", b"")
    put(folder, "zeros", bytes(64))
    MAKERS[target](folder)


def kept(target):
    """Path of the corpus that the repository keeps."""
    return os.path.join(SOURCE, "tests", "fuzz_corpus", target + ".zip")


def unpack(target, folder):
    """Put the kept corpus into a folder."""
    if os.path.exists(kept(target)):
        with zipfile.ZipFile(kept(target)) as z:
            z.extractall(folder)


def found(target):
    folder = os.path.join(SOURCE, "tests", "fuzz_found", target)
    return [os.path.join(folder, n) for n in sorted(os.listdir(folder))] if os.path.isdir(folder) else []


def dictionary(target, path):
    """The words of a target as libFuzzer reads them; the option that names them."""
    if target not in WORDS:
        return []
    with open(path, "w") as f:
        for w in WORDS[target]:
            f.write('"' + "".join(f"\\x{b:02x}" for b in w.encode("latin-1")) + '"\n')
    return ["-dict=" + path]
