# Each other choice that a variable offers plans, by itself and all together, and makes what it promises.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "a_second_region" {
  command = plan

  variables {
    secondary_location      = "West US"
    zone_redundancy_enabled = false
  }

  assert {
    condition     = length(azurerm_cosmosdb_account.this.capabilities) == 0 && azurerm_cosmosdb_account.this.automatic_failover_enabled && length(azurerm_cosmosdb_account.this.geo_location) == 2
    error_message = "A second region must make the account a provisioned one that fails over."
  }

  assert {
    condition     = alltrue([for container in azurerm_cosmosdb_sql_container.this : container.autoscale_settings[0].max_throughput == 1000])
    error_message = "The containers of a provisioned account must scale by themselves."
  }
}

run "one_region" {
  command = plan

  assert {
    condition     = one(azurerm_cosmosdb_account.this.capabilities).name == "EnableServerless"
    error_message = "One region must be serverless."
  }

  assert {
    condition     = alltrue([for container in azurerm_cosmosdb_sql_container.this : length(container.autoscale_settings) == 0])
    error_message = "A serverless container takes no throughput."
  }
}

run "a_restored_account" {
  command = plan

  variables {
    cosmosdb_account_name = "cosno-wells-prod-1a2b-r3c4d"
  }

  assert {
    condition     = azurerm_cosmosdb_account.this.name == "cosno-wells-prod-1a2b-r3c4d"
    error_message = "The account must be the restored one."
  }

  assert {
    condition     = strcontains(azurerm_private_endpoint.this["cosmos-db"].name, "pep-cosmos-db-r3c4d-") && strcontains(azurerm_private_endpoint.this["cosmos-db"].custom_network_interface_name, "nic-cosmos-db-r3c4d-")
    error_message = "Its door must stand beside that of the account before."
  }

  assert {
    condition     = startswith(azurerm_private_endpoint.this["redis"].name, "pep-redis-") && !strcontains(azurerm_private_endpoint.this["redis"].name, "r3c4d")
    error_message = "Other doors must keep their names."
  }
}

run "operators_from_their_addresses" {
  command = plan

  variables {
    operator_access       = "addresses"
    operator_ip_addresses = ["203.0.113.7"]
    nat_gateway_enabled   = true
    operator_object_ids   = ["00000000-0000-0000-0000-00000000000a"]
    producer_object_ids   = ["00000000-0000-0000-0000-00000000000b"]
    detector_audience     = "api://detectors"
  }

  assert {
    condition     = !azurerm_container_app_environment.this.internal_load_balancer_enabled
    error_message = "The detectors must be reachable from operators' addresses."
  }

  assert {
    condition     = toset(azurerm_container_app.detectors.ingress[0].ip_security_restriction[*].ip_address_range) == toset(["10.20.0.0/20", "198.51.100.10/32", "203.0.113.7/32"])
    error_message = "The detectors must admit the network, the functions' address and the operators', and nobody else."
  }

  assert {
    condition     = contains(keys(azurerm_managed_redis_access_policy_assignment.this), "producer-00000000-0000-0000-0000-00000000000b") && !contains(keys(azurerm_cosmosdb_sql_role_assignment.this), "producer-00000000-0000-0000-0000-00000000000b")
    error_message = "A producer must reach Redis and nothing else."
  }

  assert {
    condition     = length(azurerm_role_assignment.operator) == 5
    error_message = "An operator must have the roles on recordings, the detectors' token, the language model, logs and images."
  }
}

run "sign_in_and_host_names_of_their_own" {
  command = plan

  variables {
    dashboard_auth_client_id = "00000000-0000-0000-0000-00000000000c"
    dashboard_custom_domain  = "wells.example.com"
    detectors_custom_domain  = "detectors.example.com"
    operator_access          = "addresses"
    operator_ip_addresses    = ["203.0.113.7"]
    nat_gateway_enabled      = true
  }

  assert {
    condition     = output.app_service_url == "https://wells.example.com" && output.detectors_endpoint == "https://detectors.example.com"
    error_message = "The outputs must name the host names that people use."
  }

  assert {
    condition     = azurerm_app_service_certificate_binding.dashboard[0].ssl_state == "SniEnabled" && length(azurerm_container_app_environment_managed_certificate.detectors) == 1
    error_message = "Both host names must have certificates that Azure manages."
  }

  assert {
    condition     = contains(azurerm_container_app.detectors.ingress[0].cors[0].allowed_origins, "https://wells.example.com")
    error_message = "The dashboard's own host name must be an origin of the detectors."
  }
}

