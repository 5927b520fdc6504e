# The picture for whoever is called at night: is it late, what was found, what do the machines do.

locals {
  workbook_charts = [
    { title = "Lag of the queue in seconds", kind = "timechart", query = "AppMetrics | where Name == 'queue_lag_seconds' | summarize max(coalesce(Max, Sum / ItemCount)) by bin(TimeGenerated, 1m)" },
    { title = "Seconds since the last reading", kind = "timechart", query = "AppMetrics | where Name == 'seconds_since_reading' | summarize max(coalesce(Max, Sum / ItemCount)) by bin(TimeGenerated, 1m)" },
    {
      title = "Readings: judged, anomalous, late, refused", kind = "timechart"
      query = "AppTraces | where Message startswith 'judged ' | parse Message with 'judged ' judged:long ' readings in ' * ' s: ' anomalous:long ' anomalous, ' late:long ' late, ' * ' repeated, ' refused:long ' refused' * | summarize sum(judged), sum(anomalous), sum(late), sum(refused) by bin(TimeGenerated, 5m)"
    },
    { title = "Alarms raised", kind = "table", query = "AlertsManagementResources | where type == 'microsoft.alertsmanagement/alerts'", resources = true },
    { title = "CPU in percent", kind = "timechart", query = "AzureMetrics | where MetricName in ('CpuPercentage', 'UsageNanoCores') | summarize avg(Average) by bin(TimeGenerated, 5m), Resource" },
    { title = "Memory in percent", kind = "timechart", query = "AzureMetrics | where MetricName in ('MemoryPercentage', 'usedmemorypercentage') | summarize avg(Average) by bin(TimeGenerated, 5m), Resource" },
    { title = "Requests, and how many failed", kind = "timechart", query = "AppRequests | summarize requests = count(), failed = countif(Success == false) by bin(TimeGenerated, 5m), AppRoleName" },
    { title = "How long requests take (95 of 100, in milliseconds)", kind = "timechart", query = "AppRequests | summarize percentile(DurationMs, 95) by bin(TimeGenerated, 5m), Name" },
  ]
}

resource "azurerm_application_insights_workbook" "this" {
  # A workbook's name is a UUID; this one is always the same for this environment.
  name                = uuidv5("url", "https://anomalyctl.invalid/${data.azurerm_client_config.current.subscription_id}/${local.name}")
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  display_name        = "Anomaly detection (${var.environment})"
  source_id           = lower(local.log_analytics_workspace.id)
  tags                = local.tags

  data_json = jsonencode({
    version = "Notebook/1.0"
    items = concat(
      [{
        type    = 1
        name    = "heading"
        content = { json = "# Anomaly detection, ${var.environment}\nFrom the reading to the verdict. `anomalyctl status --env ${var.environment}` shows the same from your machine." }
      }],
      [for index, chart in local.workbook_charts : {
        type = 3
        name = "chart-${index}"
        content = {
          version                 = "KqlItem/1.0"
          query                   = chart.query
          size                    = 0
          title                   = chart.title
          timeContext             = { durationMs = 14400000 }
          queryType               = try(chart.resources, false) ? 1 : 0
          resourceType            = try(chart.resources, false) ? "microsoft.resourcegraph/resources" : "microsoft.operationalinsights/workspaces"
          crossComponentResources = try(chart.resources, false) ? ["/subscriptions/${data.azurerm_client_config.current.subscription_id}"] : [local.log_analytics_workspace.id]
          visualization           = chart.kind
        }
      }],
    )
    isLocked = false
  })
}
