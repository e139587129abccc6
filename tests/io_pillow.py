"""Pixels equal Pillow's and torchvision's, bit for bit.

Generates JPEG and PNG files of every kind in odd sizes, sends them through tool_pixels (decode, convert, resize,
crop, normalise) and compares with PIL's convert, torchvision's Resize and CenterCrop, and numpy's float64 formula
rounded to float32.  Damaged files must give an error or an image, never a crash or a word on stderr.
There is no tolerance: every comparison is equality."""
import glob
import io
import os
import random
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib

try:
    import numpy as np
    from PIL import Image, ImageOps
    import torchvision.transforms.functional as F
    from torchvision.transforms import InterpolationMode as M
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

TOOL = os.environ.get("TOOL_PIXELS") or sys.argv[1]
RNG = np.random.default_rng(20)
PICK = random.Random(20)
FILTERS = {"nearest": M.NEAREST, "bilinear": M.BILINEAR, "bicubic": M.BICUBIC, "lanczos": M.LANCZOS, "box": M.BOX}
SIZES = [(1, 1), (1, 9), (11, 1), (2, 3), (7, 5), (8, 8), (13, 17), (33, 65), (97, 64), (31, 120), (150, 101)]


# ---------------------------------------------------------------- files

def picture(h, w, channels):
    """Smooth waves with noise on top, so that both filters and clipping matter."""
    y, x = np.mgrid[0:h, 0:w]
    planes = [127 + 110 * np.sin(x / (3.0 + c) + y / (5.0 - c) + c) for c in range(channels)]
    noise = RNG.integers(-60, 61, (h, w, channels))
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(samples, depth):
    """Samples [h, n] to bytes."""
    h, n = samples.shape
    if depth == 16:
        rows = samples.astype(">u2").view(np.uint8).reshape(h, 2 * n)
    elif depth == 8:
        rows = samples.astype(np.uint8)
    else:
        bits = (samples[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = np.packbits(bits.reshape(h, -1).astype(np.uint8), axis=1)
    return rows


def filter_rows(rows, bpp):
    """Cycle through the five PNG filters."""
    out, before = b"", np.zeros(rows.shape[1], np.int64)
    for y, row in enumerate(rows.astype(np.int64)):
        left = np.concatenate([np.zeros(bpp, np.int64), row])[: len(row)]
        corner = np.concatenate([np.zeros(bpp, np.int64), before])[: len(row)]
        p = left + before - corner
        a, b, c = abs(p - left), abs(p - before), abs(p - corner)
        paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, before, corner))
        kind = y % 5
        guess = [0, left, before, (left + before) // 2, paeth][kind]
        out += bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        before = row
    return out


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png(h, w, colour, depth, interlaced, extra=b"", entries=None):
    """A PNG file with random samples, and its samples [h, w, channels]."""
    c = CHANNELS[colour]
    if depth >= 8:
        s = picture(h, w, c).astype(np.int64)
        if depth == 16:
            s = s * 256 + RNG.integers(0, 256, s.shape)
    else:
        s = RNG.integers(0, 1 << depth, (h, w, c))
    if colour == 3:
        entries = entries or 1 << depth
        s = RNG.integers(0, 1 << depth, (h, w, 1))
        extra = chunk(b"PLTE", RNG.integers(0, 256, 3 * entries).astype(np.uint8).tobytes()) + extra
    bpp = max(1, c * depth // 8)
    data = b""
    for y, x, dy, dx in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = s[y::dy, x::dx]
        if part.size:
            data += filter_rows(pack_rows(part.reshape(part.shape[0], -1), depth), bpp)
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(interlaced))
    parts = [chunk(b"IHDR", head), extra]
    z = zlib.compress(data)
    cut = len(z) // 2
    parts += [chunk(b"IDAT", z[:cut]), chunk(b"IDAT", z[cut:]), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts), s


def tiff(orientation, big):
    e = ">" if big else "<"
    entries = [(0x010F, 2, 4, b"abc\0"), (0x0112, 3, 1, struct.pack(e + "HH", orientation, 0))]
    body = struct.pack(e + "H", len(entries))
    for tag, kind, n, value in entries:
        body += struct.pack(e + "HHI", tag, kind, n) + value
    return (b"MM" if big else b"II") + struct.pack(e + "HI", 42, 8) + body + struct.pack(e + "I", 0)


def jpeg(image, **how):
    b = io.BytesIO()
    image.save(b, "JPEG", **how)
    return b.getvalue()


def without_marker(data, marker):
    at = 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        n = struct.unpack(">H", data[at + 2: at + 4])[0] + 2
        if data[at + 1] == marker:
            return data[:at] + data[at + n:]
        at += n
    raise ValueError("no such marker")


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def png_files():
    kinds = [(0, d) for d in (1, 2, 4, 8, 16)] + [(2, 8), (2, 16)] + [(3, d) for d in (1, 2, 4, 8)]
    kinds += [(4, 8), (4, 16), (6, 8), (6, 16)]
    for colour, depth in kinds:
        for interlaced in (False, True):
            for h, w in PICK.sample(SIZES, 3):
                data, s = png(h, w, colour, depth, interlaced)
                yield f"png_{colour}_{depth}_{int(interlaced)}_{h}x{w}.png", data, (s >> 8 if (colour, depth) == (0, 16) else None)
    yield "png_short_palette.png", png(9, 14, 3, 8, False, entries=100)[0], None
    yield "png_palette_trns.png", png(19, 14, 3, 8, False, chunk(b"tRNS", bytes(range(0, 200))))[0], None
    yield "png_grey_trns.png", png(19, 14, 0, 8, False, chunk(b"tRNS", b"\x00\x80"))[0], None
    yield "png_rgb_trns.png", png(19, 14, 2, 8, True, chunk(b"tRNS", b"\x00\x80\x00\x10\x00\x20"))[0], None
    yield "png_gamma.png", png(19, 14, 2, 8, False, chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"sRGB", b"\0"))[0], None
    for o in range(1, 9):
        yield f"exif_{o}.png", png(10, 7, 2, 8, False, chunk(b"eXIf", tiff(o, o % 2)))[0], None
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        b = io.BytesIO()
        Image.fromarray(picture(41, 29, 3)).convert(mode).save(b, "PNG")
        yield f"pil_{mode}.png", b.getvalue(), None


