"""Every classifier of torchvision: logits, d(logit)/d(input) and d(logit)/d(tap) at 5 random taps against
PyTorch's autograd in float64 on the exported file, at equal gates (proof_autograd.py says what that is).

    models_proof.py              all architectures at opset 13; one of each family in all other ways
    models_proof.py PAGE.md      write the tables into that page, between its marks

MODELS=resnet18,vit_b_16 proves only those.  RESULTS names a file to which every result is appended at once:
what it holds for the same program is not proven again, so a stopped run goes on where it was; PAGE.md is
written from it.  Convolutional networks are exported for small images, which changes no node.  Run by the
target `models_proof`; needs torch and torchvision.
"""

import hashlib
import json
import os
import random
import re
import sys

import models_export
import proof
import proof_models

BOUND = 1e-4
TAPS = 5
FULL = (13, "folded")
# The smallest of each family is proven at all opsets in all variants.
FAMILY = ("alexnet", "vgg11", "vgg11_bn", "resnet18", "resnext50_32x4d", "wide_resnet50_2", "densenet121", "googlenet",
          "inception_v3", "squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5",
          "efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf", "convnext_tiny", "vit_b_32",
          "swin_t", "swin_v2_t", "maxvit_t")
RESULTS = os.environ.get("RESULTS", "")


def noise(shape, seed):
    """Blurred noise with a fixed seed, of about unit variance."""
    import numpy as np
    x = np.random.default_rng(seed).standard_normal(shape)
    return (sum(np.roll(x, (i, k), (2, 3)) for i in range(4) for k in range(4)) / 4).astype("f4")


