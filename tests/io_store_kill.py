"""Crash images of a study that two ranks write without any collective step.

Every write, sync and rename of the program is recorded (store_wlog.c), then the file is rebuilt as it
was at many instants:
  kill   all writes that had returned (the page cache survives the process)
  torn   the same, and those under way cut at a page
  power  the writes that the same process had synced, and a random half of the 4 KiB pages of later ones
In each image, every row whose status is 1 must hold its data.  A sync of another process does not
count: on a network file system it makes only its own writes durable.
The same program without its syncs must fail under `power`, or the test proves nothing."""
import collections
import io
import os
import random
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy as np

from store_values import MAPS, expected

TOOL, WLOG, MPIEXEC = (os.environ.get(k) for k in ("TOOL_STORE", "STORE_WLOG", "MPIEXEC"))
N, UNIT, INSTANTS, PAGE = 120, 3, 150, 4096
WRITE, SIZE, SYNC, RENAME = 1, 2, 3, 4
RECORD = struct.Struct("<QQQQQII")
Event = collections.namedtuple("Event", "begin end inode offset kind process data")


def read_log(path):
    raw, at, out = open(path, "rb").read(), 0, []
    while at < len(raw):
        begin, end, inode, offset, size, kind, process = RECORD.unpack_from(raw, at)
        at += RECORD.size
        out.append(Event(begin, end, inode, offset, kind, process, raw[at:at + size]))
        at += size
    return out


def record(folder, sync):
    """Make and fill a study; returns its path and the events of its inode in order of their end."""
    path = os.path.join(folder, "S.h5")
    env = dict(os.environ, LD_PRELOAD=WLOG, WLOG_DIR=folder, WLOG_MATCH="S.h5")
    subprocess.run([TOOL, "create", path, str(N)], env=env, check=True)
    subprocess.run([MPIEXEC, "-n", "2", TOOL, "fill", path, str(UNIT), str(N), "300", str(int(sync))],
                   env=env, check=True)
    events = [e for f in os.listdir(folder) if f.startswith("log.") for e in read_log(os.path.join(folder, f))]
    inode = os.stat(path).st_ino
    return path, sorted((e for e in events if e.inode == inode), key=lambda e: e.end)


def pages(e):
    """The pieces of a write, one per page of the file."""
    at = 0
    while at < len(e.data):
        n = min(len(e.data) - at, PAGE - (e.offset + at) % PAGE)
        yield e.offset + at, e.data[at:at + n]
        at += n


def synced(events, t):
    """For each process, the time before which its writes are durable at instant t."""
    out = collections.defaultdict(int)
    for e in events:
        if e.kind == SYNC and e.end <= t:
            out[e.process] = max(out[e.process], e.begin)
    return out


def image(events, t, mode, rng):
    buf, durable = bytearray(), synced(events, t)
    for e in events:
        if e.kind == SIZE and e.end <= t:
            buf = (buf + bytes(max(0, e.offset - len(buf))))[:e.offset]
        if e.kind != WRITE or e.begin > t or (e.end > t and mode == "kill"):
            continue
        pieces = list(pages(e))
        if mode == "torn" and e.end > t:
            pieces = pieces[:rng.randint(0, len(pieces))]
        if mode == "power" and not e.end <= durable[e.process]:
            pieces = [p for p in pieces if rng.random() < 0.5]
        for at, piece in pieces:
            buf[at:at + len(piece)] = piece
    return buf


def check_image(buf, truth):
    """Rows done, and whether all of them are right."""
    with h5py.File(io.BytesIO(buf), "r") as f:
        done = f["samples/status"][:] == 1
        right = all((f[name][:][done] == truth[name][done]).all() for name, _ in MAPS)
        assert list(f["layers/layer"].asstr()) == ["input", "stage1.conv", "stage2.relu", "pool"]
    return int(done.sum()), right


def sweep(events, mode, seed):
    """Images at INSTANTS instants from the rename on; returns counts of rows done and of wrong images."""
    rng = random.Random(seed)
    born = next(e.end for e in events if e.kind == RENAME)
    later = [e for e in events if e.end >= born]
    truth = {name: expected(N, shape, k) for k, (name, shape) in enumerate(MAPS)}
    done, wrong = [], 0
    for _ in range(INSTANTS):
        e = rng.choice(later)
        t = max(born, rng.choice([e.end, e.begin, rng.randint(e.begin, e.end)]))
        rows, right = check_image(image(events, t, mode, rng), truth)
        done.append(rows)
        wrong += not right
    return done, wrong


def check_order(path, events):
    """Straight from the log: a process syncs between its last data and its status; one row block is
    one write; nothing but raw data and the same superblock is written after the rename."""
    with h5py.File(path, "r") as f:
        begin = f["samples/status"].id.get_offset()
        ranges = {f[name].id.get_offset(): f[name].id.get_storage_size() for name, _ in MAPS}
    status = range(begin, begin + N)
    born = next(e.end for e in events if e.kind == RENAME)
    dirty, rows = collections.defaultdict(bool), 0
    for e in sorted((e for e in events if e.begin >= born), key=lambda e: e.begin):
        if e.kind == SYNC:
            dirty[e.process] = False
        elif e.kind == WRITE and e.offset in status:
            assert not dirty[e.process], "a status byte was written before its data were synced"
        elif e.kind == WRITE and e.offset > 96:
            assert any(a <= e.offset and e.offset + len(e.data) <= a + n for a, n in ranges.items()), e[:6]
            dirty[e.process] = True
            rows += 1
    units = (N + UNIT - 1) // UNIT
    assert rows == units * len(MAPS), f"{rows} writes for {units} units of {len(MAPS)} variables"
    final = image(events, events[-1].end, "kill", None)
    assert bytes(final) == open(path, "rb").read(), "the log does not rebuild the file"


def main():
    if not (TOOL and WLOG and MPIEXEC):
        print("skipped: run by ctest, which names the tools")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        path, events = record(folder, sync=True)
        check_order(path, events)
        for seed, mode in enumerate(("kill", "torn", "power")):
            done, wrong = sweep(events, mode, seed)
            partial = sum(0 < d < N for d in done)
            print(f"{mode}: {INSTANTS} images, {partial} with some rows done, {wrong} wrong")
            assert wrong == 0
            assert partial > INSTANTS // 3, "the instants miss the run"
    with tempfile.TemporaryDirectory() as folder:
        _, events = record(folder, sync=False)
        _, wrong = sweep(events, "power", 7)
        print(f"control without syncs: {wrong} of {INSTANTS} wrong")
        assert wrong > INSTANTS // 3, "the control should fail"
    return 0


sys.exit(main())
