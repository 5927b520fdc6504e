# Who is called, and for what. Critical: readings are not judged, or nobody can be told. Warning: it will soon come to that.

resource "azurerm_monitor_action_group" "critical" {
  name                = "ag-critical-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  short_name          = "critical"
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = var.critical_alert_emails

    content {
      name                    = "mail-${email_receiver.value}"
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }

  dynamic "sms_receiver" {
    for_each = var.critical_alert_phones

    content {
      name         = "sms-${sms_receiver.key}"
      country_code = sms_receiver.value.country_code
      phone_number = sms_receiver.value.phone_number
    }
  }

  dynamic "webhook_receiver" {
    for_each = nonsensitive(toset(keys(var.critical_alert_webhooks)))

    content {
      name                    = "webhook-${webhook_receiver.value}"
      service_uri             = var.critical_alert_webhooks[webhook_receiver.value]
      use_common_alert_schema = true
    }
  }
}

resource "azurerm_monitor_action_group" "warning" {
  name                = "ag-warning-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  short_name          = "warning"
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = var.warning_alert_emails

    content {
      name                    = "mail-${email_receiver.value}"
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

locals {
  # Figures of the platform. `severity` 1 calls the critical group, 2 and above the warning one.
  metric_alerts = merge(
    {
      function-errors = {
        description = "The functions answered with more than 10 server errors in 5 minutes."
        severity    = 1, scope = local.function_app.id, frequency = "PT1M", window = "PT5M"
        namespace   = "Microsoft.Web/sites", metric = "Http5xx", aggregation = "Total", operator = "GreaterThan", threshold = 10
      }
      no-reading = {
        description = "No reading has come for ${var.silence_threshold_seconds} seconds."
        severity    = 1, scope = azurerm_application_insights.this.id, frequency = "PT1M", window = "PT1M"
        namespace   = "azure.applicationinsights", metric = "seconds_since_reading", aggregation = "Maximum", operator = "GreaterThan", threshold = var.silence_threshold_seconds
      }
      queue-lag = {
        description = "Readings have waited for more than five minutes for their verdict."
        severity    = 1, scope = azurerm_application_insights.this.id, frequency = "PT1M", window = "PT5M"
        namespace   = "azure.applicationinsights", metric = "queue_lag_seconds", aggregation = "Minimum", operator = "GreaterThan", threshold = 300
      }
      redis-memory = {
        description = "Redis is more than 90 % full; when it is full, readings are refused."
        severity    = 2, scope = local.redis.id, frequency = "PT5M", window = "PT15M"
        namespace   = var.redis_flavor == "managed" ? "Microsoft.Cache/redisEnterprise" : "Microsoft.Cache/redis"
        metric      = "usedmemorypercentage", aggregation = "Maximum", operator = "GreaterThan", threshold = 90
      }
      dashboard-response = {
        description = "The dashboard takes more than 5 seconds to answer."
        severity    = 2, scope = azurerm_linux_web_app.dashboard.id, frequency = "PT5M", window = "PT15M"
        namespace   = "Microsoft.Web/sites", metric = "HttpResponseTime", aggregation = "Average", operator = "GreaterThan", threshold = 5
      }
      dashboard-health = {
        description = "The dashboard does not reach Redis or Cosmos DB: its health check fails."
        severity    = 2, scope = azurerm_linux_web_app.dashboard.id, frequency = "PT5M", window = "PT15M"
        namespace   = "Microsoft.Web/sites", metric = "HealthCheckStatus", aggregation = "Average", operator = "LessThan", threshold = 50
      }
      detectors-response = {
        description = "The detectors take more than 5 seconds to answer."
        severity    = 2, scope = azurerm_container_app.detectors.id, frequency = "PT5M", window = "PT15M"
        namespace   = "Microsoft.App/containerApps", metric = "ResponseTime", aggregation = "Average", operator = "GreaterThan", threshold = 5000
      }
      detectors-restarts = {
        description = "Replicas of the detectors keep ending."
        severity    = 2, scope = azurerm_container_app.detectors.id, frequency = "PT5M", window = "PT15M"
        namespace   = "Microsoft.App/containerApps", metric = "RestartCount", aggregation = "Maximum", operator = "GreaterThan", threshold = 3
      }
      cosmos-throttled = {
        description = "Cosmos DB uses more than 90 % of the request units that it may."
        severity    = 2, scope = azurerm_cosmosdb_account.this.id, frequency = "PT5M", window = "PT15M"
        namespace   = "Microsoft.DocumentDB/databaseAccounts", metric = "NormalizedRUConsumption", aggregation = "Maximum", operator = "GreaterThan", threshold = 90
      }
      plan-cpu = {
        description = "The App Service plan has been above 90 % CPU for 15 minutes."
        severity    = 2, scope = azurerm_service_plan.app.id, frequency = "PT5M", window = "PT15M"
        namespace   = "Microsoft.Web/serverfarms", metric = "CpuPercentage", aggregation = "Average", operator = "GreaterThan", threshold = 90
      }
    },
    var.service_bus_enabled ? {
      service-bus-dead-letters = {
        description = "Requests for replays were given up."
        severity    = 2, scope = azurerm_servicebus_namespace.this[0].id, frequency = "PT5M", window = "PT15M"
        namespace   = "Microsoft.ServiceBus/namespaces", metric = "DeadletteredMessages", aggregation = "Maximum", operator = "GreaterThan", threshold = 0
      }
    } : {},
  )
}

resource "azurerm_monitor_metric_alert" "this" {
  for_each = local.metric_alerts

  name                = "alert-${each.key}-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  description         = each.value.description
  severity            = each.value.severity
  scopes              = [each.value.scope]
  frequency           = each.value.frequency
  window_size         = each.value.window
  enabled             = var.alerts_enabled
  auto_mitigate       = true
  tags                = local.tags

  criteria {
    metric_namespace = each.value.namespace
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = each.value.operator
    threshold        = each.value.threshold
    # Our own figures exist only once the functions have run.
    skip_metric_validation = each.value.namespace == "azure.applicationinsights"
  }

  action {
    action_group_id = each.value.severity <= 1 ? azurerm_monitor_action_group.critical.id : azurerm_monitor_action_group.warning.id
  }
}
