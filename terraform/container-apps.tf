# The detectors: FastAPI on Container Apps. Functions ask them three questions a reading; any replica answers, so they scale freely.

locals {
  detectors_are_private = var.operator_access == "private"
  detectors_port        = 8000

  # Until the first image is in the registry something else answers, on a port of its own.
  detectors_have_image = var.detectors_image_tag != null
  detectors_image      = local.detectors_have_image ? "${local.container_registry.login_server}/detectors:${var.detectors_image_tag}" : "mcr.microsoft.com/k8se/quickstart:latest"

  detectors_hostname = "${local.names.container_app}.${azurerm_container_app_environment.this.default_domain}"
  detectors_endpoint = "https://${coalesce(var.detectors_custom_domain, local.detectors_hostname)}"

  # Metadata of the scale rule that looks at the queue itself: what group `verdicts` has not read (Redis 7) or not acknowledged (6).
  redis_scale_metadata = {
    for queue in range(var.reading_queues) : queue == 0 ? "queue" : "queue-${queue}" => merge(
      {
        address       = "${local.redis.host}:${local.redis.port}"
        stream        = queue == 0 ? "telemetry:readings" : "telemetry:readings:${queue}"
        consumerGroup = "verdicts"
        enableTLS     = "true"
      },
      var.redis_flavor == "managed" ? { lagCount = "100" } : { pendingEntriesCount = "100" },
    )
  }
}

resource "azurerm_container_app" "detectors" {
  name                         = local.names.container_app
  resource_group_name          = azurerm_resource_group.this.name
  container_app_environment_id = azurerm_container_app_environment.this.id
  revision_mode                = "Single"
  workload_profile_name        = "Consumption"
  max_inactive_revisions       = 5
  tags                         = local.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this["detectors"].id]
  }

  registry {
    server   = local.container_registry.login_server
    identity = azurerm_user_assigned_identity.this["detectors"].id
  }

  dynamic "secret" {
    for_each = toset(concat(values(local.detectors_secrets), var.access_keys_enabled ? [local.access_key_names.redis] : []))

    content {
      name                = lower(secret.value)
      key_vault_secret_id = local.secret_ids[secret.value]
      identity            = azurerm_user_assigned_identity.this["detectors"].id
    }
  }

  ingress {
    # "external" is the network where the environment is internal.
    external_enabled           = true
    allow_insecure_connections = false
    target_port                = local.detectors_have_image ? local.detectors_port : 80
    transport                  = "auto"

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }

    # The dashboard's pages may ask, no other page.
    cors {
      allowed_origins           = local.dashboard_origins
      allowed_methods           = ["GET", "POST", "OPTIONS"]
      allowed_headers           = ["authorization", "content-type"]
      allow_credentials_enabled = false
      max_age_in_seconds        = 600
    }

    dynamic "ip_security_restriction" {
      for_each = local.detectors_are_private ? {} : merge(
        { network = var.vnet_address_space, functions = "${azurerm_public_ip.nat[0].ip_address}/32" },
        { for index, address in var.operator_ip_addresses : "operator-${index}" => "${address}/32" },
      )

      content {
        name             = ip_security_restriction.key
        action           = "Allow"
        ip_address_range = ip_security_restriction.value
      }
    }
  }

  template {
    min_replicas                     = var.container_apps_min_replicas
    max_replicas                     = var.container_apps_max_replicas
    termination_grace_period_seconds = 30

    container {
      name   = "detectors"
      image  = local.detectors_image
      cpu    = var.container_apps_cpu
      memory = var.container_apps_memory

      dynamic "env" {
        for_each = local.detectors_settings

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.detectors_secrets

        content {
          name        = env.key
          secret_name = lower(env.value)
        }
      }

      dynamic "startup_probe" {
        for_each = local.detectors_have_image ? ["/health/live"] : []

        content {
          transport               = "HTTP"
          port                    = local.detectors_port
          path                    = startup_probe.value
          interval_seconds        = 2
          timeout                 = 2
          failure_count_threshold = 30
        }
      }

      dynamic "liveness_probe" {
        for_each = local.detectors_have_image ? ["/health/live"] : []

        content {
          transport               = "HTTP"
          port                    = local.detectors_port
          path                    = liveness_probe.value
          interval_seconds        = 10
          timeout                 = 5
          failure_count_threshold = 3
        }
      }

      # Ready means that Redis answers; a replica that lost it gets no questions, and is not killed for it.
      dynamic "readiness_probe" {
        for_each = local.detectors_have_image ? ["/health/ready"] : []

        content {
          transport               = "HTTP"
          port                    = local.detectors_port
          path                    = readiness_probe.value
          interval_seconds        = 5
          timeout                 = 5
          failure_count_threshold = 3
          success_count_threshold = 1
        }
      }
    }

    http_scale_rule {
      name                = "requests"
      concurrent_requests = "30"
    }

    custom_scale_rule {
      name             = "cpu"
      custom_rule_type = "cpu"
      metadata         = { type = "Utilization", value = "70" }
    }

    # Its scaler knows no Entra, so it is here only where access keys are on.
    dynamic "custom_scale_rule" {
      for_each = var.access_keys_enabled ? local.redis_scale_metadata : {}

      content {
        name             = custom_scale_rule.key
        custom_rule_type = "redis-streams"
        metadata         = custom_scale_rule.value

        authentication {
          secret_name       = lower(local.access_key_names.redis)
          trigger_parameter = "password"
        }
      }
    }
  }

  depends_on = [
    azurerm_role_assignment.service,
    azurerm_key_vault_secret.connection,
    azurerm_key_vault_secret.detector_token,
    azurerm_key_vault_secret.access_key,
    azurerm_managed_redis_access_policy_assignment.this,
    azurerm_redis_cache_access_policy_assignment.this,
  ]
}
