# Who may not be let in. A run breaks one rule of each of several variables that know nothing of each other.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "first_rules" {
  command = plan

  variables {
    # Operator access must be known.
    operator_access = "public"

    # Deployer addresses must be single.
    deployer_ip_addresses = ["203.0.113.0/24"]

    # Trusted networks must be ranges.
    trusted_network_ranges = ["10.0.0.4"]

    # Operator ids must be object ids.
    operator_object_ids = ["someone@example.com"]

    # Detector audience must be an audience.
    detector_audience = "detectors"

    # Detector token version must be whole.
    detector_token_version = 1.5
  }

  expect_failures = [
    var.operator_access,
    var.deployer_ip_addresses,
    var.trusted_network_ranges,
    var.operator_object_ids,
    var.detector_audience,
    var.detector_token_version,
  ]
}

run "second_rules" {
  command = plan

  variables {
    # Addresses need an address.
    operator_access     = "addresses"
    nat_gateway_enabled = true

    # Trusted networks must be private.
    trusted_network_ranges = ["203.0.113.0/24"]

    # Producer ids must be object ids.
    producer_object_ids = ["fabric"]

    # Detector token version begins at one.
    detector_token_version = 0
  }

  expect_failures = [
    var.operator_access,
    var.trusted_network_ranges,
    var.producer_object_ids,
    var.detector_token_version,
  ]
}

run "third_rules" {
  command = plan

  variables {
    # Addresses need a fixed way out.
    operator_access       = "addresses"
    operator_ip_addresses = ["203.0.113.7"]

    # A producer is no operator.
    producer_object_ids = ["00000000-0000-0000-0000-00000000000a"]
    operator_object_ids = ["00000000-0000-0000-0000-00000000000a"]
  }

  expect_failures = [
    var.operator_access,
    var.producer_object_ids,
  ]
}

run "fourth_rules" {
  command = plan

  variables {
    # Operator addresses must be single.
    operator_ip_addresses = ["203.0.113.0/24"]
  }

  expect_failures = [
    var.operator_ip_addresses,
  ]
}

run "fifth_rules" {
  command = plan

  variables {
    # Operator addresses must not be private.
    operator_ip_addresses = ["10.0.0.4"]
  }

  expect_failures = [
    var.operator_ip_addresses,
  ]
}

run "sixth_rules" {
  command = plan

  variables {
    # Operator addresses must not be everybody.
    operator_ip_addresses = ["0.0.0.0"]
  }

  expect_failures = [
    var.operator_ip_addresses,
  ]
}

run "seventh_rules" {
  command = plan

  variables {
    # Operator addresses must not repeat.
    operator_ip_addresses = ["203.0.113.7", "203.0.113.7"]
  }

  expect_failures = [
    var.operator_ip_addresses,
  ]
}
