"""ansible/converge: how Ansible comes onto a bare machine, and how it becomes root there.

Everything it calls is a script that writes down how it was called; only `sh` and the usual small tools are real.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from terraform_project import PROJECT

ANSIBLE = PROJECT / "ansible"
HERE = Path(__file__).resolve().parent

# Python as Debian packs it: too old, or without venv, until apt has brought what is missing.
PYTHON = """#!/bin/sh
case "$1 $2" in
"-c "*) [ -f {state}/usable-{name} ] ;;
"-V "*) echo Python {name} "$(cat {state}/usable-{name})" ;;
"-m venv") mkdir -p "$3/bin"; cp {state}/pip "$3/bin/pip" ;;
esac
"""
PIP = """#!/bin/sh
echo "pip $*" >> {log}
printf '#!/bin/sh\\necho "ansible-playbook $*" >> {log}\\necho "same user ${{ANSIBLE_BECOME_ALLOW_SAME_USER:-unset}}" >> {log}\\necho "locale $LC_ALL" >> {log}\\n' > "$(dirname "$0")/ansible-playbook"
chmod +x "$(dirname "$0")/ansible-playbook"
"""
APT = """#!/bin/sh
echo "apt-get $*" >> {log}
case "$*" in
*" python3-venv"*) [ -f {state}/jammy ] || echo 3.11 > {state}/usable-python3 ;;
*" python3.11-venv"*) echo 3.11 > {state}/usable-python3.11 ;;
esac
"""
SUDO = """#!/bin/sh
case "$*" in
"--non-interactive true") [ -f {state}/sudo-without-password ] ;;
*) echo "sudo $*" >> {log}; exec "$@" ;;
esac
"""


class Machine:
    def __init__(self, folder: Path):
        self.folder, self.state, self.commands, self.log = folder, folder / "state", folder / "commands", folder / "log"
        self.state.mkdir(), self.commands.mkdir(), (folder / "ansible").mkdir()
        for name in ("converge", "requirements.txt"):
            shutil.copy(ANSIBLE / name, folder / "ansible")
        for name in ("python3", "python3.11", "python3.12", "python3.13"):
            self.command(name, PYTHON.replace("{name}", name))
        self.command("apt-get", APT)
        self.command("id", "#!/bin/sh\ncat {state}/id\n")
        self.command("setsid", '#!/bin/sh\nshift\nexec "$@"\n')
        (self.state / "pip").write_text(self.filled(PIP))
        (self.state / "pip").chmod(0o755)
        for name in ("sh", "dirname", "cat", "rm", "mkdir", "cp", "chmod", "env"):
            (self.commands / name).symlink_to(shutil.which(name))
        self.set("usable-python3", "3.11")
        self.set("id", "0")

    def filled(self, text: str) -> str:
        return text.replace("{state}", str(self.state)).replace("{log}", str(self.log)).replace("{{", "{").replace("}}", "}")

    def command(self, name: str, text: str) -> None:
        (self.commands / name).write_text(self.filled(text))
        (self.commands / name).chmod(0o755)

    def set(self, name: str, text: str) -> None:
        (self.state / name).write_text(text)

    def unset(self, name: str) -> None:
        (self.state / name).unlink()

    def user(self, password: bool) -> None:
        """Somebody who is not root, with sudo."""
        self.set("id", "1000")
        self.command("sudo", SUDO)
        if not password:
            self.set("sudo-without-password", "")

    def converge(self, *arguments: str, expect: int = 0, **environment: str) -> list[str]:
        # A session of its own has no terminal, also where the tests have one.
        done = subprocess.run([self.folder / "ansible" / "converge", *arguments], env={"PATH": str(self.commands), **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        assert done.returncode == expect, done.stdout
        self.said = done.stdout
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_root_needs_no_sudo(machine):
    """A bare Debian has none."""
    lines = machine.converge("host.yml", "--check")
    assert "ansible-playbook host.yml --check" in lines and "same user False" in lines


def test_a_locale_that_the_machine_does_not_have_does_no_harm(machine):
    assert "locale C.UTF-8" in machine.converge(LC_ALL="fr_FR.ISO-8859-1")


def test_ansible_is_installed_once_and_by_hash(machine):
    (pip, *_) = machine.converge()
    assert pip.startswith("pip install ") and "--require-hashes" in pip.split()
    assert machine.converge()[0] == "ansible-playbook site.yml"


def test_another_python_makes_another_environment(machine):
    machine.converge()
    machine.set("usable-python3", "3.13")
    assert machine.converge()[0].startswith("pip install ")


def test_a_python_without_venv_gets_it(machine):
    machine.unset("usable-python3")
    lines = machine.converge()
    assert "apt-get install -qq --yes --no-install-recommends python3-venv python3-apt" in lines
    assert lines[-3] == "ansible-playbook site.yml"


def test_a_distribution_whose_python_is_too_old_gets_a_second_one(machine):
    """Ubuntu 22.04: python3 is 3.10."""
    machine.unset("usable-python3")
    machine.set("jammy", "")
    lines = machine.converge()
    assert "apt-get install -qq --yes --no-install-recommends python3.11-venv" in lines
    assert lines[-3] == "ansible-playbook site.yml"


def test_a_user_installs_python_through_sudo(machine):
    machine.unset("usable-python3")
    machine.user(password=False)
    assert "sudo apt-get update -qq" in machine.converge()


def test_a_user_whose_sudo_asks_for_nothing_is_asked_for_nothing(machine):
    machine.user(password=False)
    assert machine.converge("host.yml")[-3:-1] == ["ansible-playbook host.yml", "same user unset"]


def test_a_password_that_nobody_can_be_asked_for_stops_with_the_way_out(machine):
    machine.user(password=True)
    lines = machine.converge("host.yml", expect=1)
    assert not [line for line in lines if line.startswith("ansible-playbook")]
    assert "ANSIBLE_BECOME_PASSWORD_FILE" in machine.said


@pytest.mark.parametrize("arguments,environment", [
    ([], {"ANSIBLE_BECOME_PASSWORD_FILE": "/somewhere"}),
    (["--ask-become-pass"], {}),
    (["-K"], {}),
    (["-i", "inventory/remote.yml"], {}),
])
def test_whoever_says_how_is_left_alone(machine, arguments, environment):
    machine.user(password=True)
    lines = machine.converge("host.yml", *arguments, **environment)
    assert " ".join(["ansible-playbook host.yml", *arguments]).strip() == lines[-3].strip()


def test_a_password_is_asked_for_on_the_terminal(machine):
    machine.user(password=True)
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.execve(machine.folder / "ansible" / "converge", ["converge", "host.yml"], {"PATH": str(machine.commands)})
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # The other end is closed.
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "ansible-playbook host.yml --ask-become-pass" in machine.log.read_text().splitlines()


def test_another_machine_as_root_here_is_still_reached_through_sudo_there(machine):
    assert "same user unset" in machine.converge("site.yml", "-i", "inventory/remote.yml")


def test_neither_root_nor_sudo_says_so(machine):
    machine.set("id", "1000")
    machine.converge("host.yml", expect=1)
    assert "run this as root, or install sudo" in machine.said


def test_the_lock_is_of_the_version_that_is_tested_and_has_a_hash_for_everything():
    text = (ANSIBLE / "requirements.txt").read_text()
    tested = re.search(r"^ansible-core==(\S+)", (HERE / "requirements.txt").read_text(), re.M)[1]
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.M))
    assert locked["ansible-core"] == tested and len(locked) >= 9
    for block in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in block, block
