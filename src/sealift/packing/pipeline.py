"""`pack` from start to end: inputs, conversion, contract, probes, proof, description, writing."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx

from sealift import canonical, seal
from sealift.contract import Contract
from sealift.frameworks import source_of
from sealift.packing.convert import ask_original, convert_model, notes_on_dropped
from sealift.packing.describe import fields as columns
from sealift.packing.describe.examples import examples
from sealift.packing.describe.infer_contract import infer_contract
from sealift.packing.describe.members import evidence, members, steps
from sealift.packing.inputs.dataset import Dataset
from sealift.packing.model_card import ModelCard
from sealift.packing.options import Options
from sealift.packing.output_file import check_output, identity_notes, output_path
from sealift.packing.packed import Packed
from sealift.packing.privacy.detect import strings_held
from sealift.packing.privacy.survey import Survey
from sealift.packing.probes.generate import generate
from sealift.packing.probes.row_generator import RowGenerator
from sealift.packing.progress import Progress, with_progress
from sealift.packing.proof.as_written import check_as_written
from sealift.packing.proof.prove import prove
from sealift.packing.untrusted import within_limits
from sealift.version import __version__

_log = logging.getLogger(__name__)


@with_progress
@within_limits
def pack(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    name: str,
    version: str = "1",
    output: Path | str | None = None,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
    outputs: Mapping[str, Mapping[str, Any]] | None = None,
    class_names: Sequence[str] | Mapping[Any, str] | None = None,
    headline: str | tuple[str, Any] | None = None,
    card: ModelCard | Mapping[str, str] | None = None,
    keep_rows: bool = False,
    training: Any = None,
    privacy: str = "report",
    tolerance: float | None = None,
    engines: Sequence[str] | None = None,
    sign: seal.PrivateKey | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Packed:
    """Seal a fitted model with all its preprocessing, after proving that it gives the same answers.

    Args:
        model: a fitted estimator or pipeline of scikit-learn, XGBoost, LightGBM or CatBoost, or a bare booster; an
            `onnx.ModelProto`; a function of NumPy or pandas; or the path of a model file, as on the command line.
        X: rows as the model takes them (pandas, polars, NumPy, list of dicts or of texts), best ones it was not trained
            on.
        y: their true answers; fills the evidence with measured quality.
        name: the model's name, such as "heart-risk".
        version: its version.
        output: where to write; `<name>.seal` in the current folder by default.
        fields: what you know of the inputs, by name: units, description, title, range, categories, personal …
            (the attributes of `sealift.Field`). `category_names` names categories for people: {0: "no", 1: "yes"}.
            What is said of columns that the model drops is passed over.
        outputs: what you know of the outputs, by name: title, units, description, and the columns' names of a wide one:
            {"value": {"title": "Price", "units": "€"}}. Without it, the names of a pandas y are used.
        class_names: names of the classes for people, in the order of the classes or by class.
        headline: the output to show first, or ("probability", class).
        card: what people read of the model, as `sealift.ModelCard` or a mapping of its texts: title, description,
            when_to_use, pitfalls, references, author, contact, license, review_date.
        keep_rows: put some of the real rows into the file as examples, instead of generated ones. The card says so.
        training: the rows that the model was trained on, as X or as a pair (X, y). Nothing of them enters the file;
            its contents are compared with them too, and what is rare is counted in them.
        privacy: "report" says what the file retains of single records; "strict" refuses to write such a file.
        tolerance: a looser relative tolerance than the policy's; recorded in the file.
        engines: what the proof runs in: ("native",) or ("native", "wasm"). By default WebAssembly, the page's engine,
            is used where Node 20 is installed. The file says which were used, so the same inputs make the same
            identity only with the same engines.
        sign: sign the file with this private key, or the one in this PEM file; its password is read from the
            environment variable SEALIFT_KEY_PASSWORD. Signed before the file is written, so there never is an unsigned
            one at `output`.
        overwrite: replace a file at `output` even if it is signed, or is no sealed file.
        progress: called with a sentence when a stage begins, and in the long one with how many rows are verified
            and about how long the rest takes. By default a line of a terminal or of a notebook's cell shows it.

    Raises:
        PackError: E301 for a model that was never fitted, E302 for a step that cannot be converted, E304 for a name
            or another argument that cannot be used, E305 when the model fails on X, or X or y do not fit it, E309 when
            the file would retain single records and `privacy` is "strict", E310 when a proof that `engines` asks for
            cannot run.
        ParityError: E303 when the answers differ; nothing is written.
        LimitError: E210 when the graph of an ONNX file takes more time or memory than its `limits`.
        ContractError: E106 when `fields` contradict themselves.
        SignatureError: E501 when the key of `sign` cannot be used.
        FileError: E402 when the file cannot be written, E406 when another file would be lost. Both are noticed before
            the work.
    """
    options = Options(
        name, version, fields or {}, outputs, class_names, headline, ModelCard.of(card), keep_rows, privacy, tolerance,
        engines,
    )  # fmt: skip
    path = output_path(output, name, overwrite=overwrite)
    key = None if sign is None else seal.open_private_key(sign)  # before the work, too
    report_progress = progress or (lambda _: None)

    def say(stage: str) -> None:
        _log.info("%s %s: %s", name, version, stage)
        report_progress(stage)

    source = source_of(model)
    source.check()

    say("Reading the rows")
    dataset = Dataset.read(X, y, source)

    say("Converting the model")
    conversion, input_rows = convert_model(source, dataset.input_rows)
    sketches = columns.sketch(input_rows)
    survey = Survey.of(input_rows, dataset.truth, training, source)

    say("Asking the original model")
    converted = ask_original(source, conversion, input_rows)
    strings = strings_held(converted.graph, converted.conversion)
    contract, findings = infer_contract(
        converted, sketches, options, y, survey.rare_in, strings, training=survey.has_training
    )

    say("Comparing the graph with the rows")
    words, in_words = survey.words(conversion.stages)
    findings += [*in_words, *survey.examine(converted.graph, converted.conversion, contract, strings)]
    survey.report(findings).check(privacy)

    say("Verifying")
    graph = _with_contract(converted.graph, contract)
    generator = RowGenerator.of(input_rows, sketches, words)
    probes = generate(converted.conversion, contract, generator)
    proof = prove(converted, contract, graph, probes, options, report_progress)
    golden, in_examples = examples(
        contract, proof, input_rows, converted.answers if keep_rows else None, survey.single_answers
    )
    report = survey.report([*findings, *in_examples])
    report.check(privacy)

    say("Writing")
    notes = [
        *(finding.note for finding in report.findings),
        *input_rows.notes,
        *notes_on_dropped(input_rows),
        *proof.notes,
    ]
    measured = evidence(dataset, converted, contract, proof.report, report, notes, options)
    sealed: dict[str, Any] = seal.assemble(
        members(converted, contract, graph, golden, measured, generator, source.model, options),
        name=name,
        version=version,
        task=contract.task,
        producer=f"sealift {__version__}",
        opsets={entry.domain: entry.version for entry in converted.graph.opset_import},
    )
    check_output(path, overwrite=overwrite)  # somebody may have signed it since
    if key is not None:
        sealed = seal.sign_members(sealed, key)
    seal.write(path, sealed, lambda written: check_as_written(written, proof.report.engines))
    identity = hashlib.sha256(sealed["manifest.json"]).hexdigest()
    keyid = None if key is None else seal.key_id(key.public_key())
    notes += identity_notes(proof.report)
    _log.info("%s %s: wrote %s, identity %s", name, version, path, identity)
    return Packed(path, identity, contract, proof.report, notes, steps(converted), report, keyid)


def _with_contract(graph: onnx.ModelProto, contract: Contract) -> bytes:
    """The serialised graph, with the contract in its metadata for readers of ONNX files."""
    onnx.helper.set_model_props(graph, {"sealift.contract": canonical.dumps(contract.as_json()).decode()})
    return bytes(graph.SerializeToString())
