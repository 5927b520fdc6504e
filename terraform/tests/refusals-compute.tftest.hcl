# What functions, detectors and dashboard may not be. Each run is one validation or one precondition.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "functions_plan_must_have_a_network" {
  command = plan

  variables {
    functions_plan = "consumption"
  }

  expect_failures = [var.functions_plan]
}

run "elastic_size_must_be_known" {
  command = plan

  variables {
    functions_elastic_sku_size = "EP9"
  }

  expect_failures = [var.functions_elastic_sku_size]
}

run "functions_must_scale_within_bounds" {
  command = plan

  variables {
    functions_maximum_instances = 0
  }

  expect_failures = [var.functions_maximum_instances]
}

run "app_service_tier_must_be_known" {
  command = plan

  variables {
    app_service_sku_tier = "Free"
  }

  expect_failures = [var.app_service_sku_tier]
}

run "app_service_size_must_be_known" {
  command = plan

  variables {
    app_service_sku_size = "F1"
  }

  expect_failures = [var.app_service_sku_size]
}

run "app_service_size_must_belong_to_its_tier" {
  command = plan

  variables {
    app_service_sku_size = "P1v3"
  }

  expect_failures = [var.app_service_sku_size]
}

run "app_service_needs_an_instance" {
  command = plan

  variables {
    app_service_worker_count = 0
  }

  expect_failures = [var.app_service_worker_count]
}

run "basic_tier_has_three_instances" {
  command = plan

  variables {
    app_service_worker_count = 4
  }

  expect_failures = [var.app_service_worker_count]
}

run "most_workers_must_not_be_below_the_least" {
  command = plan

  variables {
    app_service_worker_count    = 3
    app_service_maximum_workers = 2
  }

  expect_failures = [var.app_service_maximum_workers]
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

run "detectors_cpu_must_be_a_step" {
  command = plan

  variables {
    container_apps_cpu    = 0.3
    container_apps_memory = "0.6Gi"
  }

  expect_failures = [var.container_apps_cpu]
}

run "detectors_memory_must_be_gibibytes" {
  command = plan

  variables {
    container_apps_memory = "1024"
  }

  expect_failures = [var.container_apps_memory]
}

run "detectors_memory_must_match_the_cpu" {
  command = plan

  variables {
    container_apps_memory = "2Gi"
  }

  expect_failures = [var.container_apps_memory]
}

run "detectors_must_be_there" {
  command = plan

  variables {
    container_apps_min_replicas = 0
  }

  expect_failures = [var.container_apps_min_replicas]
}

run "detectors_must_be_bounded" {
  command = plan

  variables {
    container_apps_max_replicas = 31
  }

  expect_failures = [var.container_apps_max_replicas]
}

run "detectors_most_must_not_be_below_the_least" {
  command = plan

  variables {
    container_apps_min_replicas = 3
    container_apps_max_replicas = 2
  }

  expect_failures = [var.container_apps_max_replicas]
}

run "image_must_be_named_by_commit" {
  command = plan

  variables {
    detectors_image_tag = "latest"
  }

  expect_failures = [var.detectors_image_tag]
}

run "registry_tier_must_be_known" {
  command = plan

  variables {
    container_registry_sku = "Classic"
  }

  expect_failures = [var.container_registry_sku]
}

run "registry_must_be_private_in_prod" {
  command = plan

  variables {
    container_registry_sku = "Basic"
  }

  expect_failures = [var.container_registry_sku]
}

run "dashboard_client_must_be_a_client_id" {
  command = plan

  variables {
    dashboard_auth_client_id = "dashboard"
  }

  expect_failures = [var.dashboard_auth_client_id]
}

run "dashboard_domain_must_be_a_host_name" {
  command = plan

  variables {
    dashboard_custom_domain = "https://wells.example.com"
  }

  expect_failures = [var.dashboard_custom_domain]
}

run "detectors_domain_must_be_a_host_name" {
  command = plan

  variables {
    detectors_custom_domain = "detectors"
  }

  expect_failures = [var.detectors_custom_domain]
}

run "detectors_domain_must_be_reachable" {
  command = plan

  variables {
    detectors_custom_domain = "detectors.example.com"
  }

  expect_failures = [var.detectors_custom_domain]
}

run "job_needs_an_image" {
  command = plan

  variables {
    batch_job_enabled = true
  }

  expect_failures = [var.batch_job_enabled]
}

run "job_schedule_must_have_five_fields" {
  command = plan

  variables {
    batch_job_cron = "0 2 * *"
  }

  expect_failures = [var.batch_job_cron]
}

run "job_must_run_something" {
  command = plan

  variables {
    batch_job_command = []
  }

  expect_failures = [var.batch_job_command]
}
