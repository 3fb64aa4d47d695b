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
from sealift.graph.split_model import SplitModel
from sealift.packing.bundles import unbundled
from sealift.packing.convert import Converted, ask_original, convert_model, notes_on_dropped
from sealift.packing.describe import fields as columns
from sealift.packing.describe.examples import examples
from sealift.packing.describe.infer_contract import infer_contract
from sealift.packing.describe.members import evidence, members, steps
from sealift.packing.heads.source import Heads, HeadSource, with_heads
from sealift.packing.inputs.dataset import Dataset
from sealift.packing.model_card import ModelCard
from sealift.packing.optimize.run import optimized
from sealift.packing.options import ContractOptions, Options, PrivacyOptions, ProofOptions
from sealift.packing.output_file import OutputFile, identity_notes
from sealift.packing.packed import Packed
from sealift.packing.preprocess import with_preprocessing
from sealift.packing.privacy.detect import strings_held
from sealift.packing.privacy.survey import Survey
from sealift.packing.probes.generate import generate
from sealift.packing.probes.probe_rows import encoded
from sealift.packing.probes.row_generator import RowGenerator
from sealift.packing.progress import Progress, with_progress
from sealift.packing.proof.as_written import check_as_written
from sealift.packing.proof.prove import prove
from sealift.packing.untrusted import within_limits
from sealift.version import __version__

_log = logging.getLogger(__name__)


