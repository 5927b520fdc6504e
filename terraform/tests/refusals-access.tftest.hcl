# Who may not be let in. Each run is one validation.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "operator_access_must_be_known" {
  command = plan

  variables {
    operator_access = "public"
  }

  expect_failures = [var.operator_access]
}

run "addresses_need_an_address" {
  command = plan

  variables {
    operator_access     = "addresses"
    nat_gateway_enabled = true
  }

  expect_failures = [var.operator_access]
}

run "addresses_need_a_fixed_way_out" {
  command = plan

  variables {
    operator_access       = "addresses"
    operator_ip_addresses = ["203.0.113.7"]
  }

  expect_failures = [var.operator_access]
}

run "operator_addresses_must_be_single" {
  command = plan

  variables {
    operator_ip_addresses = ["203.0.113.0/24"]
  }

  expect_failures = [var.operator_ip_addresses]
}

run "operator_addresses_must_not_be_private" {
  command = plan

  variables {
    operator_ip_addresses = ["10.0.0.4"]
  }

  expect_failures = [var.operator_ip_addresses]
}

run "operator_addresses_must_not_be_everybody" {
  command = plan

  variables {
    operator_ip_addresses = ["0.0.0.0"]
  }

  expect_failures = [var.operator_ip_addresses]
}

run "operator_addresses_must_not_repeat" {
  command = plan

  variables {
    operator_ip_addresses = ["203.0.113.7", "203.0.113.7"]
  }

  expect_failures = [var.operator_ip_addresses]
}

run "deployer_addresses_must_be_single" {
  command = plan

  variables {
    deployer_ip_addresses = ["203.0.113.0/24"]
  }

  expect_failures = [var.deployer_ip_addresses]
}

run "trusted_networks_must_be_ranges" {
  command = plan

  variables {
    trusted_network_ranges = ["10.0.0.4"]
  }

  expect_failures = [var.trusted_network_ranges]
}

run "trusted_networks_must_be_private" {
  command = plan

  variables {
    trusted_network_ranges = ["203.0.113.0/24"]
  }

  expect_failures = [var.trusted_network_ranges]
}

run "operator_ids_must_be_object_ids" {
  command = plan

  variables {
    operator_object_ids = ["someone@example.com"]
  }

  expect_failures = [var.operator_object_ids]
}

run "producer_ids_must_be_object_ids" {
  command = plan

  variables {
    producer_object_ids = ["fabric"]
  }

  expect_failures = [var.producer_object_ids]
}

run "a_producer_is_no_operator" {
  command = plan

  variables {
    producer_object_ids = ["00000000-0000-0000-0000-00000000000a"]
    operator_object_ids = ["00000000-0000-0000-0000-00000000000a"]
  }

  expect_failures = [var.producer_object_ids]
}

run "detector_audience_must_be_an_audience" {
  command = plan

  variables {
    detector_audience = "detectors"
  }

  expect_failures = [var.detector_audience]
}

run "detector_token_version_must_be_whole" {
  command = plan

  variables {
    detector_token_version = 1.5
  }

  expect_failures = [var.detector_token_version]
}

run "detector_token_version_begins_at_one" {
  command = plan

  variables {
    detector_token_version = 0
  }

  expect_failures = [var.detector_token_version]
}
