# The containers of Cosmos DB. The stores know the same (a test compares them).

resource "azurerm_cosmosdb_sql_database" "this" {
  name                = "anomaly-detection"
  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name

  lifecycle {
    prevent_destroy = true
  }
}

locals {
  ninety_days_in_seconds = 90 * 24 * 3600

  # Only the paths that are queried are indexed: every other one would cost a write and serve no read.
  # `ttl`: -1 lets single documents end, null lets none.
  cosmos_containers = {
    # One verdict a reading, normal ones too: replay beyond 24 hours reads them.
    anomaly_results = {
      partition_key = "/source_day"
      ttl           = local.ninety_days_in_seconds
      indexed       = ["/source_day", "/timestamp"]
    }
    # Episodes that somebody must look at. A resolved one stays ten minutes more, so that the change feed tells.
    unresolved_anomalies = {
      partition_key = "/anomaly_id"
      ttl           = -1
      indexed       = ["/anomaly_id", "/source", "/status", "/severity_level", "/detected_at", "/last_ms", "/acted_ms", "/tags/[]"]
    }
    resolved_anomalies = {
      partition_key = "/anomaly_id"
      ttl           = null
      indexed       = ["/anomaly_id", "/source", "/status", "/severity_level", "/detected_at", "/last_ms", "/resolved_at", "/tags/[]"]
    }
    # Values that an operator corrected, beside the original.
    modified_values = {
      partition_key = "/anomaly_id"
      ttl           = null
      indexed       = ["/anomaly_id", "/modified_at"]
    }
    # The audit trail: one document an action, never changed.
    anomaly_events = {
      partition_key = "/anomaly_id"
      ttl           = null
      indexed       = ["/anomaly_id", "/at"]
    }
    # Readings that were refused, with the field at fault.
    dead_letters = {
      partition_key = "/day"
      ttl           = local.ninety_days_in_seconds
      indexed       = ["/day", "/failed_at", "/source", "/kind", "/next_try_at"]
    }
    # How far the change feed trigger has read; the functions' identity may not create containers.
    leases = {
      partition_key = "/id"
      ttl           = null
      indexed       = []
    }
  }
}

resource "azurerm_cosmosdb_sql_container" "this" {
  for_each = local.cosmos_containers

  name                  = each.key
  resource_group_name   = azurerm_resource_group.this.name
  account_name          = azurerm_cosmosdb_account.this.name
  database_name         = azurerm_cosmosdb_sql_database.this.name
  partition_key_paths   = [each.value.partition_key]
  partition_key_version = 2
  default_ttl           = each.value.ttl

  indexing_policy {
    indexing_mode = "consistent"

    dynamic "included_path" {
      for_each = each.value.indexed

      content {
        path = "${included_path.value}/?"
      }
    }

    excluded_path {
      path = "/*"
    }
  }

  dynamic "autoscale_settings" {
    for_each = var.secondary_location == null ? [] : [var.cosmosdb_max_throughput]

    content {
      max_throughput = autoscale_settings.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
