#!/usr/bin/python3
"""Fit the null of `retrograd scan` on scans of the population's models.

usage: null.py SCANS_DIR MODELS_DIR [--write]

SCANS_DIR holds NAME.h5 of `retrograd scan`, MODELS_DIR NAME.json of population.py.  Prints scores, the law's scale and,
beside each clean model, its p from the null without its own architecture.  --write replaces core/scan_null_list.h
and core/scan_null_curve.h.  Clean models that are right on less than half of their test images are left out.
"""
import glob, json, os, sys
import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = 3


def read(path):
    with h5py.File(path) as f:
        if not (f['samples/status'][:] == 1).all():
            return {'score': np.nan}, 0
        return dict(zip(f['verdict/quantity'].asstr()[:], f['verdict/value'][:])), f['classes/class'].shape[0]


def law(score, scores):
    """p of core/scan_decide.c with these scores as the null."""
    scale = np.mean(scores) / sum(1 / t for t in range(1, TESTS + 1))
    return 1 - (1 - np.exp(-max(score, 0) / scale)) ** TESTS


def logistic(x, y):
    """Intercept and slope of a logistic regression with a ridge of 0.1 on the slope, so that separable data end."""
    w = np.zeros(2)
    a = np.stack([np.ones_like(x), x], 1)
    weight = np.where(y == 1, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1)) * len(y)
    for _ in range(100):
        p = 1 / (1 + np.exp(-a @ w))
        g = a.T @ (weight * (p - y)) + np.array([0, 0.1 * w[1]])
        h = (a * (weight * p * (1 - p))[:, None]).T @ a + np.diag([1e-9, 0.1])
        w -= np.linalg.solve(h, g)
    return w


def main():
    scans, models = sys.argv[1:3]
    clean, planted = [], []
    for path in sorted(glob.glob(os.path.join(scans, '*.h5'))):
        name = os.path.basename(path)[:-3]
        record = os.path.join(models, name + '.json')
        if not os.path.exists(record):
            continue
        with open(record) as f:
            m = json.load(f)
        v, classes = read(path)
        if np.isnan(v['score']) or m['clean_accuracy'] < .5:
            print(f'{name}: left out (accuracy {m["clean_accuracy"]}, score {v["score"]:.3f})')
            continue
        (planted if m['backdoored'] else clean).append((name, m, classes, v))
    scores = np.array([v['score'] for *_, v in clean])
    print(f'{len(clean)} clean models, mean score {scores.mean():.3f}, largest {scores.max():.3f}; '
          f'law: scale {scores.mean() / sum(1 / t for t in range(1, TESTS + 1)):.4f}, p < 0.05 from '
          f'{next(s for s in np.arange(0, 9, .001) if law(s, scores) < .05):.3f}')
    for name, m, k, v in clean:
        others = [w['score'] for _, n, _, w in clean if n['network'] != m['network']]
        print(f'{name:24s} {m["network"]:10s} {k:3d} classes  score {v["score"]:6.3f}  p {law(v["score"], scores):.3f}  '
              f'without its architecture {law(v["score"], others):.3f}')
    for name, m, k, v in planted:
        print(f'{name:24s} {m["network"]:10s} {k:3d} classes  score {v["score"]:6.3f}  p {law(v["score"], scores):.3f}  '
              f'target {m["target"]}, found {int(v["target"])}')
    if '--write' in sys.argv:
        core = os.path.join(HERE, '..', '..', 'core')
        with open(os.path.join(core, 'scan_null_list.h'), 'w') as f:
            f.write('/* Largest scores of clean models, which tests/scan/null.py wrote: name, network, classes, score. */\n')
            for name, m, k, v in clean:
                f.write(f'NULL_MODEL("{name}", "{m["network"]}", {k}, {v["score"]:.4f})\n')
        found = [v['score'] for *_, v in planted]
        w = logistic(np.concatenate([scores, found]), np.concatenate([np.zeros(len(scores)), np.ones(len(found))]))
        with open(os.path.join(core, 'scan_null_curve.h'), 'w') as f:
            f.write(f'/* Intercept and slope of the logistic curve that tests/scan/null.py fitted. */\n{w[0]:.4f}, {w[1]:.4f}\n')


if __name__ == '__main__':
    main()
