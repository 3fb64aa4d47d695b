"""`sealift records`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from sealift import files
from sealift.batch.kinds import kind_of, open_writer
from sealift.cli import console
from sealift.cli.progress_bar import ProgressBar
from sealift.errors import ServeError
from sealift.serve.records.matching import RecordMatch
from sealift.serve.records.personal import Key
from sealift.serve.records.record import ModelEntry
from sealift.serve.records.settings import SPILL, is_url
from sealift.serve.records.spill import spill_files
from sealift.serve.records.stores import open_store
from sealift.serve.records.stores.base import Row, Selection, Store
from sealift.serve.records.table import RecordTable

_ABOUT = "record_"
_LONG = 60


@dataclass(frozen=True)
class RecordsOptions:
    """The options of the command.

    Attributes:
        model, version: which models; None for all.
        since, until: ISO 8601.
        error: a code, or `any`.
        ids: ids of records.
        last: the number of records to show.
        where: `FIELD=VALUE`.
        output: the file to export to.
        key_file: the key of personal fields.
        dry_run: whether to erase nothing.
    """

    model: str | None = None
    version: str | None = None
    since: str | None = None
    until: str | None = None
    error: str | None = None
    ids: Sequence[str] = ()
    last: int = 20
    where: str | None = None
    output: Path | None = None
    key_file: Path | None = None
    dry_run: bool = False


def run(action: str, target: str, options: RecordsOptions, *, as_json: bool) -> int:
    """Show, export or erase records; returns the exit code."""
    place, key, waiting = _opened(target, options.key_file)
    actions: Mapping[str, Callable[..., int]] = {"show": _show, "export": _export, "erase": _erase}
    if action == "erase" and waiting:
        raise ServeError(
            "E722",
            f"{len(waiting)} files of records in {waiting[0].parent} wait for the store and cannot be searched.",
            where=place.where,
            fix="Start the server, which writes them to the store, and erase again.",
        )
    try:
        return actions[action](place, key, options, as_json=as_json)
    finally:
        place.close()


def _opened(target: str, key_file: Path | None) -> tuple[Store, Key | None, list[Path]]:
    """The store, the key, and files of records that are not in the store yet."""
    key = None if key_file is None else Key.read(key_file)
    if is_url(target):
        return open_store(target), key, []
    if Path(target).suffix != ".toml":
        return open_store(target), key, spill_files(Path(target).parent / SPILL)
    from sealift.serve.deployment import read

    settings = read(Path(target)).records
    if settings is None:
        raise ServeError(
            "E720",
            "The deployment file has no [records].",
            where=target,
            fix="Add [records], or name the store itself.",
        )
    return open_store(settings.store), key or settings.protection.key, spill_files(settings.spill)


def _show(store: Store, key: Key | None, options: RecordsOptions, *, as_json: bool) -> int:
    tables = {table.model.number: table for table in _tables(store, key, options)}
    rows = store.last(tables, _selection(options), options.last)
    runs = store.runs()
    if as_json:
        console.show_json(
            {
                "ok": True,
                "store": store.where,
                "records": len({row.values["record_id"] for row in rows}),
                "rows": len(rows),
                "listed": [
                    {"model": row.model.name, "version": row.model.version, **_plain(row.values)} for row in rows
                ],
                "models": [{"name": m.name, "version": m.version, "identity": m.identity} for m in store.models()],
                "runs": [vars(each) for each in runs],
            }
        )
        return 0
    if rows:
        header = ("time", "model", "status", "error", "ms", "caller", "record", "row", "inputs and outputs")
        console.table(header, map(_line, rows), limit=_LONG, most=len(rows))
    else:
        console.say("There are no such records.")
    written, dropped, lost = (sum(getattr(each, name) for each in runs) for name in ("written", "dropped", "lost"))
    console.say(f"since the first start of the server: {written:,} written, {dropped:,} dropped, {lost:,} lost")
    killed = sum(not each.ended for each in runs[:-1])
    if killed:
        console.say(f"runs that did not end: {killed}; what was in memory then is lost")
    return 0


def _described(row: Row) -> dict[str, Any]:
    return {"model": row.model.name, "version": row.model.version, **_plain(row.values)}


def _line(row: Row) -> list[object]:
    values = row.values
    shown = " ".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in _plain(values).items()
        if not name.startswith(_ABOUT) and value is not None
    )
    return [
        values["record_time"].isoformat(sep=" ", timespec="milliseconds")[:23],
        f"{row.model.name} {row.model.version}",
        values["record_status"],
        values["record_error"] or values["record_problems"],
        f"{values['record_seconds'] * 1e3:.1f}",
        values["record_caller"],
        values["record_id"],
        values["record_row"] or "",
        shown,
    ]


def _export(store: Store, key: Key | None, options: RecordsOptions, *, as_json: bool) -> int:
    output = options.output
    if output is None:
        raise click.UsageError("export needs -o FILE.")
    kind = kind_of(output)
    table = _one(_tables(store, key, options), store)
    columns = table.columns
    if kind == "parquet":
        from sealift.optional import need

        moment = need("pyarrow", "tables", "Parquet").timestamp("us", tz="UTC")
        columns = [replace(each, arrow_type=moment) if each.name == "record_time" else each for each in columns]
    count = 0
    with files.atomic(output) as stream, ProgressBar("Exporting") as bar:
        writer = open_writer(kind, stream, columns, str(output))
        try:
            for values in store.tables(table, _selection(options)):
                if kind != "parquet":
                    values[1] = [moment.isoformat() for moment in values[1]]
                writer.write(values)
                count += len(values[0])
                bar.advance(0, 0, count)
            writer.close()
        except BaseException:
            writer.abandon()
            raise
    if as_json:
        console.show_json({"ok": True, "store": store.where, "rows": count, "output": str(output)})
    else:
        console.say(f"{count:,} rows in {console.clean(output)}")
    return 0


def _erase(store: Store, key: Key | None, options: RecordsOptions, *, as_json: bool) -> int:
    selection = _selection(options)
    if options.where is None and selection == Selection():
        raise click.UsageError("erase needs --where FIELD=VALUE, --id, --since, --until or --error.")
    tables = _tables(store, key, options)
    matches: list[tuple[RecordTable, RecordMatch | None]] = [(table, None) for table in tables]
    if options.where is not None:
        field, equals, value = options.where.partition("=")
        if not equals:
            raise click.UsageError("--where needs FIELD=VALUE.")
        known = [table for table in tables if field in table.contract.index]
        matches = [(table, RecordMatch(table, field, value, key)) for table in known or tables]
    records = rows = 0
    for table, match in matches:
        erased = store.erase(table, selection, match, only_count=options.dry_run)
        records, rows = records + erased.records, rows + erased.rows
    if records and not options.dry_run:
        store.scrub()
    unsearchable = sum(match.unsearchable for _, match in matches if match is not None)
    if as_json:
        counts = {"records": records, "rows": rows, "unsearchable": unsearchable}
        console.show_json({"ok": True, "store": store.where, **counts, "dry_run": options.dry_run})
    else:
        console.say(f"{rows:,} rows in {records:,} records {'would be ' if options.dry_run else ''}erased")
        if unsearchable:
            console.say(
                f"{unsearchable:,} rows could not be searched: the field is masked in them, or hashed or encrypted and "
                "there is no key"
            )
    return console.SOME_ROWS if unsearchable else 0


def _tables(store: Store, key: Key | None, options: RecordsOptions) -> list[RecordTable]:
    models = store.models()
    chosen = [
        model for model in models if options.model in (None, model.name) and options.version in (None, model.version)
    ]
    if not chosen and (options.model, options.version) != (None, None):
        raise _not_one("There are no records of this model and version", models, store)
    return [RecordTable(model, key) for model in chosen]


def _one(tables: Sequence[RecordTable], store: Store) -> RecordTable:
    if len(tables) == 1:
        return tables[0]
    models = [table.model for table in tables]
    what = "The store has records of several models or versions" if tables else "The store has no records"
    raise _not_one(what, models, store)


def _not_one(what: str, models: Sequence[ModelEntry], store: Store) -> ServeError:
    listed = "; ".join(f"--model {model.name} --version {model.version}" for model in models[:8])
    fix = f"Choose one: {listed}." if models else "Wait until the server has answered a request."
    return ServeError("E725", f"{what}.", where=store.where, fix=fix)


def _selection(options: RecordsOptions) -> Selection:
    ids: frozenset[bytes] | None = None
    if options.ids:
        try:
            ids = frozenset(UUID(each).bytes for each in options.ids)
        except ValueError:
            raise click.UsageError("--id needs the id of a record, as `sealift records show` prints it.") from None
    since, until = (_time(name, getattr(options, name)) for name in ("since", "until"))
    return Selection(since=since, until=until, error=options.error, ids=ids)


def _time(name: str, text: str | None) -> float | None:
    """A time, in UTC unless it says otherwise."""
    if text is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--{name} must be a time in ISO 8601, such as 2026-11-27T12:30.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime.datetime) else value for name, value in values.items()
    }
