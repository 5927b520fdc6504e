# The App Service plan follows its load, and the functions on it the queue: when readings wait, more instances drain.

locals {
  scale_rules = merge(
    {
      cpu-high    = { metric = "CpuPercentage", operator = "GreaterThan", threshold = 70, direction = "Increase", by = 2 }
      memory-high = { metric = "MemoryPercentage", operator = "GreaterThan", threshold = 80, direction = "Increase", by = 2 }
      cpu-low     = { metric = "CpuPercentage", operator = "LessThan", threshold = 30, direction = "Decrease", by = 1 }
    },
    # Where the functions run on this plan. They report the age of the oldest reading that waits.
    var.functions_plan == "dedicated" ? {
      queue-lag-high = { metric = "queue_lag_seconds", operator = "GreaterThan", threshold = 60, direction = "Increase", by = 1 }
    } : {},
  )
}

resource "azurerm_monitor_autoscale_setting" "app" {
  count = var.app_service_autoscale_enabled ? 1 : 0

  name                = "autoscale-${local.name}"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  target_resource_id  = azurerm_service_plan.app.id
  tags                = local.tags

  profile {
    name = "load"

    capacity {
      minimum = var.app_service_worker_count
      default = var.app_service_worker_count
      maximum = var.app_service_maximum_workers
    }

    dynamic "rule" {
      for_each = local.scale_rules

      content {
        metric_trigger {
          metric_name        = rule.value.metric
          metric_namespace   = rule.value.metric == "queue_lag_seconds" ? "azure.applicationinsights" : "microsoft.web/serverfarms"
          metric_resource_id = rule.value.metric == "queue_lag_seconds" ? azurerm_application_insights.this.id : azurerm_service_plan.app.id
          operator           = rule.value.operator
          threshold          = rule.value.threshold
          statistic          = rule.value.metric == "queue_lag_seconds" ? "Max" : "Average"
          time_aggregation   = rule.value.metric == "queue_lag_seconds" ? "Maximum" : "Average"
          time_grain         = "PT1M"
          time_window        = "PT5M"
        }

        scale_action {
          direction = rule.value.direction
          type      = "ChangeCount"
          value     = rule.value.by
          cooldown  = rule.value.direction == "Increase" ? "PT5M" : "PT10M"
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.app_service_sku_tier != "Basic"
      error_message = "app_service_autoscale_enabled needs app_service_sku_tier Standard or Premium: the Basic tier does not scale by itself."
    }
  }
}
