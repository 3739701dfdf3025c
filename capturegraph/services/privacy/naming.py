"""Names for the public: a photograph's id there is not the capture's.

Phones make the ids of captures, and may put the time of their making, or the phone, into them. AES turns the one block
of an id into another that says nothing, and back; the key comes from this site's own.
"""

from __future__ import annotations

from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.utils.crypto import salted_hmac


def public_id(capture_id: UUID) -> UUID:
    """Give the id by which everybody may speak of a capture. It changes with the site's secret key only."""
    block = _cipher().encryptor()
    return UUID(bytes=block.update(capture_id.bytes) + block.finalize())


def capture_id_of(public: UUID) -> UUID:
    """Give the id of the capture that a public id would be of; there may be none."""
    block = _cipher().decryptor()
    return UUID(bytes=block.update(public.bytes) + block.finalize())


def _cipher() -> Cipher[modes.ECB]:
    key = salted_hmac("capturegraph.services.privacy.naming", "public ids", algorithm="sha256").digest()
    # One block under one key is a permutation: there is nothing in it to chain.
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