def jpeg_files():
    for h, w in SIZES:
        for channels in (1, 3, 4):
            a = picture(h, w, channels)
            image = Image.fromarray(a[..., 0] if channels == 1 else a, {1: "L", 3: "RGB", 4: "CMYK"}[channels])
            for progressive in (False, True):
                how = dict(progressive=progressive, quality=PICK.choice((20, 75, 90, 100)), optimize=PICK.random() < 0.5)
                if channels == 3:
                    how["subsampling"] = PICK.choice(("4:4:4", "4:2:2", "4:2:0", "4:1:1"))
                yield f"jpeg_{channels}_{int(progressive)}_{h}x{w}.jpg", jpeg(image, **how), None
    for h, w in ((16, 16), (35, 51), (64, 97)):
        for progressive in (False, True):
            name = f"{int(progressive)}_{h}x{w}"
            rgb = Image.fromarray(picture(h, w, 3))
            cmyk = jpeg(Image.fromarray(picture(h, w, 4), "CMYK"), progressive=progressive)
            plain = jpeg(rgb, progressive=progressive, subsampling=0)
            yield f"adobe_rgb_{name}.jpg", plain[:2] + adobe(0) + without_marker(plain, 0xE0)[2:], None
            yield f"no_jfif_{name}.jpg", without_marker(plain, 0xE0), None
            yield f"cmyk_no_adobe_{name}.jpg", without_marker(cmyk, 0xEE), None
            yield f"ycck_{name}.jpg", cmyk[:2] + adobe(2) + without_marker(cmyk, 0xEE)[2:], None
    for o in range(1, 9):
        for channels in (1, 3):
            a = picture(21, 34, channels)
            image = Image.fromarray(a[..., 0] if channels == 1 else a)
            yield f"exif_{o}_{channels}.jpg", jpeg(image, exif=b"Exif\0\0" + tiff(o, o % 2)), None
    yield "stray_bytes.jpg", (lambda d: d[:-2] + b"\0\0\0" + d[-2:])(jpeg(Image.fromarray(picture(24, 24, 3)))), None


