#!/bin/sh
# Runs tests with other versions than those of requirements.lock, in an environment of their own under build/:
#   tools/versions.sh lowest|newest PYTHON [PYTEST ARGUMENTS]     such as: tools/versions.sh lowest 3.11 tests/unit
# `lowest` takes the oldest version of each dependency that pyproject.toml permits, `newest` the newest that there is.
# Exits with 77 where this machine does not have that Python; none is downloaded.
set -eu
cd "$(dirname "$0")/.."
which=$1 version=$2
shift 2
[ $# -gt 0 ] || set -- tests/unit
uv=.venv/bin/uv

# Interpreters on the path, else those of pyenv. No --quiet: newer releases of uv then leave out the answer too.
python=$($uv python find --no-python-downloads --no-project --system "$version" 2>/dev/null) ||
    python=$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version."*/bin/python 2>/dev/null | tail -1)
[ -n "$python" ] || { echo "Python $version is not on this machine: not tested." >&2; exit 77; }

# scikit-learn 1.8 reads data frames of polars by a protocol that polars 2 has no more.
case $which in
    lowest) resolution=lowest-direct polars=$(grep -o '"polars>=[0-9.]*"' pyproject.toml | tr -d '"' | sed 's/>=/==/') ;;
    newest) resolution=highest polars=polars ;;
    *) echo "lowest or newest, not $which" >&2; exit 2 ;;
esac
folder=build/versions/$which-$version
mkdir -p build/versions
[ -x "$folder/bin/python" ] || $uv venv --quiet --python "$python" "$folder"
grep -o '"pandas>=[0-9.]*"' pyproject.toml | head -1 | tr -d '"' > "$folder/pandas.in"
$uv pip compile --quiet --no-header --no-annotate --upgrade --resolution $resolution --python "$folder/bin/python" \
    --extra catboost --extra imblearn --extra lightgbm --extra serve --extra tables --extra xgboost pyproject.toml "$folder/pandas.in" \
    --output-file "$folder/wanted.txt" >/dev/null
# No library for graphics cards may come along: they are gigabytes, and nothing here needs them.
! grep -E '^(torch|nvidia|cuda)' "$folder/wanted.txt"
$uv pip install --quiet --python "$folder/bin/python" --requirement "$folder/wanted.txt"
$uv pip install --quiet --python "$folder/bin/python" --constraint "$folder/wanted.txt" \
    pytest pytest-xdist hypothesis "$polars" securesystemslib jsonschema cloudpickle fsspec hatchling \
    editables "cyclonedx-python-lib[json-validation]"
$uv pip install --quiet --python "$folder/bin/python" --no-deps --no-build-isolation --editable .
echo "$which on $("$folder/bin/python" --version): $(grep -E '^(numpy|scikit-learn|onnx|onnxruntime|pandas|click)==' "$folder/wanted.txt" | tr '\n' ' ')"
exec "$folder/bin/python" -m pytest --quiet -p no:cacheprovider --numprocesses auto --dist worksteal "$@"
