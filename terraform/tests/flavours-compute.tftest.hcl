# Each choice about what runs the code plans, and makes what it promises.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "functions_on_elastic_premium" {
  command = plan

  variables {
    functions_plan = "elastic"
  }

  assert {
    condition     = azurerm_service_plan.functions[0].sku_name == "EP1" && azurerm_linux_function_app.this[0].content_share_force_disabled
    error_message = "An elastic plan must have no content share, which would need a key."
  }

  assert {
    condition     = contains(keys(azurerm_subnet.this), "functions")
    error_message = "A plan of its own needs a subnet of its own."
  }
}

run "functions_paid_per_execution" {
  command = plan

  variables {
    functions_plan = "flex"
  }

  assert {
    condition     = azurerm_service_plan.functions[0].sku_name == "FC1" && length(azurerm_linux_function_app.this) == 0
    error_message = "A flex plan must run the functions alone."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this[0].app_settings["AzureWebJobs_process_readings_Disabled"] == "true"
    error_message = "On a flex plan the Redis trigger must be off: the sweep drains."
  }

  assert {
    condition     = length([for name in keys(azurerm_function_app_flex_consumption.this[0].app_settings) : name if startswith(name, "REDIS_TRIGGER")]) == 0
    error_message = "On a flex plan there is no trigger to connect."
  }
}

run "a_plan_that_scales_by_the_queue" {
  command = plan

  variables {
    app_service_sku_tier          = "Standard"
    app_service_sku_size          = "S1"
    app_service_autoscale_enabled = true
  }

  assert {
    condition     = contains(flatten(azurerm_monitor_autoscale_setting.app[0].profile[0].rule[*].metric_trigger[*].metric_name), "queue_lag_seconds") && contains(flatten(azurerm_monitor_autoscale_setting.app[0].profile[0].rule[*].metric_trigger[*].metric_name), "CpuPercentage")
    error_message = "The plan must scale by CPU and by the queue's lag."
  }
}

run "a_job_started_by_hand" {
  command = plan

  variables {
    batch_job_enabled   = true
    batch_job_cron      = null
    detectors_image_tag = "0123abc"
    batch_job_image_tag = "fedcba9"
  }

  assert {
    condition     = endswith(azurerm_container_app_job.batch[0].template[0].container[0].image, "/anomalyctl:fedcba9") && endswith(azurerm_container_app.detectors.template[0].container[0].image, "/detectors:0123abc")
    error_message = "A rollout of the detectors must leave the job its own image."
  }

  assert {
    condition     = length(azurerm_container_app_job.batch[0].manual_trigger_config) == 1 && length(azurerm_container_app_job.batch[0].schedule_trigger_config) == 0
    error_message = "Without a schedule the job must start by hand."
  }
}

run "a_report_by_mail" {
  command = plan

  variables {
    detectors_image_tag  = "0123abc"
    batch_job_enabled    = true
    daily_report_enabled = true
  }

  assert {
    condition     = endswith(azurerm_container_app_job.batch[0].template[0].container[0].command[2], "exit $ended") && length(azurerm_container_app_job.batch[0].template[0].container[0].command) == 4 + length(var.batch_job_command)
    error_message = "The job must report after its other work."
  }

  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.this["daily-report"].severity == 4 && !azurerm_monitor_scheduled_query_rules_alert_v2.this["daily-report"].auto_mitigation_enabled && azurerm_monitor_scheduled_query_rules_alert_v2.this["daily-report"].criteria[0].dimension[0].name == "Report"
    error_message = "The report must be a letter, not an alarm."
  }

  assert {
    condition     = contains([for one in azurerm_container_app_job.batch[0].template[0].container[0].env : one.name], "AZURE_OPENAI_DEPLOYMENT") && azurerm_role_assignment.service["functions-model"].role_definition_name == "Cognitive Services OpenAI User"
    error_message = "The job must reach the language model that writes the report's summary."
  }
}
