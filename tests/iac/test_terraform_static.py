"""terraform/ as text: pins, names, traps that a grep finds. What needs Terraform is in the other files."""
from __future__ import annotations

import re

import pytest

from terraform_project import PROJECT
from tools_terraform import BOUND, BUILT, pinned

TERRAFORM = PROJECT / "terraform"
FILES = sorted(TERRAFORM.rglob("*.tf"))
MODULES = sorted(path for path in (TERRAFORM / "modules").iterdir())
TEXT = {file.relative_to(TERRAFORM).as_posix(): file.read_text() for file in FILES}


def code(text: str) -> str:
    """Without comments."""
    return "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines())


ALL = {name: code(text) for name, text in TEXT.items()}


# ── Pins ────────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_created_before_what_it_replaces_is_destroyed():
    """Terraform extends create_before_destroy to all that a resource depends on. Our objects keep their names, so each that
    is replaced would be applied over the old one and then deleted."""
    lines = [f"{file.relative_to(PROJECT)}: {line.strip()}" for file in (PROJECT / "terraform").rglob("*.tf") for line in file.read_text().splitlines()]
    assert [line for line in lines if re.search(r"create_before_destroy\s*=", line)] == []


def test_every_provider_is_pinned_to_one_version():
    assert set(pinned()) == set(BUILT) | set(BOUND)
    for address, version in pinned().items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{address}: {version} is a range"


def test_versions_are_written_in_one_file():
    for name, text in ALL.items():
        if name == "versions.tf":
            continue
        for number in re.findall(r"(?<![\w./-])v?\d+\.\d+\.\d+(?![\w.])", text):
            # Examples in messages, and the address that means "this machine".
            assert number in {"v0.26.0", "v0.27.0", "127.0.0"} or number.startswith("127."), f"{name} names the version {number}"


def test_every_download_has_a_checksum():
    text = ALL["versions.tf"]
    names = re.findall(r'"([\w.-]+\.yaml)"\s*=\s*"([^"]*)"', text)
    assert len(names) >= 11
    for name, checksum in names:
        assert re.fullmatch(r"[0-9a-f]{64}", checksum), name
    assert len({checksum for _, checksum in names}) == len(names), "two files with one checksum"
    for name, other in ALL.items():
        for host in re.findall(r"https?://([\w.-]+\.\w+)", other):
            assert name == "versions.tf" or host == "127.0.0.1" or host.endswith((".example.org", ".svc.cluster.local")), f"{name} downloads from {host}"


@pytest.mark.parametrize("chart", re.findall(r"^\s+(\w+)\s+= \{ chart = ", ALL["versions.tf"], re.M))
def test_every_chart_is_pinned_and_used(chart):
    line = next(line for line in ALL["versions.tf"].splitlines() if re.match(rf"\s+{chart}\s+= \{{ chart", line))
    assert re.search(r'version = "v?\d+\.\d+\.\d+"', line)
    assert re.search(r'repository = "(oci|https)://', line)
    assert f"local.charts.{chart}" in ALL["main.tf"]


def test_istio_is_one_version():
    versions = set(re.findall(r'istio-release[^}]+version = "([^"]+)"', ALL["versions.tf"]))
    assert len(versions) == 1


# ── Names and shape ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_every_module_has_a_readme_with_one_annotated_call(module):
    readme = (module / "README.md").read_text()
    blocks = re.findall(r"```hcl\n(.*?)```", readme, re.S)
    assert len(blocks) == 1 and f'source = "./modules/{module.name}"' in blocks[0] and "#" in blocks[0]
    # The call shows real arguments: all that have no default, and none that do not exist.
    declared = dict(re.findall(r'^variable "(\w+)" \{(.*?)^\}', (module / "variables.tf").read_text(), re.M | re.S))
    given = set(re.findall(r"^  (\w+)\s+=", blocks[0], re.M)) - {"source", "count", "depends_on"}
    assert given <= set(declared), f"{module.name}: unknown {given - set(declared)}"
    required = {name for name, body in declared.items() if not re.search(r"^\s+default\s+=", body, re.M)}
    assert required <= given, f"{module.name}: the call leaves out {required - given}"


@pytest.mark.parametrize("name", [name for name in ALL if re.search(r'^(variable|output) "', ALL[name], re.M)])
def test_every_variable_and_output_says_what_it_is(name):
    for kind, label, body in re.findall(r'^(variable|output) "(\w+)" \{(.*?)^\}', TEXT[name], re.M | re.S):
        assert re.search(r"^\s+description\s+=", body, re.M), f"{name}: {kind} {label}"
        assert kind == "output" or re.search(r"^\s+type\s+=", body, re.M), f"{name}: {label} has no type"


def test_files_stay_readable():
    for name, text in TEXT.items():
        assert len(text.splitlines()) <= 300, name


SECRETS = ["postgres_password", "service_key", "webhook_url", "webhook_api_key", "llm_openai_key", "gemini_ai_api_key"]


def test_the_handbook_says_how_to_raise_each_revision():
    """secrets.tf sends there."""
    handbook = (PROJECT / "docs" / "operations.md").read_text()
    example = re.search(r"^secret_revisions = \{(.*?)\}", handbook, re.M)[1]
    declared = re.search(r'^variable "secret_revisions" \{(.*?)^\}', ALL["secrets.tf"], re.M | re.S)[1]
    assert set(re.findall(r"(\w+) =", example)) == set(re.findall(r"(\w+)\s+= optional", declared))
    for secret in SECRETS:
        assert f"TF_VAR_{secret}" in handbook, secret


# ── Traps (facts §10), as far as text shows them ────────────────────────────────────────────────────────
def test_no_version_of_the_shim_too_old_for_the_components():
    """Trap 4."""
    shim = re.search(r"\n  shim = \{(.*?)\n  \}", ALL["versions.tf"], re.S).group(1)
    version = re.search(r' version\s+= "v(\d+)\.(\d+)', shim)
    assert tuple(map(int, version.groups())) >= (0, 26)


def test_the_executors_name_is_this_namespaces_own():
    """Trap 18: the operator's finalizer looks for users of an executor by name in all namespaces."""
    for file in (PROJECT / "k8s").rglob("executor.yaml"):
        assert re.search(r"^  name: atelier-", file.read_text(), re.M), file
