# Two commands do everything on a fresh machine: `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help demo docs test test-jax test-ray test-torch test-lowest test-newest test-pickles release picture unit check web setup lock fidelity fidelity-nets speed-nets retained mutation fuzz-graph fuzz-members fuzz-parquet fuzz-openapi image-cases token-cases bench soak clean format

# A Node that was taken from PyPI stands in the virtual environment.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
FRONT := src/sealift/front/built/front.json
WEB := $(shell find web/app -type f -not -path '*/node_modules/*' 2>/dev/null) src/sealift/seal/graph/rules.json

help:
	@echo "make demo      train, seal, verify and open a model on real data; leaves its files in demo/"
	@echo "make unit      the quick tests: each layer's own parts, less than a minute"
	@echo "make test      every test, in two browsers too: a quarter of an hour"
	@echo "make test-torch  the tests of PyTorch's modules, where its CPU build can be had"
	@echo "make test-jax    the tests of JAX, Flax, Equinox, and Keras with JAX"
	@echo "make test-ray    the tests of two nodes of Ray"
	@echo "make test-lowest, test-newest, test-pickles  other versions of dependencies, of Python, of the model's library"
	@echo "make check     style, types, layers"
	@echo "make web       build the page's program"
	@echo "make docs      the documentation as a site, in build/docs"
	@echo "make release   the sdist and the wheel, in dist/, checked and reproducible"
	@echo "make fidelity  the table of conversions, library by library"
	@echo "make fidelity-nets  the table of neural networks, architecture by architecture; half an hour and more"
	@echo "make retained  the table of what a file retains of the training data, estimator by estimator"
	@echo "make mutation  change the sources a little, and see whether a test notices; hours"
	@echo "make soak      a million requests to a server, whose memory must stay flat"
	@echo "make fuzz-graph  change graphs at random, and compare the two readers"
	@echo "make image-cases  resize thousands of images as Pillow and OpenCV do, in both languages"
	@echo "make token-cases  tokens of random texts as the library tokenizers finds them, in both languages"
	@echo "make lock      renew requirements.lock from pyproject.toml"

setup:
	@tools/setup.sh python

$(FRONT): $(WEB)
	@tools/setup.sh python node
	@cd web/app && npm run --silent build
	@touch $@

web: $(FRONT)

demo: setup web
	@tools/setup.sh browser
	@.venv/bin/sealift demo --out demo

# The documentation as a site that needs neither a server nor a network: open build/docs/index.html.
docs: setup
	@rm -rf build/docs
	@.venv/bin/sphinx-build --quiet --fail-on-warning --keep-going --builder html --conf-dir docs \
	  --doctree-dir build/doctrees . build/docs
	@echo build/docs/index.html

# The picture of the README and of the documentation, of the demo's page.
picture: demo
	@.venv/bin/python tools/picture.py demo/breast-cancer.html

# The sdist and the wheel, in dist/. `make release DRAFT=--draft` asks for neither a heading in the changelog nor a clean tree.
# The front end is not built here: what is released is what was tested.
DRAFT :=
release: setup
	@.venv/bin/python tools/release.py $(DRAFT)

check: setup
	@tools/setup.sh node
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	cd web/app && npm run --silent check

# A worker on each core, and a test handed to whichever is free.
PYTEST := .venv/bin/pytest --numprocesses auto --dist worksteal
unit: setup
	$(PYTEST) tests/unit

# The tests of whole programs wait for servers and browsers more than they compute. Those of a file share its browser, so a
# worker runs whole files.
test: setup web
	@tools/setup.sh browser firefox pdf strace postgres wrk brokers proxies systemd kserve mlflow
	cd web/app && npm run --silent test
	$(PYTEST) tests --ignore tests/e2e
	.venv/bin/pytest --numprocesses auto --dist loadfile tests/e2e

# In a folder of its own beside the locked packages, because only some package indexes have the build without CUDA.
test-torch: setup web
	@if tools/setup.sh torch; then PYTHONPATH=.torch .venv/bin/pytest tests/nets tests/e2e/test_docs.py -k "nets or torch"; fi
	@if tools/setup.sh nets; then PYTHONPATH=.torch:.nets .venv/bin/pytest tests/libraries tests/e2e/test_docs.py -k "libraries or transformers"; fi

# In a folder of its own beside the locked packages, because JAX needs 400 MB.
test-jax: setup web
	@if tools/setup.sh jax; then PYTHONPATH=.jax .venv/bin/pytest tests/nets_jax tests/e2e/test_docs.py -k "nets_jax or jax.md"; fi

# In a folder of its own beside the locked packages, because it is large.
test-ray: setup
	@if tools/setup.sh ray; then PYTHONPATH=$(CURDIR)/.ray .venv/bin/pytest tests/clusters; fi

# The oldest dependencies that pyproject.toml permits, and the newest on each Python that this machine has.
# `make test-lowest TESTS=tests/unit` runs a sample.
TESTS := tests/unit tests/proofs tests/extras
test-lowest: setup web
	tools/versions.sh lowest 3.11 $(TESTS)

test-newest: setup web
	@for version in 3.11 3.12 3.13 3.14; do tools/versions.sh newest $$version $(TESTS) || [ $$? = 77 ] || exit 1; done

# Models pickled by older versions of scikit-learn, each in an environment of its own. `make test` runs the oldest.
test-pickles: setup
	SEALIFT_ALL_VERSIONS=1 .venv/bin/pytest tests/versions

