"""`sealift keygen` and `sealift sign`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealift.cli import console
from sealift.cli.console import clean, say

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def generate(path: Path, *, password_prompt: bool, as_json: bool) -> None:
    """Make a pair of keys."""
    from sealift import seal

    password = _password(confirm=True) if password_prompt else None
    public, keyid = seal.generate_keys(path, password=password)
    if as_json:
        console.show_json({"ok": True, "private": str(path), "public": str(public), "keyid": keyid})
        return
    say(f"private key  {clean(path)}   keep it secret, and keep a copy")
    say(f"public key   {clean(public)}   give it to those who verify")
    say(f"key id       {keyid}")


def sign(file: Path, key: Path, *, password_prompt: bool, as_json: bool) -> None:
    """Sign a file in place."""
    from sealift import seal

    keyid, identity = seal.sign_file(file, open_key(key, password_prompt=password_prompt))
    if as_json:
        console.show_json({"ok": True, "file": str(file), "identity": identity, "keyid": keyid})
        return
    say(f"signed {clean(file)} by {keyid}")


def open_key(key: Path, *, password_prompt: bool) -> Ed25519PrivateKey:
    """The private key, asking for its password if told to."""
    from sealift import seal

    return seal.load_private_key(key, password=_password(confirm=False) if password_prompt else None)


def _password(*, confirm: bool) -> bytes:
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True)
    return answer.encode()
