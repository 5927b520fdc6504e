# Each choice about Redis plans, by itself and together with others, and makes what it promises.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "redis_as_first_specified" {
  command = plan

  variables {
    redis_flavor = "cache_premium"
  }

  assert {
    condition     = azurerm_redis_cache.this[0].sku_name == "Premium" && azurerm_redis_cache.this[0].family == "P" && azurerm_redis_cache.this[0].capacity == 1
    error_message = "Azure Cache for Redis must have the specification's SKU, family and capacity."
  }

  assert {
    condition     = azurerm_redis_cache.this[0].redis_configuration[0].rdb_backup_enabled
    error_message = "Azure Cache for Redis must persist its data."
  }

  assert {
    condition     = output.redis_port == 6380 && length(azurerm_managed_redis.this) == 0
    error_message = "There must be one Redis, on its own port."
  }
}

run "redis_as_first_specified_reached_by_operators" {
  command = plan

  variables {
    redis_flavor                        = "cache_premium"
    redis_public_network_access_enabled = true
    operator_ip_addresses               = ["203.0.113.7", "203.0.113.8"]
  }

  assert {
    condition     = length(azurerm_redis_firewall_rule.operators) == 2
    error_message = "An open Redis must have a firewall rule for each operator's address."
  }
}

run "redis_with_snapshots" {
  command = plan

  variables {
    redis_persistence = "rdb"
  }

  assert {
    condition     = azurerm_managed_redis.this[0].default_database[0].persistence_redis_database_backup_frequency == "1h"
    error_message = "Managed Redis must take a snapshot every hour."
  }
}

run "access_keys" {
  command = plan

  variables {
    access_keys_enabled = true
    detectors_image_tag = "0123abc"
  }

  assert {
    condition     = azurerm_linux_function_app.this[0].app_settings["REDIS_TRIGGER"] != null && !contains(keys(azurerm_linux_function_app.this[0].app_settings), "REDIS_TRIGGER__redisHostName")
    error_message = "The plain name and the identity's form of a connection may not both be set."
  }

  assert {
    condition     = [for rule in azurerm_container_app.detectors.template[0].custom_scale_rule : rule.custom_rule_type] == ["cpu", "redis-streams"]
    error_message = "With keys the detectors must scale by the queue as well."
  }

  assert {
    condition     = length(azurerm_key_vault_secret.access_key) == 2
    error_message = "The keys must be in the vault."
  }

  assert {
    condition     = output.cosmos_db_primary_key != null && output.openai_api_key != null
    error_message = "The keys must be outputs where access_keys_enabled is on."
  }
}

run "several_queues" {
  command = plan

  variables {
    access_keys_enabled = true
    detectors_image_tag = "0123abc"
    reading_queues      = 3
  }

  assert {
    condition     = azurerm_linux_function_app.this[0].app_settings["READING_QUEUES"] == "3" && !contains(keys(azurerm_linux_function_app.this[0].app_settings), "AzureWebJobs_process_spread_readings_Disabled")
    error_message = "The functions must know how many queues there are, and be rung for those beside the first."
  }

  assert {
    condition     = [for rule in azurerm_container_app.detectors.template[0].custom_scale_rule : rule.metadata["stream"] if rule.custom_rule_type == "redis-streams"] == ["telemetry:readings", "telemetry:readings:1", "telemetry:readings:2"]
    error_message = "The detectors must scale by every queue."
  }
}
