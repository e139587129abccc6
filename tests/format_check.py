"""Does a file keep the contract of docs/format.md?  Reads its machine-readable copy, docs/format.json.

    python3 tests/format_check.py FILE.h5...     prints what is wrong; exit code 1 if anything is
    from format_check import check               check(path) -> list of complaints, empty when all is well
"""
import json
import pathlib
import re
import sys

import h5py
import numpy as np

CONTRACT = json.loads((pathlib.Path(__file__).parent.parent / "docs" / "format.json").read_text())
IS_TEXT = {"text": r"(?s).*", "sha256": r"[0-9a-f]{64}", "sums": r"([0-9a-f]{64}  [^\n]+\n)+"}


def kind(dataset):
    """The type in the words of the contract."""
    string = h5py.check_string_dtype(dataset.dtype)
    if string is not None:
        return "text" if string.length is None and string.encoding == "utf-8" else "other text"
    return dataset.dtype.name if dataset.dtype.byteorder in "<=|" else "big-endian"


def attribute_fits(value, want):
    if want == "json":
        try:
            return isinstance(json.loads(value), dict)
        except (TypeError, ValueError):
            return False
    if want in IS_TEXT:
        return isinstance(value, str) and re.fullmatch(IS_TEXT[want], value) is not None
    integers = np.issubdtype(np.asarray(value).dtype, np.integer)
    return integers and np.ndim(value) == (0 if want == "int" else 1)


def check_attributes(owner, attributes, want):
    for name, type_ in want.items():
        if name not in attributes:
            yield f"{owner}: attribute {name} is missing"
        elif not attribute_fits(attributes[name], type_):
            yield f"{owner}: attribute {name} is not {type_}: {attributes[name]!r}"


def pattern(name):
    """method_<k> stands for method_0, method_1, ...; y_<H> for y_7, y_56, ..."""
    return re.sub(r"<\w+>", r"(\\d+)", re.escape(name).replace(r"\<", "<").replace(r"\>", ">"))


def values(dataset):
    return list(dataset.asstr()[:]) if kind(dataset) == "text" else list(dataset[:])


def is_scale(dataset):
    return h5py.h5ds.is_scale(dataset.id)


def check_scale(path, dataset, name):
    """A dimension: a scale of its own name with names, or 0, 1, 2, ..."""
    if not is_scale(dataset) or dataset.ndim != 1:
        yield f"{path} is not a dimension scale"
        return
    rule = next((r for n, r in CONTRACT["axes"].items() if re.fullmatch(pattern(n), name)), None)
    if rule is None:
        yield f"{path} is not a dimension of the contract"
    elif isinstance(rule, list):
        if values(dataset) != rule:
            yield f"{path} holds {values(dataset)}, not {rule}"
    elif kind(dataset) not in rule.split(" or "):
        yield f"{path} is {kind(dataset)}, not {rule}"
    first = int(dataset.file.attrs.get("first_sample", 0)) if name == "sample" else 0
    if kind(dataset) == "int64" and not (dataset[:] == first + np.arange(dataset.size)).all():
        yield f"{path} is not {first}, {first + 1}, {first + 2}, ..."
    size = re.fullmatch(r"[yx]_(\d+)", name)
    if size and int(size[1]) != dataset.size:
        yield f"{path} has {dataset.size} values"


def check_variable(path, dataset, want):
    if kind(dataset) != want["type"]:
        yield f"{path} is {kind(dataset)}, not {want['type']}"
    if dataset.ndim != len(want["dims"]):
        yield f"{path} has {dataset.ndim} dimensions, not {len(want['dims'])}"
        return
    for axis, name in enumerate(want["dims"]):
        scales = [s.name for s in dataset.dims[axis].values()]
        group = dataset.parent.name
        if len(scales) != 1 or not re.fullmatch(re.escape(group + "/") + pattern(name), scales[0]):
            yield f"{path}: axis {axis} is {scales}, not {name} of {group}"
    yield from check_attributes(path, dataset.attrs, want.get("attributes", {}))


