"""A plan as a pull request shows it: what is grave first, nothing of it markup, never too long."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from anomalyctl.cli.files import require_writable, write_whole
from anomalyctl.cli.views.plan_markdown import MOST_CHARACTERS, failure_markdown, review_markdown
from anomalyctl.errors import InvalidInput, NotDeployed
from anomalyctl.operations.infrastructure.planning import Review
from anomalyctl.provisioning.plans.changes import AttributeChange, Change, Plan, Verdict


def review(*changes: Change, drift: tuple[Change, ...] = ()) -> Review:
    plan = Plan(changes, drift, (), "1.11.4")
    return Review(
        environment="dev",
        workspace="dev",
        subscription_id="",
        kind="apply",
        plan_id="P",
        path=Path("P.tfplan"),
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        has_changes=bool(changes),
        plan=plan,
        counts=plan.counts,
        data_loss=plan.data_loss,
        run="R",
        protected=False,
    )


def change(address: str, verdict: Verdict, action: str = "update", **more: object) -> Change:
    return Change(address, address.split(".")[0], action, (verdict,), **more)  # type: ignore[arg-type]


def test_what_loses_data_stands_first_and_is_warned_of_and_what_is_safe_is_folded():
    text = review_markdown(
        review(
            change("azurerm_subnet.a", Verdict.SAFE, "create"),
            change("azurerm_cosmosdb_account.this", Verdict.DATA_LOSS, "replace", forced_by=("location",)),
        )
    )
    assert "**Data would be lost.**" in text
    assert text.index("DATA LOSS") < text.index("<details><summary>SAFE")
    assert "forced by `location`" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_a_plan_without_changes_says_so_and_shows_drift_apart():
    text = review_markdown(review(drift=(change("azurerm_key_vault.this", Verdict.SAFE),)))
    assert "Nothing to change" in text
    assert "not part of this plan" in text


def test_a_plan_that_could_not_be_made_says_why_and_is_no_markup_either():
    text = failure_markdown("dev", NotDeployed("There is no <b>workspace</b> dev.", hint="Deploy it."))
    assert text.startswith("### Plan for `dev`\n\n**Not planned.** There is no")
    assert "<b>" not in text.replace("\\<b", "")
    assert text.rstrip().endswith("Deploy it\\.") or text.rstrip().endswith("Deploy it.")


def test_nothing_that_a_configuration_holds_becomes_markup():
    hostile = AttributeChange("tags", "x", "`</details><img src=x onerror=alert(1)>\n# gone @everyone")
    text = review_markdown(
        review(
            change(
                "azurerm_storage_account.this",
                Verdict.NETWORK,
                attributes=(hostile,),
                consequence="<b>bold</b> [link](http://x) @team",
            )
        )
    )
    assert "`'</details><img src=x onerror=alert(1)> # gone @everyone`" in text
    assert "\n# gone" not in text
    assert r"\<b\>bold\</b\> \[link\]\(http://x\) \@team" in text


def test_a_review_that_is_too_long_for_a_comment_says_that_it_was_cut():
    many = [change(f"azurerm_subnet.number_{number:05}", Verdict.SAFE, "create") for number in range(3000)]
    text = review_markdown(review(*many))
    assert len(text) <= MOST_CHARACTERS
    assert "The rest did not fit" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_file_that_could_not_be_written_is_refused_before_the_work(tmp_path: Path):
    with pytest.raises(InvalidInput, match="There is no folder") as refused:
        require_writable(tmp_path / "no" / "review.md", "--markdown")
    assert refused.value.field == "--markdown"
    with pytest.raises(InvalidInput, match="is a folder"):
        require_writable(tmp_path, "--markdown")
    write_whole(tmp_path / "review.md", "# one\n", "--markdown")
    write_whole(tmp_path / "review.md", "# two\n", "--markdown")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("review.md", "# two\n")]
