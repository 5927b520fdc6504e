# People and producers. Operators triage, replay and read recordings; producers (the identity of the Fabric workspace) only
# write readings, by their assignment on Redis in security.tf.

locals {
  operator_roles = merge(
    {
      # The summary of `anomalyctl report`.
      model      = { scope = azurerm_cognitive_account.openai.id, role = "Cognitive Services OpenAI User" }
      recordings = { scope = azurerm_storage_account.this.id, role = "Storage Blob Data Contributor" }
      # The detectors' token alone, not the other secrets.
      detectors = { scope = "${azurerm_key_vault.this.id}/secrets/${azurerm_key_vault_secret.detector_token.name}", role = "Key Vault Secrets User" }
      logs      = { scope = local.log_analytics_workspace.id, role = "Log Analytics Reader" }
      images    = { scope = local.container_registry.id, role = "AcrPush" }
    },
    var.service_bus_enabled ? {
      replays = { scope = azurerm_servicebus_queue.replays[0].id, role = "Azure Service Bus Data Sender" }
    } : {},
  )

  operator_assignments = merge([
    for id in var.operator_object_ids : {
      for name, assignment in local.operator_roles : "${name}/${id}" => merge(assignment, { principal_id = id })
    }
  ]...)
}

resource "azurerm_role_assignment" "operator" {
  for_each = local.operator_assignments

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = each.value.principal_id
}
