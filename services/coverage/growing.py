"""Arrays that grow inside the kernels.

Row by row: numba compiles a copy of one slice to another (``bigger[:used] = rows[:used]``) together with the text of
the error it may raise, which takes several seconds at the first start.
"""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def longer(rows, used):  # type: ignore[no-untyped-def]  # numba's
    """Return an array of twice the length, with the first ``used`` rows of a two-dimensional one."""
    found = np.empty((2 * len(rows), rows.shape[1]), rows.dtype)
    for i in range(used):
        for j in range(rows.shape[1]):
            found[i, j] = rows[i, j]
    return found