run "a_firewall_before_the_dashboard" {
  command = plan

  variables {
    front_door_enabled = true
  }

  assert {
    condition     = azurerm_cdn_frontdoor_firewall_policy.this[0].mode == "Prevention"
    error_message = "The firewall must refuse, not only note."
  }

  assert {
    condition     = azurerm_linux_web_app.dashboard.site_config[0].ip_restriction_default_action == "Deny" && azurerm_linux_web_app.dashboard.site_config[0].ip_restriction[0].service_tag == "AzureFrontDoor.Backend"
    error_message = "Behind Front Door the dashboard must answer to nobody else."
  }
}

run "what_the_team_brings" {
  command = plan

  variables {
    existing_virtual_network                  = { name = "vnet-hub", resource_group_name = "rg-hub" }
    existing_private_dns_zones_resource_group = "rg-hub"
    existing_log_analytics_workspace          = { name = "log-hub", resource_group_name = "rg-hub" }
    existing_container_registry               = { name = "crhub", resource_group_name = "rg-hub" }
    detectors_image_tag                       = "0123abc"
    trusted_network_ranges                    = ["10.0.0.0/24"]
  }

  assert {
    condition = (
      length(azurerm_virtual_network.this) == 0 && length(azurerm_private_dns_zone.this) == 0 &&
      length(azurerm_log_analytics_workspace.this) == 0 && length(azurerm_container_registry.this) == 0
    )
    error_message = "What exists must not be made again."
  }

  assert {
    condition     = azurerm_container_app.detectors.template[0].container[0].image == "crhub.azurecr.io/detectors:0123abc"
    error_message = "The image must come from the registry that was brought."
  }
}

run "everything_that_costs" {
  command = plan

  variables {
    environment                   = "stage"
    zone_redundancy_enabled       = true
    app_service_sku_tier          = "PremiumV3"
    app_service_sku_size          = "P1v3"
    app_service_worker_count      = 2
    app_service_autoscale_enabled = true
    functions_plan                = "elastic"
    nat_gateway_enabled           = true
    ddos_protection_plan_enabled  = true
    customer_managed_keys_enabled = true
    service_bus_enabled           = true
    front_door_enabled            = true
    storage_lifecycle_enabled     = true
    required_tags_policy_enabled  = true
    chaos_targets_enabled         = true
    batch_job_enabled             = true
    detectors_image_tag           = "0123abc"
    critical_alert_emails         = ["night@example.com"]
    warning_alert_emails          = ["day@example.com"]
    critical_alert_phones         = { night = { country_code = "47", phone_number = "12345678" } }
    critical_alert_webhooks       = { pager = "https://pager.example.com/token" }
  }

  assert {
    condition     = azurerm_servicebus_queue.replays[0].lock_duration == "PT2M" && azurerm_servicebus_queue.replays[0].max_delivery_count == 5 && azurerm_servicebus_queue.replays[0].duplicate_detection_history_time_window == "PT10M"
    error_message = "The queue must lock for 2 minutes, deliver 5 times and know repeats for 10 minutes."
  }

  assert {
    condition = (
      length(azurerm_managed_redis.this[0].customer_managed_key) == 1 && length(azurerm_storage_account.this.customer_managed_key) == 1 &&
      length(azurerm_cognitive_account.openai.customer_managed_key) == 1 && length(azurerm_servicebus_namespace.this[0].customer_managed_key) == 1 &&
      azurerm_cosmosdb_account.this.key_vault_key_id == "https://kv-mock.vault.azure.net/keys/encryption"
    )
    error_message = "A key of ours must encrypt whatever stores something."
  }

  assert {
    condition     = azurerm_container_app_job.batch[0].schedule_trigger_config[0].cron_expression == "0 2 * * *"
    error_message = "The job must start by its schedule."
  }

  assert {
    condition     = length(azurerm_monitor_action_group.critical.sms_receiver) == 1 && length(azurerm_monitor_action_group.critical.email_receiver) == 1 && length(azurerm_monitor_action_group.critical.webhook_receiver) == 1
    error_message = "A critical alert must come by mail, text message and webhook."
  }

  assert {
    condition     = length(azurerm_chaos_studio_capability.this) == 3
    error_message = "Failures must be rehearsable on functions, network and vault."
  }
}