def program():
    """What tells one build of the program from another."""
    with open(proof.PROGRAM, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def results():
    """(model, opset, variant) to its last figures."""
    if not os.path.exists(RESULTS):
        return {}
    with open(RESULTS, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f if line.endswith("\n")]
    return {(r["model"], r["opset"], r["variant"]): r for r in rows}


def keep(row):
    """Append a result."""
    if RESULTS:
        with open(RESULTS, "a", encoding="utf-8") as f:
            f.write(json.dumps(dict(row, program=program())) + "\n")


def ways(name):
    """(opset, variant) in which an architecture is proven, the full proof first."""
    others = [(o, v) for o in models_export.OPSETS for v, _ in models_export.VARIANTS]
    return [FULL] + ([way for way in others if way != FULL] if name in FAMILY else [])


class Models(proof_models.Golden):
    test_every_small_model = None  # that is proof.models

    def compare(self, path, x, module, full):
        """Errors of one exported file at one input, as a dictionary of figures; in full or only at the input."""
        import torch
        from onnx_reference import Network
        found, logits, target = self.dump_all(path, x)
        seen = {t: activation for t, (activation, _) in found.items()}
        exact, flips = Network(path), []
        plain = exact.forward(x, seen=seen, flips=flips)
        # an open batch has the same values under other shapes
        taps = [t for t in found if t in plain and seen[t].size == plain[t].numel()]
        some = [taps[0], *random.Random(5).sample(taps[1:], min(TAPS, len(taps) - 1) if full else 0)]
        theirs = {t: found[t][1].reshape(plain[t].shape) for t in some}
        output = plain[exact.output].detach().numpy().reshape(-1)
        figures = {"taps": len(found), "logits": proof.relative(logits, output), "module": proof.relative(module, output),
                   "other": len(flips), "farthest": max(flips, default=0.0)}
        self.assertEqual(target, int(output.argmax()))
        del found
        # without a decision that differs, its own gates are the equal ones
        free = exact.signals(plain, some, [target]) if full or not flips else None
        equal = exact.signals(exact.forward(x, seen=seen), some, [target]) if flips else free
        errors = [proof.relative(theirs[t], g) for t, g in zip(some, equal)]
        figures["input"] = errors[0]
        if full:
            del exact, plain, seen
            single = Network(path, torch.float32)
            float32 = single.signals(single.forward(x), some, [target])
            figures.update(tap=max(errors[1:]), free=max(proof.relative(theirs[t], g) for t, g in zip(some, free)),
                           pytorch=max(proof.relative(s, g) for s, g in zip(float32, free)))
        return figures

    def prove(self, name, net, opset, variant):
        """Export, compare, keep; prints a row."""
        import torch
        side = models_export.small_side(name)
        x = noise((1, 3, side, side), 1)
        path = self.path(f"{name}_{opset}_{variant}.onnx")
        try:
            models_export.export(net, (3, side, side), path, opset, variant)
        except torch.onnx.errors.UnsupportedOperatorError as e:
            keep({"model": name, "opset": opset, "variant": variant, "side": side, "no_export": str(e).split(". ")[0]})
            proof.figure(f"{name:20} {opset:2} {variant:6} no export: {e}")
            return
        with torch.no_grad():
            module = net(torch.from_numpy(x)).numpy().reshape(-1)
        full = (opset, variant) == FULL
        found = self.compare(path, x, module, full)
        keep({"model": name, "opset": opset, "variant": variant, "side": side, **found})
        last = f"{found['tap']:8.1e} {found['free']:8.1e} {found['pytorch']:8.1e}" if full else ""
        proof.figure(f"{name:20} {opset:2} {variant:6} {side:3} {found['taps']:4} {found['logits']:8.1e} {found['input']:8.1e} "
                     f"{found['other']:4} {found['farthest']:8.1e} {last}")
        for key in ("logits", "input", "tap", "farthest", "module"):
            self.assertLessEqual(found.get(key, 0.0), BOUND, f"{name}: {key}")

    def test_every_architecture(self):
        names = [n for n in os.environ.get("MODELS", "").split(",") if n] or models_export.architectures()
        done = {way for way, r in results().items() if r["program"] == program()}
        proof.figure(f"{'architecture':20} {'how':9} {'px':>3} {'taps':>4} {'logits':>8} {'input':>8} {'other':>4} "
                     f"{'farthest':>8} {'5 taps':>8} {'free':>8} {'pytorch':>8}")
        for name, todo in [(n, [FULL]) for n in names] + [(n, ways(n)[1:]) for n in names]:
            todo = [way for way in todo if (name, *way) not in done]
            net = models_export.network(name) if todo else None
            for way in todo:
                with self.subTest(model=name, way=way):
                    self.prove(name, net, *way)
                for file in os.listdir(self.folder):  # large models are many files
                    os.remove(self.path(file))


def full_table(done):
    """One row an architecture, at the opset of the full proof."""
    rows = ["| architecture | px | taps | logits | input | 5 taps | other | farthest | free | PyTorch |",
            "|---|---|---|---|---|---|---|---|---|---|"]
    for (name, *way), r in sorted(done.items()):
        if tuple(way) == FULL and "no_export" not in r:
            rows.append(f"| {name} | {r['side']} | {r['taps']} | {r['logits']:.1e} | {r['input']:.1e} | {r['tap']:.1e} | "
                        f"{r['other']} | {r['farthest']:.1e} | {r['free']:.1e} | {r['pytorch']:.1e} |")
    return rows


def cell(row):
    """The worst of logits and input gradient of one export."""
    if not row:
        return "-"
    return "no export" if "no_export" in row else f"{max(row['logits'], row['input']):.1e}"


def ways_table(done):
    """One row for each of a family, the worst of logits and input gradient in each way."""
    columns = [way for way in ways(FAMILY[0])[1:]]
    rows = ["| architecture | " + " | ".join(f"{o} {v}" for o, v in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in FAMILY:
        cells = [done.get((name, *way)) for way in columns]
        if any(cells):
            rows.append(f"| {name} | " + " | ".join(map(cell, cells)) + " |")
    return rows


def write(page):
    """Put both tables between the page's marks."""
    done = results()
    with open(page, encoding="utf-8") as f:
        text = f.read()
    for mark, rows in (("models", full_table(done)), ("ways", ways_table(done))):
        begin, end = f"<!-- {mark}: written by tests/models_proof.py -->", f"<!-- end of {mark} -->"
        text, n = re.subn(f"(?s){re.escape(begin)}.*?{re.escape(end)}", lambda _: "\n".join([begin, *rows, end]), text)
        if n != 1:
            raise SystemExit(f"{page} has no place for {mark}")
    with open(page, "w", encoding="utf-8") as f:
        f.write(text)
    missing = [n for n in models_export.architectures() if (n, *FULL) not in done]
    others = sum(r["program"] != program() for r in done.values())
    print(f"{len(done)} results written, {others} of them by another build than {proof.PROGRAM}"
          + (f"; none of {', '.join(missing)}" if missing else ""))


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx", "torch", "torchvision")
    models_export.quiet()
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        write(sys.argv[1])
    else:
        proof.main()
