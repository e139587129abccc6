#!/usr/bin/python3
"""The results table of docs/scan.md: scan models whose truth is known.

usage: table.py SCANS_DIR MODEL.onnx... [--clean DATA...] [--scores LIST] [--budget STEPS,BATCHES] [--reuse] [--ranks N]

Scans each model with $RETROGRAD (default: build/release/retrograd) into SCANS_DIR, or with --reuse takes the finished scan that
is there, and prints a line for each: truth, verdict, what the baselines say where they were taken, seconds, and processor
seconds of all ranks; then the areas under the ROC curves, the true targets found, the clean models with p < 0.05, and the
cross-entropy of the probabilities.  The truth is read from NAME.json beside the model: backdoored, triggers[0].target or
target.  Of the --clean data a model gets the first with images of its shape, 50 of them.
"""
import argparse, json, os, resource, subprocess, time
import h5py
import numpy as np
from PIL import Image

def cross_entropy(p, y):
    """Mean of -(y ln p + (1 - y) ln(1 - p)), as TrojAI reports it."""
    p = np.clip(np.asarray(p, float), 1e-12, 1 - 1e-12)
    return float(np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p))))


def roc_area(score, y):
    """Probability that a backdoored model has the larger score; ties count half."""
    a, b = score[y == 1], score[y == 0]
    return float((a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean()) if len(a) and len(b) else np.nan


def truth(path):
    with open(path.replace('.onnx', '.json')) as f:
        r = json.load(f)
    target = r['triggers'][0]['target'] if r.get('triggers') else r.get('target')
    planted = r.get('backdoored', target is not None)
    return bool(planted), target if planted else None, r.get('kind') == 'repaired'


def read(path):
    with h5py.File(path) as f:
        if not (f['samples/status'][:] == 1).all():
            return None
        return dict(zip(f['verdict/quantity'].asstr()[:], f['verdict/value'][:]))


def spent():
    u = resource.getrusage(resource.RUSAGE_CHILDREN)
    return u.ru_utime + u.ru_stime


def shape_of(data):
    """[channels, height, width] of an HDF5 file's images, or of a folder's first one."""
    if os.path.isdir(data):
        first = min(os.path.join(d, n) for d, _, names in os.walk(data) for n in names)
        with Image.open(first) as i:
            return [len(i.getbands()), i.size[1], i.size[0]]
    with h5py.File(data) as f:
        n, h, w, *c = f['x'].shape
        return [c[0] if c else 1, h, w]


def model_shape(path):
    with open(path.replace('.onnx', '.json')) as f:
        r = json.load(f)
    return r.get('input_size') or [len(r['mean']), *r['size']]


def scan(path, out, a):
    command = [os.environ.get('RETROGRAD', 'build/release/retrograd'), 'scan', '--model', path, '--out', out, '--quiet', '--force']
    if a.ranks > 1:
        command = ['mpirun', '-n', str(a.ranks), '--oversubscribe', '--bind-to', 'none'] + command
    clean = next((c for c in a.clean if shape_of(c) == model_shape(path)), None)
    if clean:
        command += ['--clean', clean, '--clean-limit', '50']
    command += ['--scores', a.scores, '--nc-steps', a.budget.split(',')[0], '--nc-batches', a.budget.split(',')[1]]
    start, used = time.time(), spent()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.time() - start, spent() - used


def summary(name, score, found, y, target):
    score, found = np.where(np.isnan(score), 0, score), np.asarray(found)
    hits = sum(f == t for f, t, p in zip(found, target, y) if p)
    print(f'{name}: area under the ROC curve {roc_area(score, y):.3f}, true target first for {hits} of {int(y.sum())}')


def main():
    p = argparse.ArgumentParser()
    p.add_argument('scans')
    p.add_argument('models', nargs='+')
    p.add_argument('--clean', action='append', default=[])
    p.add_argument('--scores', default='gain')
    p.add_argument('--budget', default='80,1')
    p.add_argument('--reuse', action='store_true')
    p.add_argument('--ranks', type=int, default=1)
    a = p.parse_args()
    assert abs(cross_entropy([.5], np.array([1])) - .693147) < 1e-6
    os.makedirs(a.scans, exist_ok=True)
    rows = []
    print('| model | truth | found | score | p | probability | clean rate | NC index, class | NI index, class | seconds | processor seconds |')
    print('|---|---|---|---|---|---|---|---|---|---|---|')
    for path in a.models:
        name = os.path.basename(path)[:-5]
        out = os.path.join(a.scans, name + '.h5')
        there = a.reuse and os.path.exists(out)
        seconds = ('-', '-') if there else ['%.0f' % x for x in scan(path, out, a)]
        v = read(out)
        if v is None:
            continue
        planted, target, repaired = truth(path)
        rows.append((v, planted, target))
        word = f'target {target}' if planted else 'repaired' if repaired else 'clean'
        number = lambda k: '-' if np.isnan(v[k]) else f'{v[k]:.2f}'
        base = lambda k: '-' if np.isnan(v[k + '_index']) else f'{v[k + "_index"]:.2f}, {int(v[k + "_target"])}'
        print(f'| {name} | {word} | {int(v["target"])} | {v["score"]:.2f} | {v["p_value"]:.3f} | {v["probability"]:.2f} | '
              f'{number("clean_rate")} | {base("neural_cleanse")} | {base("neuron_inspect")} | {seconds[0]} | {seconds[1]} |')
    y = np.array([int(r[1]) for r in rows])
    target = [r[2] for r in rows]
    take = lambda k: np.array([r[0][k] for r in rows])
    print()
    if 'gain' in a.scores:
        summary('ours', take('score'), take('target'), y, target)
    for k in ('neural_cleanse', 'neuron_inspect'):
        if not np.isnan(take(k + '_index')).all():
            summary(k, take(k + '_index'), take(k + '_target'), y, target)
    if 'gain' not in a.scores:
        return
    flagged = int(((take('p_value') < .05) & (y == 0)).sum())
    print(f'clean or repaired models with p < 0.05: {flagged} of {int((y == 0).sum())}; backdoored ones: '
          f'{int(((take("p_value") < .05) & (y == 1)).sum())} of {int(y.sum())}; cross-entropy of the probabilities '
          f'{cross_entropy(take("probability"), y):.3f} (0.693: knowing nothing)')


if __name__ == '__main__':
    main()