@with_progress
@unbundled
@within_limits
def pack(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    name: str,
    version: str = "1",
    output: Path | str | OutputFile | None = None,
    contract: ContractOptions | None = None,
    card: ModelCard | Mapping[str, str] | None = None,
    preprocess: Any = None,
    outputs: Heads | None = None,
    class_names: Sequence[str] | Mapping[Any, str] | None = None,
    proof: ProofOptions | None = None,
    privacy: PrivacyOptions | None = None,
    optimize: str | None = None,
    sign: seal.PrivateKey | None = None,
    progress: Progress | None = None,
) -> Packed:
    """Seal a fitted model with all its preprocessing, after proving that it gives the same answers.

    Args:
        model: a fitted estimator or pipeline of scikit-learn, XGBoost, LightGBM or CatBoost, or a bare booster; a
            module of PyTorch, a `torch.export.ExportedProgram`, a net of skorch or Keras; a fitted transformer and a
            net as a tuple, or several nets as a list, whose mean is the answer; a pipeline of `transformers`, which
            has its own preprocessing and outputs; an `onnx.ModelProto`; a function of
            NumPy or pandas; or the path of a model file, as on the command line.
        X: rows in the format of the model's `predict` (pandas, polars, NumPy, a list of dicts or of strings; arrays for
            nets), preferably rows that it was not trained on.
        y: their true answers; the quality measured with them is recorded in the evidence.
        name: the model's name, such as "heart-risk".
        version: its version.
        output: the path of the file; `<name>.seal` in the current folder by default. A `sealift.OutputFile` also
            states whether a signed file, or one that is not a sealed file, is replaced.
        contract: descriptions of inputs and outputs: fields, outputs, class_names, headline.
        card: the texts of the model card, as `sealift.ModelCard` or a mapping: title, description, when_to_use,
            pitfalls, references, author, contact, license, review_date.
        preprocess: how a picture or a text becomes the arrays that a net takes: a `sealift.Image`, the transforms or
            image processor of the user's library, or a tokenizer. X is then a list of paths, bytes, pictures of Pillow
            or arrays, or the path of a folder; or a list of strings.
        outputs: the meaning of the model's outputs: a head such as `sealift.Classes(["cat", "dog"])`, or a mapping from
            the model's outputs to heads, where None leaves one out. Outputs without a head keep their names.
        class_names: the names of the classes: of a classifier as in `ContractOptions`, of a net as `Classes(names)`.
        proof: the tolerance, and the engines that are compared with the original.
        privacy: the training rows, whether findings are refused, and whether real rows become examples.
        optimize: the name of a method of `sealift.optimize` that makes the graph smaller or faster. The variant is
            compared with the original model on X and the golden examples.
        sign: sign the file with this private key, or the one in this PEM file; its password is read from the
            environment variable SEALIFT_KEY_PASSWORD. It is signed before it is written, so that there is never an
            unsigned file at `output`.
        progress: called with a sentence when a stage begins, and during verification with the number of verified rows
            and the estimated remaining time. By default it is shown in a terminal or in a notebook's cell.

    Raises:
        PackError: E301 for a model that was never fitted, E302 for a step that cannot be converted, E304 for a name or
            another argument that cannot be used, E305 when the model fails on X, or X or y do not match it, E309 when
            the file would retain data of single records and `privacy` is strict, E310 when a proof that `proof`
            requests cannot run, E320 to E328 for pictures, a pipeline or a preprocessing that cannot be used, E330 to
            E335 for a net that cannot be exported, E340 and E341 for a tokenizer, E350 to E353 when `outputs` or
            `class_names` do not fit the model, E360 when the method `optimize` changes the answers too much.
        ParityError: E303 when the answers differ; nothing is written.
        LimitError: E210 when the graph of an ONNX file takes more time or memory than its `limits`.
        ContractError: E106 when the fields of `contract` are contradictory.
        SignatureError: E501 when the key of `sign` cannot be used.
        FileError: E402 when the file cannot be written, E406 when an existing file must not be replaced. Both are
            checked before the work.
    """
    options = Options(
        name, version, contract or ContractOptions(), ModelCard.of(card), proof or ProofOptions(),
        privacy or PrivacyOptions(), optimize,
    )  # fmt: skip
    target = OutputFile.of(output, name)
    path = target.check()
    key = None if sign is None else seal.open_private_key(sign)  # also before the work
    report_progress = progress or (lambda _: None)

    def say(stage: str) -> None:
        _log.info("%s %s: %s", name, version, stage)
        report_progress(stage)

    given = source_of(model)
    source, names = with_heads(with_preprocessing(given, preprocess), outputs, class_names)
    source.check()
    y, options = source.truth(y) if isinstance(source, HeadSource) else y, options.with_class_names(names)

    say("Reading the rows")
    dataset = Dataset.read(X, y, source).with_dtypes(options.contract.dtypes)

    say("Converting the model")
    conversion, input_rows = convert_model(source, dataset.input_rows)
    sketches = columns.sketch(input_rows)
    survey = Survey.of(input_rows, dataset.truth, options.privacy.training, source, options.contract.dtypes)

    say("Running the original model")
    converted = ask_original(source, conversion, input_rows)
    strings = strings_held(converted.graph.proto, converted.conversion)
    agreed, findings = infer_contract(
        converted, sketches, options, y, survey.rare_in, strings, training=survey.has_training
    )

    say("Comparing the graph with the rows")
    words, in_words = survey.words(conversion.stages)
    findings += [*in_words, *survey.examine(converted.graph, converted.conversion, agreed, strings)]
    survey.report(findings).check(strict=options.privacy.strict)

    say("Verifying")
    graph = _with_contract(converted.graph, agreed)
    generator = RowGenerator.of(input_rows, sketches, words)
    probes = generate(converted.conversion, agreed, generator)
    proved = prove(converted, agreed, graph, probes, options, report_progress)
    golden, in_examples = examples(
        agreed,
        proved,
        input_rows,
        generator.width,
        converted.answers if options.privacy.keep_rows else None,
        survey.single_answers,
    )
    report = survey.report([*findings, *in_examples])
    report.check(strict=options.privacy.strict)

    say("Writing")
    notes = [
        *(finding.note for finding in report.findings),
        *input_rows.notes,
        *notes_on_dropped(input_rows),
        *proved.notes,
    ]
    measured = evidence(dataset, converted, agreed, proved.report, report, notes, options)
    sealed: dict[str, Any] = seal.assemble(
        members(converted, agreed, graph, golden, measured, generator, given.model, options),
        name=name,
        version=version,
        task=agreed.task,
        producer=f"sealift {__version__}",
        opsets={entry.domain: entry.version for entry in converted.graph.proto.opset_import},
    )
    if options.optimize is not None:
        sealed = _optimized(sealed, options.optimize, converted, agreed, dataset.truth)
    target.check()  # the existing file may have been signed in the meantime
    if key is not None:
        sealed = seal.sign_members(sealed, key)
    seal.write(path, sealed, lambda written: check_as_written(written, proved.report.engines))
    identity = hashlib.sha256(sealed["manifest.json"]).hexdigest()
    keyid = None if key is None else seal.key_id(key.public_key())
    notes += identity_notes(proved.report)
    _log.info("%s %s: wrote %s, identity %s", name, version, path, identity)
    return Packed(path, identity, agreed, proved.report, notes, steps(converted), report, keyid)


def _optimized(
    sealed: Mapping[str, bytes], method: str, converted: Converted, contract: Contract, truth: Any
) -> dict[str, bytes]:
    """The members of a variant, compared with the original's answers to the given rows."""
    batch = encoded(contract, converted.input_rows.values())
    answers = {name: array[batch.good] for name, array in converted.answers.items()}
    return optimized(sealed, method, batch.only_good(), answers, None if truth is None else truth[batch.good])


def _with_contract(graph: SplitModel, contract: Contract) -> SplitModel:
    """The graph, with the contract in its metadata for other readers of ONNX files."""
    onnx.helper.set_model_props(graph.proto, {"sealift.contract": canonical.dumps(contract.as_json()).decode()})
    return SplitModel(graph.proto, graph.members)
