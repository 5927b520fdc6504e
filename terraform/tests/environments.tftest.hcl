# Each environment plans with the values of environments/<name>.tfvars, copied here because a test cannot read a variables file;
# a test of the project compares the two.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "the_defaults_are_the_specifications_prod" {
  command = plan

  assert {
    condition     = azurerm_resource_group.this.name == "rg-anomaly-detection-prod"
    error_message = "Without variables the resource group must be the specification's."
  }

  assert {
    condition     = azurerm_service_plan.app.sku_name == "B1"
    error_message = "Without variables the App Service plan must be the specification's B1."
  }

  assert {
    condition     = length(azurerm_managed_redis.this) == 1 && length(azurerm_redis_cache.this) == 0
    error_message = "Without variables Redis must be the one that a new tenant can create."
  }
}

run "dev_plans" {
  command = plan

  variables {
    environment = "dev"
    owner       = "injection-site-engineers"
    cost_center = "engineering"

    app_service_sku_tier = "Basic"
    app_service_sku_size = "B1"

    managed_redis_sku_name                  = "Balanced_B0"
    managed_redis_high_availability_enabled = false
    redis_persistence                       = "rdb"

    container_apps_cpu          = 0.25
    container_apps_memory       = "0.5Gi"
    container_apps_max_replicas = 2
    container_registry_sku      = "Basic"

    cosmosdb_backup_tier     = "Continuous7Days"
    storage_replication_type = "LRS"
    openai_capacity          = 5

    log_retention_days    = 30
    log_daily_quota_gb    = 1
    activity_log_enabled  = false
    alerts_enabled        = false
    budget_monthly_amount = 250

    vnet_address_space    = "10.20.0.0/20"
    chaos_targets_enabled = true
  }

  assert {
    condition     = azurerm_resource_group.this.name == "rg-anomaly-detection-dev"
    error_message = "The resource group must be named after dev."
  }

  assert {
    condition     = length(azurerm_monitor_autoscale_setting.app) == 0
    error_message = "dev must be sized as its variables say."
  }

  assert {
    condition     = azurerm_service_plan.app.sku_name == "B1"
    error_message = "dev must be sized as its variables say."
  }

  assert {
    condition     = azurerm_managed_redis.this[0].sku_name == "Balanced_B0"
    error_message = "dev must be sized as its variables say."
  }
}

run "stage_plans" {
  command = plan

  variables {
    environment = "stage"
    owner       = "injection-site-platform"
    cost_center = "operations"

    app_service_sku_tier          = "PremiumV3"
    app_service_sku_size          = "P0v3"
    app_service_worker_count      = 1
    app_service_autoscale_enabled = true
    app_service_maximum_workers   = 3

    managed_redis_sku_name = "Balanced_B1"

    container_apps_cpu          = 0.5
    container_apps_memory       = "1Gi"
    container_apps_max_replicas = 5

    cosmosdb_backup_tier = "Continuous7Days"
    openai_capacity      = 10

    log_retention_days    = 90
    log_daily_quota_gb    = 5
    budget_monthly_amount = 800

    vnet_address_space           = "10.21.0.0/20"
    required_tags_policy_enabled = true
    chaos_targets_enabled        = true
    storage_lifecycle_enabled    = true
  }

  assert {
    condition     = azurerm_resource_group.this.name == "rg-anomaly-detection-stage"
    error_message = "The resource group must be named after stage."
  }

  assert {
    condition     = azurerm_service_plan.app.sku_name == "P0v3"
    error_message = "stage must be sized as its variables say."
  }

  assert {
    condition     = azurerm_managed_redis.this[0].sku_name == "Balanced_B1"
    error_message = "stage must be sized as its variables say."
  }

  assert {
    condition     = length(azurerm_resource_group_policy_assignment.required_tag) == 4
    error_message = "stage must be sized as its variables say."
  }
}

run "prod_plans" {
  command = plan

  variables {
    environment = "prod"
    owner       = "injection-site-operations"
    cost_center = "operations"

    zone_redundancy_enabled = true

    app_service_sku_tier          = "PremiumV3"
    app_service_sku_size          = "P1v3"
    app_service_worker_count      = 2
    app_service_autoscale_enabled = true
    app_service_maximum_workers   = 10

    managed_redis_sku_name = "Balanced_B5"

    container_apps_cpu          = 1
    container_apps_memory       = "2Gi"
    container_apps_min_replicas = 2
    container_apps_max_replicas = 10

    cosmosdb_backup_tier     = "Continuous30Days"
    storage_replication_type = "ZRS"
    openai_capacity          = 50

    log_retention_days    = 90
    budget_monthly_amount = 2500

    vnet_address_space           = "10.22.0.0/20"
    nat_gateway_enabled          = true
    required_tags_policy_enabled = true
    storage_lifecycle_enabled    = true
  }

  assert {
    condition     = azurerm_resource_group.this.name == "rg-anomaly-detection-prod"
    error_message = "The resource group must be named after prod."
  }

  assert {
    condition     = azurerm_service_plan.app.zone_balancing_enabled
    error_message = "prod must be sized as its variables say."
  }

  assert {
    condition     = azurerm_managed_redis.this[0].sku_name == "Balanced_B5"
    error_message = "prod must be sized as its variables say."
  }

  assert {
    condition     = one(azurerm_cosmosdb_account.this.backup).tier == "Continuous30Days"
    error_message = "prod must be sized as its variables say."
  }

  assert {
    condition     = azurerm_container_app_environment.this.zone_redundancy_enabled
    error_message = "prod must be sized as its variables say."
  }
}

run "perf_plans" {
  command = plan

  variables {
    environment = "perf"
    owner       = "injection-site-engineers"
    cost_center = "engineering"

    app_service_sku_tier          = "PremiumV3"
    app_service_sku_size          = "P1v3"
    app_service_worker_count      = 2
    app_service_autoscale_enabled = true
    app_service_maximum_workers   = 10

    managed_redis_sku_name                  = "Balanced_B10"
    managed_redis_high_availability_enabled = true
    redis_persistence                       = "aof"

    container_apps_cpu          = 1
    container_apps_memory       = "2Gi"
    container_apps_min_replicas = 2
    container_apps_max_replicas = 20
    container_registry_sku      = "Standard"

    cosmosdb_backup_tier     = "Continuous7Days"
    storage_replication_type = "LRS"
    openai_capacity          = 100

    log_retention_days    = 30
    log_daily_quota_gb    = 20
    activity_log_enabled  = false
    alerts_enabled        = false
    budget_monthly_amount = 1500

    vnet_address_space = "10.23.0.0/20"
  }

  assert {
    condition     = azurerm_resource_group.this.name == "rg-anomaly-detection-perf"
    error_message = "The resource group must be named after perf."
  }

  assert {
    condition     = azurerm_container_app.detectors.template[0].max_replicas == 20
    error_message = "perf must be sized as its variables say."
  }

  assert {
    condition     = azurerm_managed_redis.this[0].sku_name == "Balanced_B10"
    error_message = "perf must be sized as its variables say."
  }
}
