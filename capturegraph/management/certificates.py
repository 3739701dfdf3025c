"""A certificate authority of this machine, and the certificate that it gives to this machine's own server.

Phones in the same network offer position, camera and offline use to pages over HTTPS only, and nobody gives out
certificates for addresses like 192.168.1.7. So this machine makes its own, and people install its authority on their
phones. Whoever got hold of the authority's key could deceive those phones: the key is readable by its owner alone, and
the authority can vouch for addresses of local networks only.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Phones refuse a server's certificate that holds longer than 825 days; the authority has to be installed by hand.
SERVER_LIFE = timedelta(days=397)
AUTHORITY_LIFE = timedelta(days=3650)
RENEWED_BEFORE = timedelta(days=30)
# A phone whose clock runs behind must not find that it holds from tomorrow on.
BACKDATED = timedelta(days=1)
LOCAL_NETWORKS = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7",
    "fe80::/10", "::1/128",
)  # fmt: skip

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Certificates(NamedTuple):
    """Where they lie, and whether phones have to install the authority (anew)."""

    authority: Path
    server: Path
    key: Path
    new_authority: bool


class _Pair(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def prepare(folder: Path, *, addresses: Collection[Address], names: Collection[str], now: datetime) -> Certificates:
    """Give a certificate for these addresses and names, with its authority: the ones of last time where they still do.

    Args:
        folder: where keys and certificates are kept; it is made, for its owner alone.
        addresses: the server's addresses.
        names: the server's names.
        now: the present time.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    authority = _load(folder / "authority")
    new = authority is None or not _holds(authority, now) or not _covers(authority, addresses, names)
    if authority is None or new:
        authority = _make_authority(addresses, names, now)
        _keep(folder / "authority", authority)
    server = _load(folder / "server")
    if server is None or not _holds(server, now) or not _serves(server, authority, addresses, names):
        _keep(folder / "server", _make_server(authority, addresses, names, now))
    return Certificates(folder / "authority.crt", folder / "server.crt", folder / "server.key", new)


def _make_authority(addresses: Iterable[Address], names: Iterable[str], now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Capturegraph in this network, made {now:%Y-%m-%d}")])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _begin(name, name, key, now, AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    constraints = x509.NameConstraints(_permitted(addresses, names), None)
    builder = builder.add_extension(constraints, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _make_server(authority: _Pair, addresses: Iterable[Address], names: Iterable[str], now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Capturegraph")])
    issuer = authority.certificate
    # It must not outlive who vouches for it.
    life = min(SERVER_LIFE, issuer.not_valid_after_utc - now)
    builder = _begin(name, issuer.subject, key, now, life)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(_alternatives(addresses, names)), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(known_by, critical=False)
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _begin(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:  # fmt: skip
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - BACKDATED).not_valid_after(now + life)


def _usage(**allowed: bool) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in every})


def _permitted(addresses: Iterable[Address], names: Iterable[str]) -> list[x509.GeneralName]:
    """Name what an authority may vouch for: local networks, this machine's own other addresses, and its names."""
    networks = [ipaddress.ip_network(one) for one in LOCAL_NETWORKS]
    own = [ipaddress.ip_network(one) for one in addresses if not any(one in network for network in networks)]
    return [*(x509.IPAddress(one) for one in (*networks, *own)), *(x509.DNSName(one) for one in names)]


def _alternatives(addresses: Iterable[Address], names: Iterable[str]) -> list[x509.GeneralName]:
    return [*(x509.IPAddress(one) for one in addresses), *(x509.DNSName(one) for one in names)]


def _holds(pair: _Pair, now: datetime) -> bool:
    certificate = pair.certificate
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED_BEFORE


def _covers(authority: _Pair, addresses: Iterable[Address], names: Iterable[str]) -> bool:
    extension = authority.certificate.extensions.get_extension_for_class(x509.NameConstraints)
    permitted = set(extension.value.permitted_subtrees or ())
    return permitted >= set(_permitted(addresses, names))


def _serves(server: _Pair, authority: _Pair, addresses: Iterable[Address], names: Iterable[str]) -> bool:
    extension = server.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    if set(extension.value) != set(_alternatives(addresses, names)):
        return False
    try:
        server.certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _load(stem: Path) -> _Pair | None:
    """Read a certificate and its key; None where either is absent, damaged, or not the other's."""
    try:
        certificate = x509.load_pem_x509_certificate(stem.with_suffix(".crt").read_bytes())
        key = serialization.load_pem_private_key(stem.with_suffix(".key").read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return _Pair(certificate, key)


def _keep(stem: Path, pair: _Pair) -> None:
    key = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(stem.with_suffix(".key"), key)
    _write(stem.with_suffix(".crt"), pair.certificate.public_bytes(serialization.Encoding.PEM))


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    beside = path.with_suffix(path.suffix + ".new")
    beside.unlink(missing_ok=True)
    with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def as_der(authority: Path) -> bytes:
    """Give an authority's certificate as phones take it."""
    certificate = x509.load_pem_x509_certificate(authority.read_bytes())
    return certificate.public_bytes(serialization.Encoding.DER)
