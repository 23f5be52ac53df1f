"""An exported network's kernels in eight bits: half the file of half precision, answers all but the same.

Only the file is smaller. OpenVINO makes floating point of them again when it reads them, so that a network
takes as long as before.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.vino import ops, ov
from training.begin import constant

MOST: Final = 127  # of a whole number of eight bits, on both sides of 0
# Numbers in a kernel. The stem and what keeps channels apart have few, and answers hang on them most: on 60
# real films view@7's logits change by .06 on average without these, by .22 with them.
WORTH_IT: Final = 2048


def in_eight_bits(network: ov.Model) -> None:
    """Replace the large kernels of ``network`` that mix channels by whole numbers from -127 to 127 and, for
    each channel that they give, what these are to be multiplied by."""
    for op in network.get_ordered_ops():
        if op.get_type_name() == "Convolution":
            kernel = constant(op.input_value(1).get_node())  # (out, in, h, w)
            if kernel.size >= WORTH_IT:
                _replace(op, kernel)


def _replace(op: Any, kernel: NDArray[np.float32]) -> None:
    unit = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True) / MOST
    unit = np.maximum(unit, np.finfo(np.float16).tiny)  # a channel that does nothing
    whole = np.round(kernel / unit).astype(np.int8)
    real = ops.multiply(ops.convert(ops.constant(whole), "f32"), ops.constant(unit.astype(np.float32)))
    op.input(1).replace_source_output(real.output(0))