def check_group(group, want):
    members = dict(group.items())
    scales = {n: d for n, d in members.items() if isinstance(d, h5py.Dataset) and is_scale(d)}
    variables = {n: d for n, d in members.items() if n not in scales}
    allowed = [pattern(n) for n in want["dims"] + want.get("any_dims", [])]
    for name in want["dims"]:
        if name not in scales:
            yield f"{group.name}: dimension {name} is missing"
    for name, scale in scales.items():
        yield from check_scale(f"{group.name}/{name}", scale, name)
        if not any(re.fullmatch(a, name) for a in allowed):
            yield f"{group.name}: dimension {name} does not belong here"
    for name in want.get("variables", {}):
        if name not in variables:
            yield f"{group.name}: variable {name} is missing"
    for name, dataset in members.items():
        path = f"{group.name}/{name}"
        if not isinstance(dataset, h5py.Dataset):
            yield f"{path} is not a variable"
            continue
        yield from check_attributes(path, dataset.attrs, {a: "text" for a in CONTRACT["variable_attributes"]})
        if name in variables:
            rule = want.get("variables", {}).get(name) or want.get("optional_variables", {}).get(name) or want.get("any_variable")
            if rule is None:
                yield f"{path} does not belong here"
            else:
                yield from check_variable(path, dataset, rule)


def check_maps(file):
    """Each tap has its map, named in /layers, at its own size and with its own index."""
    layers, maps = file["layers"], file["maps"]
    names = list(layers["variable"].asstr()[:])
    variables = {n for n, d in maps.items() if not is_scale(d)}
    if set(names) != variables or len(set(names)) != len(names):
        yield f"/maps holds {sorted(variables)}, /layers/variable lists {names}"
        return
    for i, name in enumerate(names):
        if tuple(layers["shape"][i][1:]) != maps[name].shape[3:]:
            yield f"/maps/{name} is {maps[name].shape[3:]}, its tap {tuple(layers['shape'][i])}"
        if maps[name].attrs["operator"] != layers["operator"].asstr()[i]:
            yield f"/maps/{name}: operator differs from /layers"


def check_status(file):
    """The codes are named, and rows say what their status says."""
    samples, codes = file["samples"], CONTRACT["status"]
    named = dict(zip(samples["status"].attrs["flag_meanings"].split(), map(int, samples["status"].attrs["flag_values"])))
    if named != codes:
        yield f"/samples/status names {named}, not {codes}"
    status = samples["status"][:]
    if not np.isin(status, list(codes.values())).all():
        yield f"/samples/status holds {sorted(set(status.tolist()) - set(codes.values()))}"
    if "layers" not in file or "maps" not in file:
        return
    done, bad = status == codes["done"], status > codes["done"]
    if not np.isfinite(samples["logits"][:][done]).all():
        yield "/samples/logits is not finite where status is done"
    if not np.isnan(samples["logits"][:][bad]).all():
        yield "/samples/logits is not NaN where the sample is bad"
    if len(file["maps/sample"]) != len(samples["sample"]):
        yield "/maps and /samples differ in samples"
    if list(file["maps/target"].asstr()) != list(samples["target"].asstr()):
        yield "/maps and /samples differ in targets"


def check_file(file):
    job = file.attrs.get("job")
    if file.attrs.get("software") != "retrograd" or job not in CONTRACT["jobs"]:
        yield f"not a study of a known job: {job!r}"
        return
    if file.attrs.get("schema_version") != CONTRACT["schema_version"]:
        yield f"schema version {file.attrs.get('schema_version')}, not {CONTRACT['schema_version']}"
        return
    want = CONTRACT["jobs"][job]
    optional = {name: type_ for name, type_ in want.get("optional_attributes", {}).items() if name in file.attrs}
    complaints = list(check_attributes("/", file.attrs, want["attributes"] | optional))
    for name, group in want["groups"].items():
        if name in file:
            complaints += check_group(file[name], group)
        elif not group.get("optional"):
            complaints.append(f"group /{name} is missing")
    complaints += [f"/{n} does not belong here" for n in file if n not in want["groups"]]
    yield from complaints
    if not complaints:  # what follows relies on the layout
        if "layers" in file and "maps" in file:
            yield from check_maps(file)
        yield from check_status(file)


def check(path):
    """Everything in which a file differs from the contract."""
    with h5py.File(path, "r") as file:
        return list(check_file(file))


def main(paths):
    complaints = [f"{p}: {c}" for p in paths for c in check(p)]
    print("\n".join(complaints) if complaints else f"{len(paths)} files keep the contract")
    return 1 if complaints or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
