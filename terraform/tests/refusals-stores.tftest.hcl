# What Redis, Cosmos DB and the language model may not be. Each run is one validation.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "redis_flavor_must_be_known" {
  command = plan

  variables {
    redis_flavor = "basic"
  }

  expect_failures = [var.redis_flavor]
}

run "managed_redis_must_fit_one_shard" {
  command = plan

  variables {
    managed_redis_sku_name = "Balanced_B50"
  }

  expect_failures = [var.managed_redis_sku_name]
}

run "redis_persistence_must_be_known" {
  command = plan

  variables {
    redis_persistence = "daily"
  }

  expect_failures = [var.redis_persistence]
}

run "redis_persistence_must_be_on_in_prod" {
  command = plan

  variables {
    redis_persistence = "off"
  }

  expect_failures = [var.redis_persistence]
}

run "redis_cache_must_be_premium" {
  command = plan

  variables {
    redis_sku_name = "Standard"
  }

  expect_failures = [var.redis_sku_name]
}

run "redis_family_must_be_p" {
  command = plan

  variables {
    redis_family = "C"
  }

  expect_failures = [var.redis_family]
}

run "redis_capacity_must_be_a_size" {
  command = plan

  variables {
    redis_capacity = 6
  }

  expect_failures = [var.redis_capacity]
}

run "public_redis_takes_no_keys" {
  command = plan

  variables {
    redis_public_network_access_enabled = true
    access_keys_enabled                 = true
  }

  expect_failures = [var.redis_public_network_access_enabled]
}

run "public_redis_cache_needs_a_list" {
  command = plan

  variables {
    redis_public_network_access_enabled = true
    redis_flavor                        = "cache_premium"
  }

  expect_failures = [var.redis_public_network_access_enabled]
}

run "redis_pool_must_not_be_empty" {
  command = plan

  variables {
    redis_pool_size = 0
  }

  expect_failures = [var.redis_pool_size]
}

run "redis_pool_must_be_bounded" {
  command = plan

  variables {
    redis_pool_size = 1001
  }

  expect_failures = [var.redis_pool_size]
}

run "redis_timeout_must_not_be_too_short" {
  command = plan

  variables {
    redis_connect_timeout_ms = 10
  }

  expect_failures = [var.redis_connect_timeout_ms]
}

run "redis_timeout_must_not_be_too_long" {
  command = plan

  variables {
    redis_connect_timeout_ms = 60001
  }

  expect_failures = [var.redis_connect_timeout_ms]
}

run "cosmos_offer_must_be_standard" {
  command = plan

  variables {
    cosmosdb_offer_type = "Premium"
  }

  expect_failures = [var.cosmosdb_offer_type]
}

run "cosmos_consistency_must_show_own_writes" {
  command = plan

  variables {
    cosmosdb_consistency_level = "Eventual"
  }

  expect_failures = [var.cosmosdb_consistency_level]
}

run "cosmos_backup_must_be_continuous" {
  command = plan

  variables {
    cosmosdb_backup_tier = "Periodic"
  }

  expect_failures = [var.cosmosdb_backup_tier]
}

run "second_region_must_be_another" {
  command = plan

  variables {
    secondary_location = "eastus"
  }

  expect_failures = [var.secondary_location]
}

run "second_region_must_not_wait" {
  command = plan

  variables {
    secondary_location         = "West US"
    cosmosdb_consistency_level = "Strong"
  }

  expect_failures = [var.secondary_location]
}

run "cosmos_throughput_must_be_thousands" {
  command = plan

  variables {
    cosmosdb_max_throughput = 1500
  }

  expect_failures = [var.cosmosdb_max_throughput]
}

run "model_name_must_be_a_name" {
  command = plan

  variables {
    openai_model_name = "GPT 4"
  }

  expect_failures = [var.openai_model_name]
}

run "model_version_must_be_a_date" {
  command = plan

  variables {
    openai_model_version = "latest"
  }

  expect_failures = [var.openai_model_version]
}

run "model_retirement_must_be_a_date" {
  command = plan

  variables {
    openai_model_retires_on = "soon"
  }

  expect_failures = [var.openai_model_retires_on]
}

run "model_deployment_must_be_a_name" {
  command = plan

  variables {
    openai_model_deployment_name = "a b"
  }

  expect_failures = [var.openai_model_deployment_name]
}

run "model_sku_must_be_pay_as_you_go" {
  command = plan

  variables {
    openai_sku_name = "ProvisionedManaged"
  }

  expect_failures = [var.openai_sku_name]
}

run "model_capacity_must_be_whole" {
  command = plan

  variables {
    openai_capacity = 0.5
  }

  expect_failures = [var.openai_capacity]
}

run "model_upgrade_must_be_known" {
  command = plan

  variables {
    openai_version_upgrade_option = "Never"
  }

  expect_failures = [var.openai_version_upgrade_option]
}

run "storage_replication_must_be_known" {
  command = plan

  variables {
    storage_replication_type = "XRS"
  }

  expect_failures = [var.storage_replication_type]
}

run "storage_must_be_zonal_with_zones" {
  command = plan

  variables {
    storage_replication_type = "LRS"
    zone_redundancy_enabled  = true
    app_service_sku_tier     = "PremiumV3"
    app_service_sku_size     = "P1v3"
    app_service_worker_count = 2
  }

  expect_failures = [var.storage_replication_type]
}

run "recordings_must_stay_longer_than_cold_storage_costs" {
  command = plan

  variables {
    recordings_retention_days = 90
  }

  expect_failures = [var.recordings_retention_days]
}
