# Front Door: a firewall for web applications before the dashboard, which then answers to nobody else.

resource "azurerm_cdn_frontdoor_profile" "this" {
  count = var.front_door_enabled ? 1 : 0

  name                     = "afd-${local.name}"
  resource_group_name      = azurerm_resource_group.this.name
  sku_name                 = "Premium_AzureFrontDoor"
  response_timeout_seconds = 60
  tags                     = local.tags
}

resource "azurerm_cdn_frontdoor_endpoint" "dashboard" {
  count = var.front_door_enabled ? 1 : 0

  name                     = local.names.front_door
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this[0].id
  tags                     = local.tags
}

resource "azurerm_cdn_frontdoor_origin_group" "dashboard" {
  count = var.front_door_enabled ? 1 : 0

  name                     = "dashboard"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this[0].id
  session_affinity_enabled = false

  load_balancing {
    sample_size                 = 4
    successful_samples_required = 3
  }

  health_probe {
    interval_in_seconds = 100
    path                = "/api/health"
    protocol            = "Https"
    request_type        = "GET"
  }
}

resource "azurerm_cdn_frontdoor_origin" "dashboard" {
  count = var.front_door_enabled ? 1 : 0

  name                           = "dashboard"
  cdn_frontdoor_origin_group_id  = azurerm_cdn_frontdoor_origin_group.dashboard[0].id
  enabled                        = true
  certificate_name_check_enabled = true
  host_name                      = azurerm_linux_web_app.dashboard.default_hostname
  origin_host_header             = azurerm_linux_web_app.dashboard.default_hostname
  http_port                      = 80
  https_port                     = 443
  priority                       = 1
  weight                         = 1000
}

resource "azurerm_cdn_frontdoor_route" "dashboard" {
  count = var.front_door_enabled ? 1 : 0

  name                          = "dashboard"
  cdn_frontdoor_endpoint_id     = azurerm_cdn_frontdoor_endpoint.dashboard[0].id
  cdn_frontdoor_origin_group_id = azurerm_cdn_frontdoor_origin_group.dashboard[0].id
  cdn_frontdoor_origin_ids      = [azurerm_cdn_frontdoor_origin.dashboard[0].id]
  patterns_to_match             = ["/*"]
  supported_protocols           = ["Http", "Https"]
  forwarding_protocol           = "HttpsOnly"
  https_redirect_enabled        = true
  link_to_default_domain        = true
}

resource "azurerm_cdn_frontdoor_firewall_policy" "this" {
  count = var.front_door_enabled ? 1 : 0

  name                       = "waf${local.compact}${var.environment}"
  resource_group_name        = azurerm_resource_group.this.name
  sku_name                   = "Premium_AzureFrontDoor"
  mode                       = "Prevention"
  enabled                    = true
  request_body_check_enabled = true
  tags                       = local.tags

  custom_rule {
    name                           = "RateLimit"
    type                           = "RateLimitRule"
    action                         = "Block"
    enabled                        = true
    priority                       = 100
    rate_limit_duration_in_minutes = 1
    rate_limit_threshold           = var.front_door_rate_limit

    match_condition {
      match_variable = "SocketAddr"
      operator       = "IPMatch"
      match_values   = ["0.0.0.0/0", "::/0"]
    }
  }

  managed_rule {
    type    = "Microsoft_DefaultRuleSet"
    version = "2.1"
    action  = "Block"
  }

  managed_rule {
    type    = "Microsoft_BotManagerRuleSet"
    version = "1.1"
    action  = "Block"
  }
}

resource "azurerm_cdn_frontdoor_security_policy" "this" {
  count = var.front_door_enabled ? 1 : 0

  name                     = "dashboard"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this[0].id

  security_policies {
    firewall {
      cdn_frontdoor_firewall_policy_id = azurerm_cdn_frontdoor_firewall_policy.this[0].id

      association {
        patterns_to_match = ["/*"]

        domain {
          cdn_frontdoor_domain_id = azurerm_cdn_frontdoor_endpoint.dashboard[0].id
        }
      }
    }
  }
}
