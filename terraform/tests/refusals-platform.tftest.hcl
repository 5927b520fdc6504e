# What network, monitoring and the platform's extras may not be. Each run is one validation.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "network_must_be_a_range" {
  command = plan

  variables {
    vnet_address_space = "10.20.0.0"
  }

  expect_failures = [var.vnet_address_space]
}

run "network_must_be_large_enough" {
  command = plan

  variables {
    vnet_address_space = "10.20.0.0/22"
  }

  expect_failures = [var.vnet_address_space]
}

run "network_must_be_private" {
  command = plan

  variables {
    vnet_address_space = "20.20.0.0/20"
  }

  expect_failures = [var.vnet_address_space]
}

run "ddos_plan_needs_our_own_network" {
  command = plan

  variables {
    ddos_protection_plan_enabled = true
    existing_virtual_network     = { name = "vnet-hub", resource_group_name = "rg-hub" }
  }

  expect_failures = [var.ddos_protection_plan_enabled]
}

run "logs_must_stay_a_month" {
  command = plan

  variables {
    log_retention_days = 29
  }

  expect_failures = [var.log_retention_days]
}

run "logs_must_not_stay_too_long" {
  command = plan

  variables {
    log_retention_days = 731
  }

  expect_failures = [var.log_retention_days]
}

run "log_quota_must_hold_something" {
  command = plan

  variables {
    log_daily_quota_gb = 0
  }

  expect_failures = [var.log_daily_quota_gb]
}

run "sampling_must_keep_something" {
  command = plan

  variables {
    application_insights_sampling_percentage = 0
  }

  expect_failures = [var.application_insights_sampling_percentage]
}

run "critical_mails_must_be_addresses" {
  command = plan

  variables {
    critical_alert_emails = ["operations"]
  }

  expect_failures = [var.critical_alert_emails]
}

run "warning_mails_must_be_addresses" {
  command = plan

  variables {
    warning_alert_emails = ["operations"]
  }

  expect_failures = [var.warning_alert_emails]
}

run "telephones_must_be_digits" {
  command = plan

  variables {
    critical_alert_phones = { night = { country_code = "+47", phone_number = "12345678" } }
  }

  expect_failures = [var.critical_alert_phones]
}

run "webhooks_must_be_https" {
  command = plan

  variables {
    critical_alert_webhooks = { pager = "http://pager.example.com" }
  }

  expect_failures = [var.critical_alert_webhooks]
}

run "dead_letters_must_be_counted" {
  command = plan

  variables {
    dead_letter_threshold = -1
  }

  expect_failures = [var.dead_letter_threshold]
}

run "silence_must_be_longer_than_a_reading" {
  command = plan

  variables {
    silence_threshold_seconds = 10
  }

  expect_failures = [var.silence_threshold_seconds]
}

run "budget_must_be_something" {
  command = plan

  variables {
    budget_monthly_amount = 0
  }

  expect_failures = [var.budget_monthly_amount]
}

run "front_door_must_let_the_dashboard_ask" {
  command = plan

  variables {
    front_door_rate_limit = 10
  }

  expect_failures = [var.front_door_rate_limit]
}

run "service_bus_capacity_must_be_a_size" {
  command = plan

  variables {
    service_bus_capacity = 3
  }

  expect_failures = [var.service_bus_capacity]
}

run "chaos_stays_out_of_prod" {
  command = plan

  variables {
    chaos_targets_enabled = true
  }

  expect_failures = [var.chaos_targets_enabled]
}

run "keys_of_ours_need_managed_redis" {
  command = plan

  variables {
    customer_managed_keys_enabled = true
    redis_flavor                  = "cache_premium"
  }

  expect_failures = [var.customer_managed_keys_enabled]
}
