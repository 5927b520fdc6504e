# The dashboard: Next.js on App Service. It polls Redis every ten seconds for what is live, and asks Cosmos DB for episodes.

resource "azurerm_service_plan" "app" {
  # checkov:skip=CKV_AZURE_211:The specification's Basic plan is the default and enough for a few operators; prod takes PremiumV3
  # checkov:skip=CKV_AZURE_212:One instance is enough where few look; prod takes two and more
  # checkov:skip=CKV_AZURE_225:Zone balancing follows zone_redundancy_enabled, which needs a Premium plan
  name                   = "asp-${local.name}"
  location               = azurerm_resource_group.this.location
  resource_group_name    = azurerm_resource_group.this.name
  os_type                = "Linux"
  sku_name               = var.app_service_sku_size
  worker_count           = var.app_service_autoscale_enabled ? null : var.app_service_worker_count
  zone_balancing_enabled = var.zone_redundancy_enabled
  tags                   = local.tags

  lifecycle {
    precondition {
      condition     = !var.zone_redundancy_enabled || startswith(var.app_service_sku_tier, "Premium")
      error_message = "zone_redundancy_enabled needs app_service_sku_tier PremiumV3 or PremiumV4: the others stand in one zone."
    }

    precondition {
      condition     = !var.zone_redundancy_enabled || var.app_service_worker_count >= 2
      error_message = "zone_redundancy_enabled needs app_service_worker_count of 2 or more: one instance stands in one zone."
    }
  }
}

resource "azurerm_linux_web_app" "dashboard" {
  # checkov:skip=CKV_AZURE_13:App Service signs people in where dashboard_auth_client_id is set; without it only listed addresses enter
  # checkov:skip=CKV_AZURE_17:People come with a browser, which holds no client certificate; Entra signs them in
  # checkov:skip=CKV_AZURE_222:Operators look from anywhere; sign-in or an address list stands before the dashboard, never neither
  # checkov:skip=CKV_AZURE_88:The dashboard keeps nothing on disk
  name                            = local.names.dashboard
  location                        = azurerm_resource_group.this.location
  resource_group_name             = azurerm_resource_group.this.name
  service_plan_id                 = azurerm_service_plan.app.id
  https_only                      = true
  public_network_access_enabled   = true
  virtual_network_subnet_id       = azurerm_subnet.this["app"].id
  key_vault_reference_identity_id = azurerm_user_assigned_identity.this["dashboard"].id
  client_affinity_enabled         = false
  tags                            = local.tags

  # Code is published with Entra alone.
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false

  app_settings = merge(
    local.dashboard_settings,
    local.dashboard_signs_in ? { (local.federated_identity_setting) = azurerm_user_assigned_identity.this["dashboard"].client_id } : {},
  )

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this["dashboard"].id]
  }

  site_config {
    always_on              = true
    app_command_line       = "node server.js"
    ftps_state             = "Disabled"
    http2_enabled          = true
    minimum_tls_version    = "1.2"
    vnet_route_all_enabled = true

    # Asks Redis and Cosmos DB; an instance that reaches neither is replaced.
    health_check_path                 = "/api/health"
    health_check_eviction_time_in_min = 5

    application_stack {
      node_version = "24-lts"
    }

    cors {
      allowed_origins     = local.dashboard_origins
      support_credentials = false
    }

    ip_restriction_default_action     = local.dashboard_signs_in && !var.front_door_enabled ? "Allow" : "Deny"
    scm_ip_restriction_default_action = "Deny"

    dynamic "ip_restriction" {
      for_each = var.front_door_enabled ? [azurerm_cdn_frontdoor_profile.this[0].resource_guid] : []

      content {
        name        = "front-door"
        priority    = 100
        action      = "Allow"
        service_tag = "AzureFrontDoor.Backend"
        headers = [{
          x_azure_fdid      = [ip_restriction.value]
          x_fd_health_probe = []
          x_forwarded_for   = []
          x_forwarded_host  = []
        }]
      }
    }

    dynamic "ip_restriction" {
      for_each = var.front_door_enabled ? [] : var.operator_ip_addresses

      content {
        name       = "operator-${ip_restriction.key}"
        priority   = 200 + ip_restriction.key
        action     = "Allow"
        ip_address = "${ip_restriction.value}/32"
      }
    }

    # Publishing code: from operators' addresses, or through the private endpoint.
    dynamic "scm_ip_restriction" {
      for_each = var.operator_access == "addresses" ? var.operator_ip_addresses : []

      content {
        name       = "operator-${scm_ip_restriction.key}"
        priority   = 200 + scm_ip_restriction.key
        action     = "Allow"
        ip_address = "${scm_ip_restriction.value}/32"
      }
    }
  }

  # App Service signs people in before a request reaches our code. The application proves itself by its managed identity.
  dynamic "auth_settings_v2" {
    for_each = local.dashboard_signs_in ? [var.dashboard_auth_client_id] : []

    content {
      auth_enabled             = true
      require_authentication   = true
      require_https            = true
      unauthenticated_action   = "RedirectToLoginPage"
      default_provider         = "azureactivedirectory"
      excluded_paths           = ["/api/health"]
      forward_proxy_convention = var.front_door_enabled ? "Standard" : "NoProxy"

      active_directory_v2 {
        client_id                  = auth_settings_v2.value
        tenant_auth_endpoint       = "https://login.microsoftonline.com/${data.azurerm_client_config.current.tenant_id}/v2.0"
        client_secret_setting_name = local.federated_identity_setting
        allowed_audiences          = ["api://${auth_settings_v2.value}", auth_settings_v2.value]
      }

      login {
        token_store_enabled = true
      }
    }
  }

  logs {
    detailed_error_messages = true
    failed_request_tracing  = true

    http_logs {
      file_system {
        retention_in_days = 7
        retention_in_mb   = 35
      }
    }
  }

  lifecycle {
    # `anomalyctl publish` tags the app with what it published.
    ignore_changes = [tags["published"]]
  }

  depends_on = [azurerm_role_assignment.service, azurerm_key_vault_secret.connection]
}

locals {
  dashboard_signs_in         = var.dashboard_auth_client_id != null
  federated_identity_setting = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"

  # Who may call the detectors and the dashboard's own API from a browser.
  dashboard_origins = [
    for host in compact([
      "${local.names.dashboard}.azurewebsites.net",
      var.dashboard_custom_domain,
      var.front_door_enabled ? azurerm_cdn_frontdoor_endpoint.dashboard[0].host_name : null,
    ]) : "https://${host}"
  ]
}
