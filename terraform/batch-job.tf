# A job beside the event flow: refits the models from their windows, every night or when somebody starts it by hand
# (`az containerapp job start`), on a replica of its own, so that no verdict waits for it.
# Its image is the command line's own (services/job/Dockerfile), published beside the detectors' under the same commit; a
# rollout gives the detectors another image, and the job keeps its own.

resource "azurerm_container_app_job" "batch" {
  count = var.batch_job_enabled ? 1 : 0

  name                         = local.names.container_app_job
  location                     = azurerm_resource_group.this.location
  resource_group_name          = azurerm_resource_group.this.name
  container_app_environment_id = azurerm_container_app_environment.this.id
  workload_profile_name        = "Consumption"
  replica_timeout_in_seconds   = 1800
  replica_retry_limit          = 1
  tags                         = local.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [for name in ["functions", "detectors"] : azurerm_user_assigned_identity.this[name].id]
  }

  registry {
    server   = local.container_registry.login_server
    identity = azurerm_user_assigned_identity.this["detectors"].id
  }

  dynamic "schedule_trigger_config" {
    for_each = var.batch_job_cron == null ? [] : [var.batch_job_cron]

    content {
      cron_expression          = schedule_trigger_config.value
      parallelism              = 1
      replica_completion_count = 1
    }
  }

  dynamic "manual_trigger_config" {
    for_each = var.batch_job_cron == null ? ["by hand"] : []

    content {
      parallelism              = 1
      replica_completion_count = 1
    }
  }

  # It works with the functions' identity and settings: it does what they do.
  dynamic "secret" {
    for_each = local.batch_job_secrets

    content {
      name                = lower(secret.value)
      key_vault_secret_id = local.secret_ids[secret.value]
      identity            = azurerm_user_assigned_identity.this["functions"].id
    }
  }

  template {
    container {
      name    = "batch"
      image   = "${local.container_registry.login_server}/anomalyctl:${local.batch_job_image_tag}"
      cpu     = 0.5
      memory  = "1Gi"
      command = local.batch_job_command

      dynamic "env" {
        for_each = { for name, value in local.batch_job_settings : name => value if !contains(keys(local.batch_job_secrets), name) }

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.batch_job_secrets

        content {
          name        = env.key
          secret_name = lower(env.value)
        }
      }
    }
  }

  depends_on = [azurerm_role_assignment.service, azurerm_key_vault_secret.connection, azurerm_key_vault_secret.detector_token]
}

locals {
  batch_job_image_tag = var.batch_job_image_tag != null ? var.batch_job_image_tag : var.detectors_image_tag

  # The report comes after the other work, however that ended; the job's end tells of both.
  batch_job_command = var.daily_report_enabled ? concat(
    ["sh", "-c", "\"$@\"; ended=$?; anomalyctl report --day yesterday --mail --quiet || ended=$?; exit $ended", "sh"],
    var.batch_job_command,
  ) : var.batch_job_command

  batch_job_settings = merge(local.worker_settings, var.daily_report_enabled ? {
    AZURE_OPENAI_ENDPOINT   = azurerm_cognitive_account.openai.endpoint
    AZURE_OPENAI_DEPLOYMENT = azurerm_cognitive_deployment.contexts.name
    } : {}, {
    ANOMALYCTL_ENV                            = var.environment
    APPLICATIONINSIGHTS_CONNECTION_STRING     = azurerm_application_insights.this.connection_string
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.this["functions"].client_id};Authorization=AAD"
  })

  batch_job_secrets = {
    REDIS_CONNECTION_STRING     = "REDIS-CONNECTION-STRING"
    COSMOS_DB_CONNECTION_STRING = "COSMOS-DB-CONNECTION-STRING"
    FASTAPI_ENDPOINT            = "FASTAPI-ENDPOINT"
    DETECTOR_TOKEN              = "DETECTOR-TOKEN"
  }
}
