# What Redis, Cosmos DB and the language model may not be. A run breaks one rule of each of several variables that know nothing of each other.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "first_rules" {
  command = plan

  variables {
    # Redis flavor must be known.
    redis_flavor = "basic"

    # Managed Redis must fit one shard.
    managed_redis_sku_name = "Balanced_B50"

    # Redis persistence must be known.
    redis_persistence = "daily"

    # Redis cache must be premium.
    redis_sku_name = "Standard"

    # Redis family must be P.
    redis_family = "C"

    # Redis capacity must be a size.
    redis_capacity = 6

    # Redis pool must not be empty.
    redis_pool_size = 0

    # Redis timeout must not be too short.
    redis_connect_timeout_ms = 10

    # Cosmos DB offer must be standard.
    cosmosdb_offer_type = "Premium"

    # Cosmos DB consistency must show own writes.
    cosmosdb_consistency_level = "Eventual"

    # Cosmos DB backup must be continuous.
    cosmosdb_backup_tier = "Periodic"

    # Cosmos DB throughput must be thousands.
    cosmosdb_max_throughput = 1500

    # A restored account ends in its mark.
    cosmosdb_account_name = "cosno-wells-prod"

    # Model name must be a name.
    openai_model_name = "GPT 4"

    # Model version must be a date.
    openai_model_version = "latest"

    # Model retirement must be a date.
    openai_model_retires_on = "soon"

    # Model deployment must be a name.
    openai_model_deployment_name = "a b"

    # Model SKU must be pay as you go.
    openai_sku_name = "ProvisionedManaged"

    # Model capacity must be whole.
    openai_capacity = 0.5

    # Model upgrade must be known.
    openai_version_upgrade_option = "Never"

    # Storage replication must be known.
    storage_replication_type = "XRS"

    # Recordings must stay longer than cold storage costs.
    recordings_retention_days = 90
  }

  expect_failures = [
    var.redis_flavor,
    var.managed_redis_sku_name,
    var.redis_persistence,
    var.redis_sku_name,
    var.redis_family,
    var.redis_capacity,
    var.redis_pool_size,
    var.redis_connect_timeout_ms,
    var.cosmosdb_offer_type,
    var.cosmosdb_consistency_level,
    var.cosmosdb_backup_tier,
    var.cosmosdb_max_throughput,
    var.cosmosdb_account_name,
    var.openai_model_name,
    var.openai_model_version,
    var.openai_model_retires_on,
    var.openai_model_deployment_name,
    var.openai_sku_name,
    var.openai_capacity,
    var.openai_version_upgrade_option,
    var.storage_replication_type,
    var.recordings_retention_days,
  ]
}

run "second_rules" {
  command = plan

  variables {
    # Redis persistence must be on in prod.
    redis_persistence = "off"

    # Public Redis takes no keys.
    redis_public_network_access_enabled = true
    access_keys_enabled                 = true

    # Redis pool must be bounded.
    redis_pool_size = 1001

    # Redis timeout must not be too long.
    redis_connect_timeout_ms = 60001

    # Second region must be another.
    secondary_location = "eastus"

    # Storage must be zonal with zones.
    storage_replication_type = "LRS"
    zone_redundancy_enabled  = true
    app_service_sku_tier     = "PremiumV3"
    app_service_sku_size     = "P1v3"
    app_service_worker_count = 2
  }

  expect_failures = [
    var.redis_persistence,
    var.redis_public_network_access_enabled,
    var.redis_pool_size,
    var.redis_connect_timeout_ms,
    var.secondary_location,
    var.storage_replication_type,
  ]
}

run "third_rules" {
  command = plan

  variables {
    # Public Redis cache needs a list.
    redis_public_network_access_enabled = true
    redis_flavor                        = "cache_premium"

    # Second region must not wait.
    secondary_location         = "West US"
    cosmosdb_consistency_level = "Strong"
  }

  expect_failures = [
    var.redis_public_network_access_enabled,
    var.secondary_location,
  ]
}
