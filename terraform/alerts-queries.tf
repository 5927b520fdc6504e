# Alerts that ask the logs: what no single figure of the platform says.

locals {
  query_alerts = merge(local.daily_report_alerts, {
    dead-letters = {
      description = "More than ${var.dead_letter_threshold} readings were refused in 15 minutes; `anomalyctl anomalies` and container dead_letters say why."
      severity    = 1, frequency = "PT5M", window = "PT15M", measure = "refused", threshold = var.dead_letter_threshold
      query       = <<-KQL
        AppTraces
        | where Message startswith "judged "
        | parse Message with * " repeated, " refused:long " refused" *
        | summarize refused = sum(refused)
      KQL
    }
    failures = {
      description = "More than 5 % of the requests and executions failed within 15 minutes."
      severity    = 1, frequency = "PT5M", window = "PT15M", measure = "failed_percent", threshold = 5
      query       = <<-KQL
        AppRequests
        | summarize failed_percent = 100.0 * countif(Success == false) / count(), requests = count()
        | where requests >= 20
        | project failed_percent
      KQL
    }
    tiers-missing = {
      description = "Readings are judged without one of the three tiers."
      severity    = 2, frequency = "PT5M", window = "PT15M", measure = "judgements", threshold = 10
      query       = <<-KQL
        AppTraces
        | where Message has "judged without the"
        | summarize judgements = count()
      KQL
    }
    model-retirement = {
      description = "The language model ${var.openai_model_name} ${var.openai_model_version} is retired on ${var.openai_model_retires_on}; choose another (openai_model_name)."
      severity    = 2, frequency = "P1D", window = "P1D", measure = "near", threshold = 0
      query       = <<-KQL
        print days = datetime_diff("day", datetime(${var.openai_model_retires_on}), now())
        | summarize near = countif(days <= 120)
      KQL
    }
  })

  # No alarm: the letter of `anomalyctl report --mail`. An action group takes no text but what an alert carries, so that the
  # report is the dimension. One that was sent twice is one letter.
  daily_report_alerts = var.daily_report_enabled ? {
    daily-report = {
      description = "The report of the day; its text is the dimension Report."
      # A letter may arrive after the hour in which it was written: each evaluation looks at what has arrived since the last.
      severity = 4, frequency = "PT1H", window = "PT2H", measure = "letters", threshold = 0
      query    = <<-KQL
        AppTraces
        | where ingestion_time() > ago(1h) and Message startswith "daily report: "
        | extend Report = substring(Message, 14)
        | summarize letters = count() by Report
      KQL
    }
  } : {}
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  for_each = local.query_alerts

  name                 = "alert-${each.key}-${local.name}"
  display_name         = each.key
  description          = each.value.description
  location             = azurerm_resource_group.this.location
  resource_group_name  = azurerm_resource_group.this.name
  scopes               = [local.log_analytics_workspace.id]
  severity             = each.value.severity
  evaluation_frequency = each.value.frequency
  window_duration      = each.value.window
  enabled              = var.alerts_enabled
  # The tables exist only once something was written to them.
  skip_query_validation   = true
  auto_mitigation_enabled = each.value.frequency != "P1D" && each.value.severity < 4
  tags                    = local.tags

  criteria {
    query                   = each.value.query
    metric_measure_column   = each.value.measure
    time_aggregation_method = "Maximum"
    operator                = "GreaterThan"
    threshold               = each.value.threshold

    dynamic "dimension" {
      for_each = each.key == "daily-report" ? ["Report"] : []

      content {
        name     = dimension.value
        operator = "Include"
        values   = ["*"]
      }
    }

    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = [each.value.severity <= 1 ? azurerm_monitor_action_group.critical.id : azurerm_monitor_action_group.warning.id]
  }
}

# What Azure itself announces: outages, planned work, retirements (also of language models).
resource "azurerm_monitor_activity_log_alert" "service_health" {
  name                = "alert-service-health-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  location            = "global"
  description         = "Azure announces an outage, planned work or a retirement that concerns this subscription."
  scopes              = ["/subscriptions/${data.azurerm_client_config.current.subscription_id}"]
  enabled             = var.alerts_enabled
  tags                = local.tags

  criteria {
    category = "ServiceHealth"

    service_health {
      events    = ["Incident", "Maintenance", "ActionRequired", "Security"]
      locations = [var.location, "Global"]
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.warning.id
  }
}
