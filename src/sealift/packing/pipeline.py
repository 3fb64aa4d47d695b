"""`pack`: convert, verify, describe, write; or say why not and write nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx

import sealift
from sealift import canonical, seal
from sealift.contract import Contract, Ignored
from sealift.frameworks import Conversion, as_estimator
from sealift.packing import options, used_columns
from sealift.packing.describe import display_names
from sealift.packing.describe import fields as fielding
from sealift.packing.describe.card import card, check_about
from sealift.packing.describe.examples import Reference, examples
from sealift.packing.describe.metrics import baseline, metrics
from sealift.packing.describe.provenance import provenance, sbom
from sealift.packing.describe.report_html import report_page
from sealift.packing.inputs.detect import form_of
from sealift.packing.output_file import check_output, identity_notes, output_path
from sealift.packing.privacy.detect import strings_held
from sealift.packing.privacy.findings import Finding, PrivacyReport
from sealift.packing.privacy.survey import Survey
from sealift.packing.probes import free_text
from sealift.packing.progress import Progress, with_progress
from sealift.packing.proof.oracle import Original, check_model, check_rows
from sealift.packing.proof.prove import prove
from sealift.packing.proof.report import Report, tolerances
from sealift.runtime import SealedModel
from sealift.seal.manifest import check_name
from sealift.stats import Sketch


@dataclass(frozen=True)
class Packed:
    """What `pack` made.

    Attributes:
        path: the sealed file.
        identity: the model's identity.
        contract: its contract.
        report: the parity report.
        notes: what the packer should know.
        steps: each step's path, and how it was converted.
        privacy: what was compared with the caller's rows, and what the file retains of them.
    """

    path: Path
    identity: str
    contract: Contract
    report: Report
    notes: Sequence[str]
    steps: Sequence[Mapping[str, str]] = ()
    privacy: PrivacyReport | None = None

    def load(self) -> SealedModel:
        """The sealed model, ready to answer."""
        return sealift.load(self.path)

    def _repr_html_(self) -> str:
        """The parity report for notebooks."""
        return report_page(f"Sealed: {self.path}", self.report, self.steps, self.notes)


@with_progress
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
    title: str = "",
    description: str = "",
    about: Mapping[str, str] | None = None,
    keep_rows: bool = False,
    training: Any = None,
    privacy: str = "report",
    tolerance: float | None = None,
    engines: Sequence[str] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Packed:
    """Seal a fitted model with all its preprocessing, after proving that it gives the same answers.

    Args:
        model: a fitted estimator or pipeline of scikit-learn, XGBoost, LightGBM or CatBoost, or a bare booster.
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
        title: the model's name for people.
        description: what it predicts, in a sentence.
        about: texts for the model card: when_to_use, pitfalls, references, author, contact, license,
            review_date.
        keep_rows: put some of the real rows into the file as examples, instead of generated ones. The card says so.
        training: the rows that the model was trained on, as X or as a pair (X, y). Nothing of them enters the file;
            its contents are compared with them too, and what is rare is counted in them.
        privacy: "report" says what the file retains of single records; "strict" refuses to write such a file.
        tolerance: a looser relative tolerance than the policy's; recorded in the file.
        engines: what the proof runs in: ("native",) or ("native", "wasm"). By default WebAssembly, the page's engine,
            is used where Node 20 is installed. The file says which were used, so the same inputs make the same
            identity only with the same engines.
        overwrite: replace a file at `output` even if it is signed, or is no sealed file.
        progress: called with a sentence when a stage begins, and in the long one with how many rows are verified
            and about how long the rest takes. By default a line of a terminal or of a notebook's cell shows it.

    Raises:
        PackError: E301 for a model that was never fitted, E302 for a step that cannot be converted, E304 for a name
            or another argument that cannot be used, E305 when the model fails on X, or X or y do not fit it, E309 when
            the file would retain single records and `privacy` is "strict", E310 when a proof that `engines` asks for
            cannot run.
        ParityError: E303 when the answers differ; nothing is written.
        ContractError: E106 when `fields` contradict themselves.
        FileError: E402 when the file cannot be written, E406 when another file would be lost. Both are noticed before
            the work.
    """
    say = progress or (lambda _: None)
    check_name(name, version)
    check_about(about or {})
    options.check_texts(title=title, description=description)
    options.check_tolerance(tolerance)
    options.check_privacy(privacy)
    options.check_engines(engines)
    path = output_path(output, name, overwrite=overwrite)
    model = as_estimator(model)
    check_model(model)
    say("Reading the rows")
    form = form_of(X, model)
    truth = options.truth_of(y, len(form))
    say("Converting the model")
    conversion, form = used_columns.converted(model, form)
    sketches = fielding.sketch(form)
    survey = Survey.of(form, truth, training, model)
    say("Asking the original model")
    original = Original(model, form, conversion.outputs)
    answers = check_rows(original)
    narrow = {c.dtype for c in form.columns if c.dtype in ("float32", "float64")} == {"float32"}
    conversion = replace(conversion, single=conversion.single or narrow or bool(original.single))
    graph = conversion.model()
    contract, findings = _contract(
        conversion,
        original,
        sketches,
        survey,
        strings_held(graph, conversion),
        fields or {},
        outputs=display_names.output_names(options.named(conversion.outputs, class_names), outputs, y, form.values()),
        headline=options.headline(conversion.outputs, headline),
        title=title,
        description=description,
        about=dict(about or {}),
    )
    say("Comparing the graph with the rows")
    words, found = survey.words(conversion.stages)
    findings += [*found, *survey.examine(graph, conversion, contract)]
    survey.report(findings).check(privacy)
    say("Verifying")
    described = canonical.dumps(contract.as_json())
    onnx.helper.set_model_props(graph, {"sealift.contract": described.decode()})
    body = graph.SerializeToString()
    reference = Reference.of(form, sketches, words)
    allowed = tolerances(contract, answers, single=conversion.single, relative=tolerance)
    proof = prove(conversion, original, contract, body, answers, sketches, reference, allowed, tolerance, engines, say)
    golden, found = examples(
        contract, proof.rows, proof.truth, allowed, form, answers if keep_rows else None, survey.single_answers
    )
    findings += found
    report = survey.report(findings)
    report.check(privacy)
    notes = [*(finding.note for finding in report.findings), *form.notes, *used_columns.notes(form), *proof.notes]
    say("Writing")
    steps = [{"path": step.path, "how": step.how} for step in conversion.steps]
    evidence = {
        "parity": proof.report.as_json(),
        "steps": steps,
        "rows": len(form),
        "rows_source": "caller" if keep_rows else "generated",
        "metrics": {} if truth is None else metrics(contract, answers, truth),
        "baseline": None if truth is None else baseline(contract, truth),
        "notes": notes,
        "privacy": report.as_json(),
    }
    members = {
        "contract.json": described,
        "model.onnx": body,
        "golden/examples.json": canonical.dumps(golden),
        "evidence.json": canonical.dumps(evidence),
        "reference/sketches.json": canonical.dumps(reference.as_json(contract)),
        "reference/background.json": canonical.dumps(reference.background(contract, form, keep_rows=keep_rows)),
        "card.md": card(contract, name=name, version=version, evidence=evidence, about=about or {}).encode(),
        "provenance.json": canonical.dumps(provenance(form, model)),
        "sbom.cdx.json": canonical.dumps(sbom(name, version, body, description)),
    }
    sealed = seal.assemble(
        members,
        name=name,
        version=version,
        task=contract.task,
        producer=f"sealift {sealift.__version__}",
        opsets={entry.domain: entry.version for entry in graph.opset_import},
    )
    check_output(path, overwrite=overwrite)  # meanwhile somebody may have signed it
    seal.write(path, sealed)
    identity = hashlib.sha256(sealed["manifest.json"]).hexdigest()
    notes = [*notes, *identity_notes(proof.report)]
    return Packed(path, identity, contract, proof.report, notes, steps, report)


def _contract(
    conversion: Conversion,
    original: Original,
    sketches: Sequence[Sketch],
    survey: Survey,
    held: Collection[str],
    fields: Mapping[str, Mapping[str, Any]],
    **rest: Any,
) -> tuple[Contract, list[Finding]]:
    """The contract as X, the model and the caller make it; and the rare categories that the model knows."""
    inputs = free_text.without_lists(fielding.infer(original.form, sketches), conversion.stages)
    inputs = fielding.with_categories(inputs, conversion.steps, original.form)
    inputs = fielding.with_whole(fielding.with_policies(inputs, original), conversion.graph.whole)
    inputs = fielding.with_closed(inputs, conversion.graph.closed)
    inputs = fielding.with_missing_words(inputs, original.form)
    constants = fielding.constants_of(conversion.steps)
    inputs, findings = fielding.without_rare(
        inputs, survey.rare_in, held, training=survey.has_training, constants=constants
    )
    inputs, observed = display_names.with_observed_values(inputs, original.form)
    ignored = tuple(Ignored(column.name, place) for place, column in original.form.dropped)
    found = Contract(inputs=tuple(inputs), task=conversion.task, stages=conversion.stages, ignored=ignored, **rest)
    fields = {name: changes for name, changes in fields.items() if name not in found.ignored_names}
    fielding.check_overrides(fields, found)
    enriched = found.changed(**display_names.resolved(fields, found, observed))
    fielding.check_loosened(found, enriched, original)
    return enriched, findings
