# Rules of the house, and rehearsals of failure.

# Nothing without an owner and a cost centre comes into the resource group, whoever creates it.
resource "azurerm_resource_group_policy_assignment" "required_tag" {
  for_each = toset(var.required_tags_policy_enabled ? ["environment", "owner", "cost_center", "project"] : [])

  name              = "require-tag-${replace(each.value, "_", "-")}"
  display_name      = "Require the tag ${each.value}"
  resource_group_id = azurerm_resource_group.this.id
  # Built in: "Require a tag on resources".
  policy_definition_id = "/providers/Microsoft.Authorization/policyDefinitions/871b6d14-10aa-478d-b590-94f262ecfa99"
  parameters           = jsonencode({ tagName = { value = each.value } })

  non_compliance_message {
    content = "Every resource of ${local.name} needs the tag ${each.value}."
  }
}

locals {
  chaos_targets = var.chaos_targets_enabled ? {
    # The doorbell and the sweep stop: readings must wait in the queue and be judged later.
    functions = { id = local.function_app.id, type = "Microsoft-AppService", capability = "Stop-1.0" }
    # Redis and Cosmos DB cannot be reached: nothing may be lost or half-written.
    network = { id = azurerm_network_security_group.this["private-endpoints"].id, type = "Microsoft-NetworkSecurityGroup", capability = "SecurityRule-1.1" }
    # The vault refuses: services go on with what they have.
    key-vault = { id = azurerm_key_vault.this.id, type = "Microsoft-KeyVault", capability = "DenyAccess-1.0" }
  } : {}
}

resource "azurerm_chaos_studio_target" "this" {
  for_each = local.chaos_targets

  location           = azurerm_resource_group.this.location
  target_resource_id = each.value.id
  target_type        = each.value.type
}

resource "azurerm_chaos_studio_capability" "this" {
  for_each = local.chaos_targets

  chaos_studio_target_id = azurerm_chaos_studio_target.this[each.key].id
  capability_type        = each.value.capability
}
