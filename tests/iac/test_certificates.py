"""The local authority as its manifest describes it, and what OpenSSL makes of certificates by it. cert-manager is played."""
from __future__ import annotations

import datetime
import ipaddress
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from manifests import named, objects


def names(part: dict) -> list[x509.GeneralName] | None:
    assert part.keys() <= {"dnsDomains", "ipRanges"}
    return [*map(x509.DNSName, part.get("dnsDomains", [])), *(x509.IPAddress(ipaddress.ip_network(each)) for each in part.get("ipRanges", []))] or None


def issued(name: str, key, issuer: x509.Name, signer, *extensions: x509.ExtensionType) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])).issuer_name(issuer).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    for extension in extensions:
        built = built.add_extension(extension, critical=not isinstance(extension, x509.SubjectAlternativeName))
    return built.sign(signer, hashes.SHA256())


def accepted(folder: Path, constraints: dict, host: str) -> bool:
    """Whether a browser that trusts the authority would take its certificate for this host."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    limits = x509.NameConstraints(names(constraints.get("permitted", {})), names(constraints.get("excluded", {})))
    try:
        name, option = x509.IPAddress(ipaddress.ip_address(host)), "-verify_ip"
    except ValueError:
        name, option = x509.DNSName(host), "-verify_hostname"
    for file, certificate in {
        "ca.pem": issued("authority", authority, subject, authority, x509.BasicConstraints(ca=True, path_length=None), limits),
        "leaf.pem": issued("leaf", key, subject, authority, x509.SubjectAlternativeName([name])),
    }.items():
        (folder / file).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    done = subprocess.run(["openssl", "verify", "-CAfile", "ca.pem", option, host, "leaf.pem"], cwd=folder, capture_output=True, text=True)
    assert not done.returncode or "permitted subtree violation" in done.stderr or "excluded subtree violation" in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.parametrize(("host", "expected"), [("atelier.test", True), ("example.org", False), ("atelier.test.example.org", False), ("192.168.49.2", False), ("1.1.1.1", False), ("2606:4700::1", False)])
def test_the_local_authority_can_vouch_for_the_site_and_nothing_else(tmp_path, host, expected):
    authority = named(objects("minikube"), "Certificate", "atelier-ca")["spec"]
    assert authority["isCA"] and authority["nameConstraints"]["critical"]
    assert accepted(tmp_path, authority["nameConstraints"], host) is expected


def test_names_alone_would_let_it_vouch_for_every_address(tmp_path):
    assert accepted(tmp_path, {"permitted": {"dnsDomains": ["atelier.test"]}}, "1.1.1.1")
