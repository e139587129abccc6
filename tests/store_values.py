"""What study_schema.h writes: names and row shapes of the variables, and their values."""
import numpy as np

MAPS = [("samples/logits", (5,)), ("samples/score", (2,)), ("maps/input", (2, 3, 16, 16)),
        ("maps/stage1.conv", (2, 2, 16, 16)), ("maps/stage2.relu", (2, 2, 7, 7)), ("maps/pool", (2, 2, 1, 1))]


def expected(n, shape, k):
    """Rows 0..n-1 of variable k."""
    i = np.arange(n, dtype=np.int64)[:, None]
    j = np.arange(int(np.prod(shape)), dtype=np.int64)[None, :]
    values = ((i * 7919 + j * 31 + k * 101) % 4093) / 16.0 - 100.0
    return values.astype(np.float32).reshape((n, *shape))