# ---------------------------------------------------------------- jobs

class Jobs:
    def __init__(self, folder):
        self.folder, self.lines, self.checks = folder, [], []

    def add(self, path, shape, kind, settings, check):
        out = os.path.join(self.folder, f"out{len(self.lines)}")
        words = [path, out, *map(str, shape), kind] + [f"{k}={v}" for k, v in settings.items()]
        self.lines.append("\t".join(words))
        self.checks.append((out, words, check))

    def run(self):
        p = subprocess.run([TOOL], input="\n".join(self.lines) + "\n", text=True, capture_output=True)
        assert p.returncode == 0, f"tool_pixels ended with {p.returncode}: {p.stderr[-2000:]}"
        assert p.stderr == "" and p.stdout == "", p.stderr
        bad = 0
        for out, words, check in self.checks:
            wrong = check(out)
            if wrong:
                bad += 1
                if bad <= 20:
                    print("WRONG", wrong, words)
        return bad


def equals(want):
    """A check that the output is exactly this array."""
    def check(out):
        if not os.path.exists(out):
            return open(out + ".error").read()
        got = np.fromfile(out, want.dtype)
        if got.size != want.size:
            return f"{got.size} values instead of {want.size}"
        n = int((got != want.ravel()).sum())
        return f"{n} of {got.size} values differ" if n else None
    return check


def opened(path, channels, exif, samples):
    if samples is not None:  # 16-bit grey: the high byte, where Pillow's convert would clip at 255
        image = Image.fromarray(samples[..., 0].astype(np.uint8))
    else:
        image = Image.open(path)
        if exif:
            image = ImageOps.exif_transpose(image)
    return image.convert("L" if channels == 1 else "RGB")


def fitted(image, resize, name, crop):
    if isinstance(resize, int):
        image = F.resize(image, resize, FILTERS[name])
    elif resize:
        image = image.resize((resize[1], resize[0]), getattr(Image.Resampling, name.upper()))
    return F.center_crop(image, crop) if crop else image


def normalised(a, settings, bgr):
    a = a.reshape(*a.shape[:2], -1)[..., ::-1 if bgr else 1].astype(np.float64)
    mean, std = ([float(v) for v in settings[k].split(",")] for k in ("mean", "std"))
    return np.ascontiguousarray(((a * float(settings["scale"]) - mean) / std).astype(np.float32).transpose(2, 0, 1))


def add_fit(jobs, path, image, channels, base):
    """One random resize, filter and crop."""
    name = PICK.choice(list(FILTERS))
    side = PICK.choice((1, 5, 16, 37, 64, 130))
    resize = PICK.choice((None, side, side, (side, PICK.choice((3, 16, 50, 97))), (image.height, side), (side, image.width)))
    crop = PICK.choice((None, (32, 32), (17, 40), (64, 9)))
    want = fitted(image, resize, name, crop)
    settings = dict(base, filter=name, crop="centre" if crop else "none")
    settings["resize"] = "none" if not resize else str(resize) if isinstance(resize, int) else "%dx%d" % resize
    a = np.asarray(want)
    shape = (channels, want.height, want.width)
    if PICK.random() < 0.7:
        jobs.add(path, shape, "pixels", settings, equals(a))
    else:
        bgr = channels == 3 and PICK.random() < 0.5
        settings.update(scale=PICK.choice(("0.00392156862745098", "1", "0.0078125")))
        settings.update({"mean": "0.485,0.456,0.406", "std": "0.229,0.224,0.225"} if channels == 3 else {"mean": "0.1307", "std": "0.3081"})
        if bgr:
            settings["channel-order"] = "BGR"
        jobs.add(path, shape, "floats", settings, equals(normalised(a, settings, bgr)))


