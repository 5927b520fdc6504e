# Everything of one environment lives in one resource group: one place to look, one scope for its budget and its policies.
resource "azurerm_resource_group" "this" {
  name     = "rg-${local.name}"
  location = var.location
  tags     = local.tags

  lifecycle {
    prevent_destroy = true
  }
}
