"""From errors to exit codes, and nothing that a user should not see."""

import json

import pytest

from anomalyctl import errors
from anomalyctl.cli.commands import doctor as doctor_command


def raising(error: BaseException):
    def doctor() -> None:
        raise error

    return doctor


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.AnomalyctlError("it failed"), 1),
        (errors.NotFound("no such anomaly"), 1),
        (errors.Declined("declined"), 3),
        (errors.SignInFailed("no token"), 4),
        (errors.Locked("held by ada"), 5),
        (errors.UnknownEnvironment("no such environment"), 6),
        (errors.NotDeployed("not running"), 6),
        (errors.LostRace("ada was first"), 6),
        (errors.PartlyDone("2 of 3"), 7),
        (errors.TimedOut("no answer"), 8),
        (errors.Protected("prod is protected"), 9),
        (errors.Unreachable("nothing there"), 10),
        (errors.InvalidInput("bad", field="--rate"), 64),
        (errors.InternalError("ours"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_own_exit_code(anomalyctl, monkeypatch, error, code):
    monkeypatch.setattr(doctor_command, "doctor", raising(error))
    assert anomalyctl("doctor").code == code


def test_an_error_is_one_line_and_its_next_step_one_line(anomalyctl, monkeypatch):
    error = errors.NotDeployed("The environment is not running.", hint="anomalyctl deploy")
    monkeypatch.setattr(doctor_command, "doctor", raising(error))
    ended = anomalyctl("doctor")
    assert ended.out == ""
    assert ended.err.splitlines() == ["Failed: The environment is not running.", "Next: anomalyctl deploy"]


def test_in_json_an_error_is_one_document_on_stderr(anomalyctl, monkeypatch):
    error = errors.ReadingRefused("WATER is not a number.", field="WATER", hint="Send a number.")
    monkeypatch.setattr(doctor_command, "doctor", raising(error))
    ended = anomalyctl("doctor", "--output", "json")
    assert ended.out == ""
    assert json.loads(ended.err) == {
        "error": {
            "code": "reading_refused",
            "message": "WATER is not a number.",
            "hint": "Send a number.",
            "details": {"field": "WATER"},
        }
    }


def test_a_bug_is_told_as_a_bug_without_a_traceback(anomalyctl, monkeypatch):
    monkeypatch.setattr(doctor_command, "doctor", raising(ZeroDivisionError("division by zero")))
    ended = anomalyctl("doctor")
    assert ended.code == 70
    assert "A bug of ours: ZeroDivisionError" in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in anomalyctl("doctor", "--verbose").err


def test_markup_in_a_message_is_written_as_it_is(anomalyctl, monkeypatch):
    monkeypatch.setattr(doctor_command, "doctor", raising(errors.NotFound("no [red]such[/red] thing [/]")))
    assert "no [red]such[/red] thing [/]" in anomalyctl("doctor").err


def test_a_state_folder_that_cannot_be_used_is_named_and_no_bug_of_ours(anomalyctl, monkeypatch, tmp_path):
    (tmp_path / "terraform" / "environments").mkdir(parents=True)
    (tmp_path / "terraform" / "environments" / "environments.toml").write_text(
        '[environments.local]\nkind = "local"\nprotected = false\nsummary = "here"\n'
    )
    (tmp_path / ".anomalyctl").write_text("a file stands in its place")
    monkeypatch.setenv("ANOMALYCTL_PROJECT", str(tmp_path))
    ended = anomalyctl("runs", "list", "--output", "json")
    assert ended.code == 6
    assert str(tmp_path / ".anomalyctl") in json.loads(ended.err)["error"]["message"]


def test_nothing_in_a_message_becomes_a_picture(anomalyctl, monkeypatch):
    monkeypatch.setattr(doctor_command, "doctor", raising(errors.NotFound("no column root:x:0")))
    assert "root:x:0" in anomalyctl("doctor").err


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("status", "--wait", "soon"), "--wait"),
        (("plan", "--env", "dev", "--lock-timeout", "soon"), "--lock-timeout"),
        (("cost", "--env", "dev", "--rate", "soon"), "--rate"),
        (("detectors", "fit", "--last", "0s"), "--last"),
    ],
)
def test_a_wrong_duration_is_refused_with_its_option_named(anomalyctl, words, field):
    ended = anomalyctl(*words)
    assert ended.code == 64
    assert ended.err.startswith(f"Failed: {field}")


def test_runs_of_an_environment_that_neither_is_nor_was_are_not_just_none(anomalyctl):
    assert anomalyctl("runs", "list", "--env", "nowhere").code == 6


def test_usage_errors_are_64_and_never_look_like_changes_present(anomalyctl):
    ended = anomalyctl("doctor", "--no-such-option")
    assert ended.code == 64
    assert "--no-such-option" in ended.err
    assert "anomalyctl doctor --help" in ended.err


def test_a_usage_error_below_a_group_points_at_the_commands_own_help(anomalyctl):
    ended = anomalyctl("anomalies", "assign", "@latest")
    assert ended.code == 64
    assert "See `anomalyctl anomalies assign --help`." in ended.err


def test_a_mistyped_command_is_answered_with_the_nearest(anomalyctl):
    ended = anomalyctl("simulat")
    assert ended.code == 64
    assert "Did you mean 'simulate'?" in ended.err


def test_no_command_at_all_shows_the_map_and_is_a_usage_error(anomalyctl):
    ended = anomalyctl()
    assert ended.code == 64
    assert "Feed the pipeline" in ended.out + ended.err


def test_an_unknown_environment_is_refused_with_the_nearest_name(anomalyctl):
    ended = anomalyctl("doctor", "--env", "prdo")
    assert ended.code == 6
    assert "--env prod" in ended.err


def test_what_can_be_done_by_hand_is_shown_to_people(anomalyctl, monkeypatch):
    command = "anomalyctl import 'a[\"b\"]' '/x' --env dev"
    error = errors.AnomalyctlError("No.", details={"by_hand": [command]})
    monkeypatch.setattr(doctor_command, "doctor", raising(error))
    assert f"  {command}" in anomalyctl("doctor").err.splitlines()


@pytest.mark.parametrize(
    "words",
    [("--nonsense", "--output", "json"), ("--env", "nowhere", "--output", "json"), ("--nonsense", "-ojson")],
)
def test_an_error_below_a_command_that_is_a_group_too_is_json_where_that_was_asked_for(anomalyctl, words):
    ended = anomalyctl("simulate", "score", *words)
    assert ended.code in (6, 64)
    assert json.loads(ended.err)["error"]["message"]


def test_what_was_said_before_the_verb_holds_behind_it(anomalyctl):
    from anomalyctl.cli.invocation import current

    anomalyctl("simulate", "--no-input", "--quiet", "score", "--nonsense")
    assert (current.no_input, current.quiet) == (True, True)