def generated(folder):
    jobs, n = Jobs(folder), 0
    for name, data, samples in list(png_files()) + list(jpeg_files()):
        path = os.path.join(folder, name)
        with open(path, "wb") as f:
            f.write(data)
        n += 1
        for channels in (1, 3):
            for exif in (False, True) if name.startswith("exif") else (False,):
                image = opened(path, channels, exif, samples)
                base = {"exif": "apply" if exif else "ignore"}
                jobs.add(path, (channels, 1, 1), "plain", base, equals(np.asarray(image)))
                for _ in range(4):
                    add_fit(jobs, path, image, channels, base)
    bad = jobs.run()
    print(f"{n} generated files, {len(jobs.lines)} comparisons, {bad} wrong")
    return bad


def steep(folder):
    """Every filter at steep and gentle changes of size, on an image of full contrast."""
    jobs = Jobs(folder)
    a = (RNG.random((211, 157, 3)) < 0.5).astype(np.uint8) * 255
    path = os.path.join(folder, "steep.png")
    Image.fromarray(a).save(path)
    for name in FILTERS:
        for h, w in ((1, 1), (2, 157), (211, 3), (210, 156), (212, 158), (422, 157), (211, 471), (53, 600), (700, 20), (211, 157)):
            want = fitted(Image.open(path), (h, w), name, None)
            jobs.add(path, (3, h, w), "pixels", {"resize": f"{h}x{w}", "filter": name}, equals(np.asarray(want)))
    bad = jobs.run()
    print(f"{len(jobs.lines)} steep resizes, {bad} wrong")
    return bad


def imagenet(folder):
    files = sorted(glob.glob(os.path.join(os.environ.get("SHARED_DATA", ""), "images", "imagenet", "*.JPEG")))
    if not files:
        print("skipped: no ImageNet files below SHARED_DATA")
        return 0
    jobs = Jobs(folder)
    for path in files:
        for name in ("bilinear", "bicubic"):
            want = fitted(Image.open(path).convert("RGB"), 256, name, (224, 224))
            settings = {"resize": "256", "crop": "centre", "filter": name}
            jobs.add(path, (3, 224, 224), "pixels", settings, equals(np.asarray(want)))
    bad = jobs.run()
    print(f"{len(files)} ImageNet files, {bad} wrong")
    return bad


def damaged(folder):
    """Cut files must be refused; files with changed bytes must not bring anything down."""
    jobs = Jobs(folder)
    refused = lambda out: None if os.path.exists(out + ".error") else "a cut file was taken"
    any_end = lambda out: None if os.path.exists(out) or os.path.exists(out + ".error") else "no answer"
    for name, data, _ in [f for f in list(png_files()) + list(jpeg_files()) if "33x65" in f[0] or "exif_6" in f[0]]:
        for k in range(14):
            at = PICK.randrange(len(data))
            cut = os.path.join(folder, f"cut{k}_{name}")
            with open(cut, "wb") as f:
                f.write(data[:at])
            jobs.add(cut, (3, 1, 1), "plain", {"exif": "apply"}, refused)
            flip = bytearray(data)
            for _ in range(PICK.choice((1, 3, 10))):
                flip[PICK.randrange(len(flip))] ^= 1 << PICK.randrange(8)
            path = os.path.join(folder, f"flip{k}_{name}")
            with open(path, "wb") as f:
                f.write(flip)
            jobs.add(path, (3, 1, 1), "plain", {"exif": "apply"}, any_end)
    bad = jobs.run()
    print(f"{len(jobs.lines)} damaged files, {bad} wrong")
    return bad


def main():
    warnings.simplefilter("ignore")
    bad = 0
    for part in (generated, steep, imagenet, damaged):
        with tempfile.TemporaryDirectory() as folder:
            bad += part(folder)
    sys.exit(1 if bad else 0)


main()
