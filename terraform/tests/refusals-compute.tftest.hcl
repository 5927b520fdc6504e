# What functions, detectors and dashboard may not be. A run breaks one rule of each of several variables that know nothing of each other.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "first_rules" {
  command = plan

  variables {
    # Functions plan must have a network.
    functions_plan = "consumption"

    # Elastic size must be known.
    functions_elastic_sku_size = "EP9"

    # Functions must scale within bounds.
    functions_maximum_instances = 0

    # App service tier must be known.
    app_service_sku_tier = "Free"

    # Detectors CPU must be a step.
    container_apps_cpu    = 0.3
    container_apps_memory = "0.6Gi"

    # Detectors must be there.
    container_apps_min_replicas = 0

    # Image must be named by commit.
    detectors_image_tag = "latest"

    # Registry tier must be known.
    container_registry_sku = "Classic"

    # Dashboard client must be a client id.
    dashboard_auth_client_id = "dashboard"

    # Dashboard domain must be a host name.
    dashboard_custom_domain = "https://wells.example.com"

    # Detectors domain must be a host name.
    detectors_custom_domain = "detectors"

    # Job schedule must have five fields.
    batch_job_cron = "0 2 * *"

    # Job's image must have a tag that says what runs.
    batch_job_image_tag = "latest"

    # Job must run something.
    batch_job_command = []

    # Queues must be one at least, and whole.
    reading_queues = 0
  }

  expect_failures = [
    var.functions_plan,
    var.functions_elastic_sku_size,
    var.functions_maximum_instances,
    var.app_service_sku_tier,
    var.container_apps_cpu,
    var.container_apps_min_replicas,
    var.detectors_image_tag,
    var.container_registry_sku,
    var.dashboard_auth_client_id,
    var.dashboard_custom_domain,
    var.detectors_custom_domain,
    var.batch_job_cron,
    var.batch_job_image_tag,
    var.batch_job_command,
    var.reading_queues,
  ]
}

run "second_rules" {
  command = plan

  variables {
    # App service size must be known.
    app_service_sku_size = "F1"

    # App service needs an instance.
    app_service_worker_count = 0

    # Detectors memory must be gibibytes.
    container_apps_memory = "1024"

    # Detectors must be bounded.
    container_apps_max_replicas = 31

    # Registry must be private in prod.
    container_registry_sku = "Basic"

    # Detectors domain must be reachable.
    detectors_custom_domain = "detectors.example.com"

    # Job needs an image.
    batch_job_enabled = true
  }

  expect_failures = [
    var.app_service_sku_size,
    var.app_service_worker_count,
    var.container_apps_memory,
    var.container_apps_max_replicas,
    var.container_registry_sku,
    var.detectors_custom_domain,
    var.batch_job_enabled,
  ]
}

run "third_rules" {
  command = plan

  variables {
    # App service size must belong to its tier.
    app_service_sku_size = "P1v3"

    # Basic tier has three instances.
    app_service_worker_count = 4

    # Detectors memory must match the CPU.
    container_apps_memory = "2Gi"

    # Detectors most must not be below the least.
    container_apps_min_replicas = 3
    container_apps_max_replicas = 2
  }

  expect_failures = [
    var.app_service_sku_size,
    var.app_service_worker_count,
    var.container_apps_memory,
    var.container_apps_max_replicas,
  ]
}

run "fourth_rules" {
  command = plan

  variables {
    # Most workers must not be below the least.
    app_service_worker_count    = 3
    app_service_maximum_workers = 2
  }

  expect_failures = [
    var.app_service_maximum_workers,
  ]
}

run "basic_tier_does_not_scale" {
  command = plan

  variables {
    app_service_autoscale_enabled = true
  }

  expect_failures = [azurerm_monitor_autoscale_setting.app]
}

run "basic_tier_has_no_zones" {
  command = plan

  variables {
    zone_redundancy_enabled = true
  }

  expect_failures = [azurerm_service_plan.app]
}

run "one_instance_has_no_zones" {
  command = plan

  variables {
    zone_redundancy_enabled = true
    app_service_sku_tier    = "PremiumV3"
    app_service_sku_size    = "P1v3"
  }

  expect_failures = [azurerm_service_plan.app]
}

run "one_redis_node_has_no_zones" {
  command = plan

  variables {
    zone_redundancy_enabled                 = true
    app_service_sku_tier                    = "PremiumV3"
    app_service_sku_size                    = "P1v3"
    app_service_worker_count                = 2
    managed_redis_high_availability_enabled = false
  }

  expect_failures = [azurerm_managed_redis.this]
}
