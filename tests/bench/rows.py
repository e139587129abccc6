"""What is measured: each function fills one table.  Rounds alternate between the programs."""

import json
import os

import servers
from report import Figures, Table, verdict

# Times as fast as PyTorch that are asked for.
ASKED_GRADIENT = {"vgg16": 2.5, "resnet50": 1.8, "mobilenet_v2": 1.5, "squeezenet1_0": 1.5}
ASKED_SUITE = 3.0
ASKED_RANKS = 1.9
ASKED_MEMORY = 1 / 3
ASKED_EXTRACTS = 0.15

SGEMM = 1024
AT_INPUT = "gradient,input_x_gradient,guided_backprop,deconvnet"
AT_TAPS = "grad_cam,linear_approx,gradient/scaling/norm,gradient/conv1x1/norm,gradient/conv3x3/norm"
THREE_PASSES = "gradient/bias/sum,guided/bias/sum,deconvnet/bias/sum"
LOGITS_BOUND = 1e-4  # of the largest logit: the bound of the tests against PyTorch
# Maps of float networks differ where a ReLU falls the other way; more than this is another map.
MAPS_BOUND = 0.1


class Setting:
    """What all measurements share."""

    def __init__(self, folder, core, rounds, samples, say):
        self.folder, self.core, self.rounds, self.samples, self.say = folder, core, rounds, samples, say
        self.differs = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def facts(self, model):
        with open(self.path(model + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def image(self, size):
        """A file of noise [samples, 3, size, size], the same for both sides."""
        import numpy as np
        path = self.path(f"noise{self.samples}x{size}.f32")
        if not os.path.exists(path):
            x = np.random.default_rng(0).standard_normal((self.samples, 3, size, size))
            x.astype("f4").tofile(path)
        return path

    def engine(self, model, *pairs):
        made = servers.engine(self.core, self.path(model + ".onnx"), self.samples, *pairs)
        made.ask("input", self.image(self.facts(model)["size"]))
        return made

    def pytorch(self, model, how):
        made = servers.pytorch(self.core, model, self.folder, self.samples, how)
        size = self.facts(model)["size"]
        made.ask("input", self.image(size), size)
        return made

    def check(self, what, error, bound):
        """One line on how much two results differ; remembers it when that is too much."""
        line = f"{what}: ours and PyTorch's differ by {error:.1e}"
        if not error <= bound:
            line += f", MORE THAN {bound:.0e}"
            self.differs.append(line)
        return line + "."


def fastest_form(torch, task, forms, *arguments):
    """The form in which PyTorch does a task fastest; it stays set."""
    took = {}
    for form in forms:
        torch.ask("form", form)
        torch.ask(task, *arguments)
        took[form] = torch.ask(task, *arguments)["seconds"]
    best = min(took, key=took.get)
    torch.ask("form", best)
    return best


def compare_logits(setting, engine, torch, model):
    import numpy as np
    ours, theirs = (np.array(side.ask("logits")["logits"]) for side in (engine, torch))
    error = np.abs(ours - theirs).max() / np.abs(theirs).max()
    return setting.check(f"{model}, logits, of the largest", error, LOGITS_BOUND)


def engine_maps(setting, engine):
    """Maps of the last round, one array [samples, methods, H, W] for each tap."""
    import numpy as np
    path = setting.path("ours.maps")
    engine.ask("rows", path)
    return cut_maps(np.fromfile(path, "f4"), setting.samples, engine.facts["taps"])


def cut_maps(flat, samples, taps):
    found, at = [], 0
    for t in taps:
        shape = samples, t["methods"], t["height"], t["width"]
        n = shape[0] * shape[1] * shape[2] * shape[3]
        found.append(flat[at:at + n].reshape(shape))
        at += n
    assert at == len(flat)
    return found


def distance(a, b):
    """|a - b| / |b| in the Euclidean norm."""
    import numpy as np
    a, b = a.astype("f8"), b.astype("f8")
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def compare_gradients(setting, engine, torch, model):
    import numpy as np
    path = setting.path("theirs.maps")
    torch.ask("gradient")
    torch.ask("save", path)
    ours = engine_maps(setting, engine)[0][:, 0]
    theirs = np.abs(np.fromfile(path, "f4").reshape(setting.samples, -1, *ours.shape[1:])).max(1)
    return setting.check(f"{model}, gradient at the input, in the Euclidean norm", distance(ours, theirs),
                         MAPS_BOUND)


def compare_suites(setting, engine, torch, model):
    import numpy as np
    path = setting.path("theirs.maps")
    torch.ask("suite", path)
    ours = engine_maps(setting, engine)
    theirs = cut_maps(np.fromfile(path, "f4"), setting.samples, engine.facts["taps"])
    error = max(distance(a[:, m], b[:, m]) for a, b in zip(ours, theirs) for m in range(a.shape[1]))
    return setting.check(f"{model}, the worst of all maps of the suite, in the Euclidean norm", error, MAPS_BOUND)


def speed_table():
    return Table("Forward and input gradient", "model", "passes", "ours, ms an image", "PyTorch as installed, ms",
                 "times as fast", "PyTorch tuned, ms", "times as fast", "GFLOP/s", "of sgemm", "asked for")


def speed_rows(setting, table, model, times):
    """Two rows from the rounds: dictionaries by side of Figures in seconds a unit."""
    sgemm = 2 * SGEMM**3 / times["sgemm"].median() / 1e9
    per_image = 1e3 / setting.samples
    for name, passes in (("forward", 1), ("forward + gradient", 2)):
        ours = times["forward"] if passes == 1 else times["forward"] + times["backward"]
        task = "forward" if passes == 1 else "gradient"
        ratios = [times[how, task].over(ours) for how in ("plain", "tuned")]
        flops = passes * setting.facts(model)["operations"] * setting.samples / ours.median() / 1e9
        asked = verdict(ratios[0].median(), at_least=ASKED_GRADIENT[model]) if passes == 2 else ""
        table.add(model, name, ours.text(1, per_image), times["plain", task].text(1, per_image),
                  ratios[0].text(2), times["tuned", task].text(1, per_image), ratios[1].text(2),
                  f"{flops:.0f}", f"{100 * flops / sgemm:.0f} % of {sgemm:.0f}", asked)


def speed(setting, table, model):
    """Ours, PyTorch as installed, PyTorch tuned, and sgemm."""
    tasks = [(how, task) for how in ("plain", "tuned") for task in ("forward", "gradient")]
    times = {key: Figures() for key in ("sgemm", "forward", "backward", *tasks)}
    with servers.sgemm(setting.core, SGEMM) as sgemm, setting.engine(model, "gradient", "input") as engine, \
            setting.pytorch(model, "plain") as plain, setting.pytorch(model, "tuned") as tuned:
        side = {"plain": plain, "tuned": tuned}
        forms = {"forward": fastest_form(tuned, "forward", ("contiguous", "channels_last", "frozen")),
                 "gradient": fastest_form(tuned, "gradient", ("contiguous", "channels_last"))}
        engine.ask("run")
        table.note(compare_logits(setting, engine, tuned, model))
        engine.ask("run")
        table.note(compare_gradients(setting, engine, tuned, model))
        table.note(f"{model}: PyTorch's fastest forms here are {forms['forward']} and {forms['gradient']}.")
        for _ in range(setting.rounds):
            setting.say(f"{model}, forward and gradient")
            times["sgemm"].extend(sgemm.ask("")["seconds"] for _ in range(3))
            answer = engine.ask("run")
            times["forward"].append(answer["forward"])
            times["backward"].append(answer["backward"])
            for how, task in tasks:
                if how == "tuned":
                    tuned.ask("form", forms[task])
                times[how, task].append(side[how].ask(task)["seconds"])
    speed_rows(setting, table, model, times)


def suite_table():
    return Table("The suite against the best PyTorch loop", "model", "taps", "ours, ms an image",
                 "the loop, PyTorch as installed, ms", "times as fast", "the loop, PyTorch tuned, ms", "times as fast",
                 "asked for")


def suite_pairs(setting, model):
    return AT_INPUT, "input", AT_TAPS, ",".join(setting.facts(model)["taps"])


def suite(setting, table, model):
    """Every method of the suite, ours in one engine, theirs in one loop."""
    ours, theirs, installed = Figures(), Figures(), Figures()
    with setting.engine(model, *suite_pairs(setting, model)) as engine, setting.pytorch(model, "tuned") as torch, \
            setting.pytorch(model, "loop") as loop:
        form = fastest_form(torch, "suite", ("contiguous", "channels_last"), "-")
        engine.ask("run")
        table.note(compare_suites(setting, engine, torch, model))
        table.note(f"{model}: PyTorch's faster form here is {form}.")
        for _ in range(setting.rounds):
            setting.say(f"{model}, suite")
            answer = engine.ask("run")
            ours.append(answer["forward"] + answer["backward"])
            theirs.append(torch.ask("suite", "-")["seconds"])
            installed.append(loop.ask("suite", "-")["seconds"])
        taps = len(engine.facts["taps"])
    ratio, per_image = theirs.over(ours), 1e3 / setting.samples
    table.add(model, str(taps), ours.text(1, per_image), installed.text(1, per_image), installed.over(ours).text(2),
              theirs.text(1, per_image), ratio.text(2),
              verdict(ratio.median(), at_least=ASKED_SUITE))


def extracts_table():
    return Table("Maps on top of the passes they share (rules gradient, guided, deconvnet)", "model", "methods",
                 "three sums at the input, ms an image", "these methods, ms", "more, %", "asked for")


def extracts(setting, table, model):
    """The same passes with almost no maps, with the suite, and with every basic method at every tap."""
    wishes = {"basic at all taps": ("basic", "all")}
    if setting.facts(model)["taps"]:
        wishes = {"the suite": suite_pairs(setting, model), **wishes}
    for name, pairs in wishes.items():
        bare, full = Figures(), Figures()
        with setting.engine(model, THREE_PASSES, "input") as few, setting.engine(model, *pairs) as many:
            few.ask("run"), many.ask("run")
            assert few.facts["passes"] == many.facts["passes"] == 3
            for _ in range(setting.rounds):
                setting.say(f"{model}, extracts, {name}")
                for side, times in ((few, bare), (many, full)):
                    answer = side.ask("run")
                    times.append(answer["forward"] + answer["backward"])
        more, per_image = Figures(r - 1 for r in full.over(bare)), 1e3 / setting.samples
        asked = verdict(100 * more.median(), at_most=100 * ASKED_EXTRACTS) if pairs[0] == "basic" else ""
        table.add(model, name, bare.text(1, per_image), full.text(1, per_image), more.text(0, 100), asked)


def memory_table():
    return Table("Memory beyond the plain weights, forward and input gradient", "model", "peak", "ours, MiB",
                 "PyTorch as installed, MiB", "ours over theirs", "asked for")


def peaks(server, task, peak, base):
    """Peak with loading, and peak of the passes alone, beyond `base` bytes."""
    loading = peak(server)
    server.forget_peak()
    for _ in range(2):
        server.ask(task)
    passes = peak(server)
    return [(bytes_ - base) / 2**20 for bytes_ in (max(loading, passes), passes)]


def memory(setting, table, model):
    """Ours: private pages and shared windows.  Theirs: beyond what importing it takes."""
    setting.say(f"{model}, memory")
    with setting.engine(model, "gradient", "input") as engine:
        facts = engine.facts
        ours = peaks(engine, "run", lambda s: s.private, facts["weights"])
    with setting.pytorch(model, "plain") as torch:
        theirs = peaks(torch, "gradient", lambda s: s.memory()["VmHWM"], torch.facts["import"] + facts["weights"])
    for name, a, b in zip(("loading included", "of the passes"), ours, theirs):
        table.add(model, name, f"{a:.0f}", f"{b:.0f}", f"{a / b:.2f}", verdict(a / b, at_most=round(ASKED_MEMORY, 3)))
    table.note(f"{model}: {facts['samples']} images at once, weights {facts['weights'] / 2**20:.0f} MiB; ours holds "
               f"{facts['prepared'] / 2**20:.0f} MiB of transformed weights and an arena of "
               f"{facts['arena'] / 2**20:.0f} MiB. Ours: private and shared pages, every 5 ms; PyTorch's: VmHWM "
               "less VmRSS after import; both less the weights.")
