#!/bin/sh
# Installs radrouter, as it is shipped, into a new virtual environment: install.sh TARGET
# The image is built by exactly this script, and the tests run it too, so that what is tested is what is shipped.
set -eu
target=${1:?usage: docker/install.sh TARGET}
source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

python3 -m venv "$target"
"$target/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check \
    --constraint "$source/constraints.txt" "$source"
"$target/bin/radrouter" --help >/dev/null
