"""A schema that lost the attributes called `description` gets them back; an untouched one stays as it is."""

from copy import deepcopy
from typing import Any

from tests.support.azurerm.lost_attributes import put_back

STRING = {"type": "string", "optional": True}


def test_what_was_lost_is_put_back_where_it_belongs() -> None:
    alert: dict[str, Any] = {"block": {"attributes": {"name": {"type": "string", "required": True}}}}
    put_back("azurerm_monitor_metric_alert", alert)
    assert alert["block"]["attributes"]["description"] == STRING


def test_nested_places_are_found() -> None:
    restriction: dict[str, Any] = {"block": {"attributes": {}}}
    blocks = {"ip_restriction": restriction, "scm_ip_restriction": deepcopy(restriction)}
    app = {"block": {"attributes": {}, "block_types": {"site_config": {"block": {"block_types": blocks}}}}}
    put_back("azurerm_linux_web_app", app)
    assert restriction["block"]["attributes"] == {"description": STRING}


def test_an_untouched_schema_and_another_type_stay_as_they_are() -> None:
    theirs = {"block": {"attributes": {"description": {"type": "string", "required": True}}}}
    kept = deepcopy(theirs)
    put_back("azurerm_monitor_metric_alert", theirs)
    put_back("azurerm_subnet", theirs)
    assert theirs == kept
