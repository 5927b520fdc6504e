# What names, tags and places may not be. Each run is one validation.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "location_must_be_a_region" {
  command = plan

  variables {
    location = "1"
  }

  expect_failures = [var.location]
}

run "environment_must_be_on_the_list" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}

run "project_name_must_be_lower_case" {
  command = plan

  variables {
    project_name = "Anomaly"
  }

  expect_failures = [var.project_name]
}

run "project_name_must_begin_with_a_letter" {
  command = plan

  variables {
    project_name = "1-anomaly"
  }

  expect_failures = [var.project_name]
}

run "project_name_must_not_be_too_short" {
  command = plan

  variables {
    project_name = "ab"
  }

  expect_failures = [var.project_name]
}

run "project_name_must_not_be_too_long" {
  command = plan

  variables {
    project_name = "anomaly-detection-site"
  }

  expect_failures = [var.project_name]
}

run "project_name_must_not_hold_two_hyphens" {
  command = plan

  variables {
    project_name = "anomaly--site"
  }

  expect_failures = [var.project_name]
}

run "subscription_id_must_be_a_uuid" {
  command = plan

  variables {
    subscription_id = "prod"
  }

  expect_failures = [var.subscription_id]
}

run "resource_providers_must_be_namespaces" {
  command = plan

  variables {
    resource_providers_to_register = ["Cache"]
  }

  expect_failures = [var.resource_providers_to_register]
}

run "owner_must_not_be_blank" {
  command = plan

  variables {
    owner = " "
  }

  expect_failures = [var.owner]
}

run "cost_center_must_not_be_blank" {
  command = plan

  variables {
    cost_center = " "
  }

  expect_failures = [var.cost_center]
}

run "additional_tags_must_not_replace_ours" {
  command = plan

  variables {
    additional_tags = { owner = "somebody" }
  }

  expect_failures = [var.additional_tags]
}

run "additional_tags_must_be_few" {
  command = plan

  variables {
    additional_tags = { tag0 = "x", tag1 = "x", tag2 = "x", tag3 = "x", tag4 = "x", tag5 = "x", tag6 = "x", tag7 = "x", tag8 = "x", tag9 = "x", tag10 = "x" }
  }

  expect_failures = [var.additional_tags]
}

run "retention_must_be_whole_hours" {
  command = plan

  variables {
    retention_hours = 1.5
  }

  expect_failures = [var.retention_hours]
}

run "retention_must_not_be_zero" {
  command = plan

  variables {
    retention_hours = 0
  }

  expect_failures = [var.retention_hours]
}

run "retention_must_not_exceed_a_week" {
  command = plan

  variables {
    retention_hours = 169
  }

  expect_failures = [var.retention_hours]
}
