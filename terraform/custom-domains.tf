# Host names of their own for dashboard and detectors, with certificates that Azure issues and renews. Their CNAME and asuid
# records must exist first; who looks after the DNS zone makes them.

resource "azurerm_app_service_custom_hostname_binding" "dashboard" {
  count = var.dashboard_custom_domain == null ? 0 : 1

  hostname            = var.dashboard_custom_domain
  app_service_name    = azurerm_linux_web_app.dashboard.name
  resource_group_name = azurerm_resource_group.this.name

  lifecycle {
    # The certificate's binding below sets them.
    ignore_changes = [ssl_state, thumbprint]
  }
}

resource "azurerm_app_service_managed_certificate" "dashboard" {
  count = var.dashboard_custom_domain == null ? 0 : 1

  custom_hostname_binding_id = azurerm_app_service_custom_hostname_binding.dashboard[0].id
  tags                       = local.tags
}

resource "azurerm_app_service_certificate_binding" "dashboard" {
  count = var.dashboard_custom_domain == null ? 0 : 1

  hostname_binding_id = azurerm_app_service_custom_hostname_binding.dashboard[0].id
  certificate_id      = azurerm_app_service_managed_certificate.dashboard[0].id
  ssl_state           = "SniEnabled"
}

# `anomalyctl publish`, a step of `deploy`, binds the certificate once Azure has issued it; the provider cannot.
resource "azurerm_container_app_custom_domain" "detectors" {
  count = var.detectors_custom_domain == null ? 0 : 1

  name             = var.detectors_custom_domain
  container_app_id = azurerm_container_app.detectors.id

  lifecycle {
    ignore_changes = [certificate_binding_type, container_app_environment_certificate_id]
  }
}

resource "azurerm_container_app_environment_managed_certificate" "detectors" {
  count = var.detectors_custom_domain == null ? 0 : 1

  name                         = "detectors"
  container_app_environment_id = azurerm_container_app_environment.this.id
  subject_name                 = var.detectors_custom_domain
  domain_control_validation    = "CNAME"
  tags                         = local.tags

  depends_on = [azurerm_container_app_custom_domain.detectors]
}
