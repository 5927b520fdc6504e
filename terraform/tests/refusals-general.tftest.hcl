# What names, tags and places may not be. A run breaks one rule of each of several variables that know nothing of each other.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "first_rules" {
  command = plan

  variables {
    # Location must be a region.
    location = "1"

    # Project name must be lower case.
    project_name = "Anomaly"

    # Subscription id must be a UUID.
    subscription_id = "prod"

    # Resource providers must be namespaces.
    resource_providers_to_register = ["Cache"]

    # Owner must not be blank.
    owner = " "

    # Cost center must not be blank.
    cost_center = " "

    # Additional tags must not replace ours.
    additional_tags = { owner = "somebody" }

    # Retention must be whole hours.
    retention_hours = 1.5
  }

  expect_failures = [
    var.location,
    var.project_name,
    var.subscription_id,
    var.resource_providers_to_register,
    var.owner,
    var.cost_center,
    var.additional_tags,
    var.retention_hours,
  ]
}

run "second_rules" {
  command = plan

  variables {
    # Project name must begin with a letter.
    project_name = "1-anomaly"

    # Additional tags must be few.
    additional_tags = { tag0 = "x", tag1 = "x", tag2 = "x", tag3 = "x", tag4 = "x", tag5 = "x", tag6 = "x", tag7 = "x", tag8 = "x", tag9 = "x", tag10 = "x" }

    # Retention must not be zero.
    retention_hours = 0
  }

  expect_failures = [
    var.project_name,
    var.additional_tags,
    var.retention_hours,
  ]
}

run "third_rules" {
  command = plan

  variables {
    # Project name must not be too short.
    project_name = "ab"

    # Retention must not exceed a week.
    retention_hours = 169
  }

  expect_failures = [
    var.project_name,
    var.retention_hours,
  ]
}

run "fourth_rules" {
  command = plan

  variables {
    # Project name must not be too long.
    project_name = "anomaly-detection-site"
  }

  expect_failures = [
    var.project_name,
  ]
}

run "fifth_rules" {
  command = plan

  variables {
    # Project name must not hold two hyphens.
    project_name = "anomaly--site"
  }

  expect_failures = [
    var.project_name,
  ]
}

run "environment_must_be_on_the_list" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}
