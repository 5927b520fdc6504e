# What network, monitoring and the platform's extras may not be. A run breaks one rule of each of several variables that know nothing of each other.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "first_rules" {
  command = plan

  variables {
    # Network must be a range.
    vnet_address_space = "10.20.0.0"

    # DDoS plan needs our own network.
    ddos_protection_plan_enabled = true
    existing_virtual_network     = { name = "vnet-hub", resource_group_name = "rg-hub" }

    # Logs must stay a month.
    log_retention_days = 29

    # A report needs the job that writes it.
    daily_report_enabled = true

    # Log quota must hold something.
    log_daily_quota_gb = 0

    # Sampling must keep something.
    application_insights_sampling_percentage = 0

    # Critical mails must be addresses.
    critical_alert_emails = ["operations"]

    # Warning mails must be addresses.
    warning_alert_emails = ["operations"]

    # Telephones must be digits.
    critical_alert_phones = { night = { country_code = "+47", phone_number = "12345678" } }

    # Webhooks must be HTTPS.
    critical_alert_webhooks = { pager = "http://pager.example.com" }

    # Dead letters must be counted.
    dead_letter_threshold = -1

    # Silence must be longer than a reading.
    silence_threshold_seconds = 10

    # Budget must be something.
    budget_monthly_amount = 0

    # Front door must let the dashboard ask.
    front_door_rate_limit = 10

    # Service bus capacity must be a size.
    service_bus_capacity = 3

    # Chaos stays out of prod.
    chaos_targets_enabled = true

    # Keys of ours need managed Redis.
    customer_managed_keys_enabled = true
    redis_flavor                  = "cache_premium"
  }

  expect_failures = [
    var.vnet_address_space,
    var.ddos_protection_plan_enabled,
    var.log_retention_days,
    var.daily_report_enabled,
    var.log_daily_quota_gb,
    var.application_insights_sampling_percentage,
    var.critical_alert_emails,
    var.warning_alert_emails,
    var.critical_alert_phones,
    var.critical_alert_webhooks,
    var.dead_letter_threshold,
    var.silence_threshold_seconds,
    var.budget_monthly_amount,
    var.front_door_rate_limit,
    var.service_bus_capacity,
    var.chaos_targets_enabled,
    var.customer_managed_keys_enabled,
  ]
}

run "second_rules" {
  command = plan

  variables {
    # Network must be large enough.
    vnet_address_space = "10.20.0.0/22"

    # Logs must not stay too long.
    log_retention_days = 731
  }

  expect_failures = [
    var.vnet_address_space,
    var.log_retention_days,
  ]
}

run "third_rules" {
  command = plan

  variables {
    # Network must be private.
    vnet_address_space = "20.20.0.0/20"
  }

  expect_failures = [
    var.vnet_address_space,
  ]
}
