"""The values that an environment's Terraform variables have, worked out by Terraform itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from anomalyctl.environments import Environment
from anomalyctl.errors import PreconditionFailed
from anomalyctl.project import Project
from anomalyctl.provisioning.events import diagnostics_in_text
from anomalyctl.provisioning.surroundings import terraform_surroundings
from anomalyctl.provisioning.variables import collect_variables

_DECLARED: Final = re.compile(r'^variable\s+"(\w+)"', re.MULTILINE)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_TIMEOUT_S: Final = 20


@dataclass(frozen=True, slots=True)
class GivenVariables:
    """What the command line adds to the environment's own variables."""

    files: tuple[Path, ...] = ()
    values: tuple[str, ...] = ()
    """NAME=VALUE."""


NOTHING_GIVEN: Final = GivenVariables()


def variable_values(
    project: Project,
    environment: Environment,
    names: Sequence[str],
    *,
    terraform: Path,
    environ: Mapping[str, str],
    given: GivenVariables = NOTHING_GIVEN,
) -> dict[str, Any]:
    """The values of the named variables that are declared: defaults, *.tfvars, TF_VAR_*, what is given.

    `terraform console` works them out over a copy of the declarations alone: no provider, no state, 0.1 s.
    Raises PreconditionFailed where Terraform refuses a value; NotFound and InvalidInput for what is given.
    """
    declarations = sorted(project.terraform.glob("variables*.tf"))
    declared = {name for path in declarations for name in _DECLARED.findall(path.read_text(encoding="utf-8"))}
    wanted = [name for name in names if name in declared]
    files = (
        project.terraform / "environments" / f"{environment.name}.tfvars",
        project.root / "terraform.tfvars",
    )
    with tempfile.TemporaryDirectory(prefix="anomalyctl-doctor-") as folder:
        for path in declarations:
            shutil.copy(path, folder)
        chosen = collect_variables(
            defaults=files,
            files=given.files,
            values=given.values,
            keep_values_in=Path(folder) / "given.tfvars",
            environ=environ,
        ).files
        surroundings = terraform_surroundings(
            environ, data_dir=Path(folder) / ".terraform", correlation_id="", subscription_id=""
        )
        try:
            done = subprocess.run(
                [str(terraform), "console", *(f"-var-file={path}" for path in chosen)],
                input=f"jsonencode({{{', '.join(f'{name} = var.{name}' for name in wanted)}}})\n",
                cwd=folder,
                env=dict(surroundings.variables),
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PreconditionFailed(f"Terraform did not answer within {_TIMEOUT_S} s.") from None
    try:
        values: dict[str, Any] = json.loads(json.loads(done.stdout))
    except ValueError:
        raise _refused(environment, done.stderr or done.stdout) from None
    return values


def _refused(environment: Environment, said: str) -> PreconditionFailed:
    told = diagnostics_in_text(_COLOUR.sub("", said))
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", told[0].detail)] if told else []
    # Between the place in the file and the rule stands the sentence that the variable's author wrote.
    sentences = [part for part in paragraphs if part and not part.startswith(("on ", "This was checked by"))]
    reason = " ".join(sentences) or (told[0].summary if told else said.strip()[:200] or "it said nothing")
    return PreconditionFailed(
        f"Terraform refuses the variables: {reason}",
        hint=f"Mend terraform/environments/{environment.name}.tfvars, or see: anomalyctl validate "
        f"--env {environment.name}",
    )
