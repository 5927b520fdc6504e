"""Where the project is found, and the allow-list of environments."""

from pathlib import Path

import pytest

from anomalyctl.environments import environment_named, load_environments
from anomalyctl.errors import InvalidInput, PreconditionFailed, UnknownEnvironment
from anomalyctl.project import Project, find_project


def checkout(folder: Path, environments: str = "") -> Path:
    (folder / "terraform" / "environments").mkdir(parents=True)
    (folder / "terraform" / "environments" / "environments.toml").write_text(environments)
    return folder


def project_with(folder: Path, environments: str) -> Project:
    return find_project(environ={}, start=checkout(folder, environments))


def test_the_nearest_parent_with_terraform_environments_is_the_project(tmp_path):
    outer = checkout(tmp_path)
    inner = checkout(tmp_path / "vendor" / "copy")
    (inner / "services" / "deep").mkdir(parents=True)
    assert find_project(environ={}, start=inner / "services" / "deep").root == inner
    assert find_project(environ={}, start=outer / "vendor").root == outer


def test_the_variable_wins_over_the_folder(tmp_path):
    named = checkout(tmp_path / "named")
    here = checkout(tmp_path / "here")
    assert find_project(environ={"ANOMALYCTL_PROJECT": str(named)}, start=here).root == named


def test_a_variable_that_names_no_project_is_refused(tmp_path):
    with pytest.raises(PreconditionFailed, match="has no terraform/environments"):
        find_project(environ={"ANOMALYCTL_PROJECT": str(tmp_path)}, start=tmp_path)


def test_our_state_lies_in_one_git_ignored_folder_of_the_project(tmp_path):
    project = find_project(environ={}, start=checkout(tmp_path))
    assert project.state == tmp_path / ".anomalyctl"
    assert ".anomalyctl/" in (Path(__file__).parent.parent / ".gitignore").read_text().splitlines()


def test_our_own_list_has_local_and_protects_prod():
    environments = load_environments(find_project(environ={}, start=Path(__file__).parent))
    assert environments["local"].is_local
    assert not environments["local"].protected
    assert environments["prod"].protected
    assert set(environments) == {"local", "dev", "perf", "stage", "prod"}


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path):
    project = project_with(tmp_path, '[environments.prod]\nkind = "azure"\n')
    with pytest.raises(UnknownEnvironment) as refused:
        environment_named(project, "prd")
    assert refused.value.hint == "Did you mean --env prod?"


def test_an_environment_is_protected_where_the_list_does_not_say(tmp_path):
    project = project_with(tmp_path, '[environments.new]\nkind = "azure"\n')
    assert environment_named(project, "new").protected


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[environments.x]\nkind = "cloud"\n', "environments.x.kind"),
        ('[environments.x]\nkind = "azure"\nprotected = "no"\n', "environments.x.protected"),
        ("[environments]\nx = 1\n", "environments.x"),
    ],
)
def test_a_bad_entry_is_refused_with_the_field_named(tmp_path, text, field):
    with pytest.raises(InvalidInput) as refused:
        load_environments(project_with(tmp_path, text))
    assert refused.value.field == field


def test_a_broken_list_is_told_in_a_sentence(tmp_path):
    with pytest.raises(PreconditionFailed, match="cannot be read"):
        load_environments(project_with(tmp_path, "[environments"))