# Mutated JSON members with right digests, in both readers: `make fuzz-members RUNS=100000`. The tests run a few hundred.
RUNS := 20000
fuzz-members: setup
	@tools/setup.sh node
	.venv/bin/python tests/attacks/fuzz_members.py --runs $(RUNS)

# Parquet files with bits changed in their headers: `make fuzz-parquet RUNS=100000`. The tests run a few thousand.
fuzz-parquet: setup
	.venv/bin/python tests/attacks/fuzz_parquet.py --runs $(RUNS)

# Images of random sizes that Pillow and OpenCV resize: CASES in Python, and about half as many in TypeScript. The tests run
# some hundred.
CASES := 24000
image-cases: setup
	@tools/setup.sh node
	SEALIFT_IMAGE_CASES=$$(($(CASES) / 2)) .venv/bin/pytest tests/unit/stages/test_image_resize.py
	@mkdir -p build/image-cases
	.venv/bin/python tests/vectors/make_image.py --random $$(($(CASES) / 120)) --out build/image-cases
	cd web/app && SEALIFT_IMAGE_VECTORS=$(CURDIR)/build/image-cases npx vitest run test/imageResize.test.ts

# Random texts of every script for each kind of tokenizer: CASES in Python, and a tenth of them in TypeScript. The tests
# run 150. A million for one kind: `make token-cases CASES=1000000 KIND=bert`.
KIND :=
token-cases: setup
	@tools/setup.sh node
	SEALIFT_TOKEN_CASES=$(CASES) .venv/bin/pytest tests/unit/stages/test_tokenizer_stage.py -k "every_script and $(or $(KIND),test)"
	@rm -rf build/token-cases
	.venv/bin/python tests/vectors/make_tokenizer.py --random $$(($(CASES) / 10)) --only "$(KIND)" --out build/token-cases
	cd web/app && SEALIFT_TOKEN_VECTORS=$(CURDIR)/build/token-cases npx vitest run test/tokenizer.test.ts

# `make fidelity FIDELITY="--check docs/fidelity.md"` compares with the page instead of writing it. A million rows through
# each tree library take seven to ten minutes (docs/fidelity-trees.md); the 20,000 here take one, and catch a coarse fault.
FIDELITY := --write docs/fidelity.md
fidelity: setup web
	@tools/setup.sh node
	.venv/bin/python -m bench.fidelity.run $(FIDELITY)
	.venv/bin/python -m bench.trees.flips --rows 20000

# Architectures of neural networks, each packed and compared: `make fidelity-nets NETS="--only transformers"`. An
# interrupted run goes on where it ended; results are in build/nets.jsonl. Then a real sentence encoder.
NETS := --write docs/fidelity-nets.md
fidelity-nets: setup web
	@tools/setup.sh node nets jax
	PYTHONPATH=.:.torch:.nets:.jax .venv/bin/python -W ignore -m bench.nets.run $(NETS)
	KERAS_BACKEND=jax PYTHONPATH=.:.torch:.nets:.jax .venv/bin/python -W ignore -m bench.nets.run $(NETS) --only "Keras with JAX"
	PYTHONPATH=.torch:.nets .venv/bin/pytest tests/nets/test_sentence_encoder.py

# Nets of usual sizes in the page and natively (docs/speed-nets.md); ten minutes on an idle machine.
speed-nets: setup web
	@tools/setup.sh node browser nets
	PYTHONPATH=.:.torch:.nets .venv/bin/python -W ignore -m bench.nets.speed

# What every estimator's file retains of planted training data, and a search of its bytes; some minutes.
retained: setup
	.venv/bin/python -m bench.fidelity.retained --write docs/retained.md

# A million requests to a server, whose memory must stay flat.
soak: setup
	SEALIFT_SOAK=1000000 .venv/bin/python -m pytest -q -s tests/e2e/test_serve_memory.py

# Small changes of the sources that a test must notice (docs/mutation.md); goes on where the last run ended.
# `make mutation MUTATION="--retry --only packing/privacy"` tries again what survived there without an explanation.
MUTATION := --write docs/mutation.md
mutation: setup
	.venv/bin/python -m bench.mutation.run $(MUTATION)

# Random requests of schemathesis to a server with keys and to one without: `make fuzz-openapi EXAMPLES=2000`. The tests
# send 30 to each route.
fuzz-openapi: EXAMPLES ?= 500
fuzz-openapi: setup
	EXAMPLES=$(EXAMPLES) .venv/bin/python -m pytest -q tests/e2e/test_serve_openapi.py

# Two readers on changed graphs; findings are kept as files. `make fuzz-graph FUZZ="--runs 100000 --seed 7 --engine"` gives
# accepted ones to ONNX Runtime too.
FUZZ := --runs 20000
fuzz-graph: setup
	@tools/setup.sh node
	.venv/bin/python tests/attacks/fuzz_graph.py $(FUZZ)

format: setup
	.venv/bin/ruff check --fix --quiet . || true
	.venv/bin/ruff format --quiet .
	cd web/app && npm run --silent format

lock: setup
	.venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra demo --extra catboost --extra imblearn --extra lightgbm --extra client --extra dicom --extra grpc --extra image --extra oidc --extra otel --extra postgres --extra serve --extra stream --extra xgboost --group dev --group docs pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .torch .nets .jax .ray .kserve .mlflow demo dist build src/sealift/front/built web/app/node_modules
