"""`sealift keygen` and `sealift sign`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealift import files
from sealift.cli import console
from sealift.cli.console import clean, say
from sealift.errors import SignatureError
from sealift.seal.keys import VARIABLE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def generate(path: Path, *, password_prompt: bool, password_file: Path | None, as_json: bool) -> None:
    """Generate a pair of keys."""
    from sealift import seal

    password = _given(password_prompt, password_file, confirm=True)
    public, keyid = seal.generate_keys(path, password=password)
    if as_json:
        console.show_json({"ok": True, "private": str(path), "public": str(public), "keyid": keyid})
        return
    say(f"private key  {clean(path)}   keep it secret, and make a backup")
    say(f"public key   {clean(public)}   give it to those who verify")
    say(f"key id       {keyid}")


def sign(file: Path, key: Path, *, password_prompt: bool, password_file: Path | None, as_json: bool) -> None:
    """Sign a file in place."""
    from sealift import seal

    opened = open_key(key, password_prompt=password_prompt, password_file=password_file)
    keyid, _ = seal.sign_file(file, opened)
    if as_json:
        console.show_json({"ok": True, **console.manifest(file, seal.read(file)), "signed_by": keyid})
        return
    say(f"signed {clean(file)} by {keyid}")


def open_key(key: Path, *, password_prompt: bool, password_file: Path | None) -> Ed25519PrivateKey:
    """Load the private key, with its password from a prompt, a file or the environment variable."""
    from sealift import seal

    return seal.open_private_key(key, password=_given(password_prompt, password_file, confirm=False))


def _given(prompt: bool, file: Path | None, *, confirm: bool) -> bytes | None:
    """The password from a prompt or a file, None without either."""
    if prompt and file is not None:
        raise click.UsageError("--password-prompt and --password-file exclude each other.")
    if file is None:
        return _asked(confirm=confirm) if prompt else None
    password = files.read(file, limit=1 << 12).rstrip(b"\r\n")
    if not password:
        raise SignatureError("E501", "The password file is empty.", where=str(file), fix="Write the password into it.")
    return password


def _asked(*, confirm: bool) -> bytes:
    if not sys.stdin or not sys.stdin.isatty():
        raise SignatureError(
            "E501",
            "The password cannot be asked for without a terminal.",
            fix=f"Give it with --password-file, or the environment variable {VARIABLE}.",
        )
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True)
    return answer.encode()
