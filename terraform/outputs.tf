# What `anomalyctl` and people need to find the parts. Keys are null where access_keys_enabled is off.

# --- Resource identifiers ---------------------------------------------------------------------------------------------------

output "resource_group_name" {
  description = "Resource group that holds the environment."
  value       = azurerm_resource_group.this.name
}

output "location" {
  description = "Region of the environment."
  value       = azurerm_resource_group.this.location
}

output "cosmos_db_endpoint" {
  description = "Address of Cosmos DB."
  value       = azurerm_cosmosdb_account.this.endpoint
}

output "cosmos_db_account_name" {
  description = "Name of the Cosmos DB account; a restore names it."
  value       = azurerm_cosmosdb_account.this.name
}

output "cosmos_db_database_name" {
  description = "Name of the database."
  value       = azurerm_cosmosdb_sql_database.this.name
}

output "redis_name" {
  description = "Name of the Redis resource."
  value       = local.redis.name
}

output "redis_host" {
  description = "Host name of Redis."
  value       = local.redis.host
}

output "redis_port" {
  description = "Port of Redis; TLS."
  value       = local.redis.port
}

output "redis_flavor" {
  description = "managed or cache_premium."
  value       = var.redis_flavor
}

output "function_app_name" {
  description = "Name of the function app."
  value       = local.function_app.name
}

output "function_app_hostname" {
  description = "Host name of the function app."
  value       = local.function_app.hostname
}

output "functions_plan" {
  description = "dedicated, elastic or flex; says how code is published."
  value       = var.functions_plan
}

output "functions_code_container_url" {
  description = "Blob container that the functions' code is put into on an elastic or flex plan; null on a dedicated one."
  value       = var.functions_plan == "dedicated" ? null : local.functions_code_url
}

output "container_app_name" {
  description = "Name of the container app that runs the detectors."
  value       = azurerm_container_app.detectors.name
}

output "container_app_fqdn" {
  description = "Host name of the detectors."
  value       = local.detectors_hostname
}

output "container_app_environment_name" {
  description = "Name of the Container Apps environment."
  value       = azurerm_container_app_environment.this.name
}

output "container_app_job_name" {
  description = "Name of the batch job; null without one."
  value       = one(azurerm_container_app_job.batch[*].name)
}

output "detectors_endpoint" {
  description = "Address of the detectors (FASTAPI_ENDPOINT)."
  value       = local.detectors_endpoint
}

output "detector_audience" {
  description = "Audience of the tokens that the detectors accept; null where only their own token counts."
  value       = var.detector_audience
}

output "detector_token_secret_name" {
  description = "Name of the vault's secret that holds the detectors' bearer token."
  value       = azurerm_key_vault_secret.detector_token.name
}

output "container_registry_name" {
  description = "Name of the container registry."
  value       = local.container_registry.name
}

output "container_registry_login_server" {
  description = "Address of the container registry."
  value       = local.container_registry.login_server
}

output "app_service_name" {
  description = "Name of the App Service that runs the dashboard."
  value       = azurerm_linux_web_app.dashboard.name
}

output "app_service_url" {
  description = "Address of the dashboard."
  value       = "https://${coalesce(var.dashboard_custom_domain, azurerm_linux_web_app.dashboard.default_hostname)}"
}

output "front_door_url" {
  description = "Address of the dashboard behind Front Door; null without it."
  value       = var.front_door_enabled ? "https://${azurerm_cdn_frontdoor_endpoint.dashboard[0].host_name}" : null
}

output "openai_endpoint" {
  description = "Address of Azure OpenAI."
  value       = azurerm_cognitive_account.openai.endpoint
}

output "openai_deployment_name" {
  description = "Name of the model's deployment."
  value       = azurerm_cognitive_deployment.contexts.name
}

output "key_vault_uri" {
  description = "Address of the vault."
  value       = azurerm_key_vault.this.vault_uri
}

output "key_vault_name" {
  description = "Name of the vault."
  value       = azurerm_key_vault.this.name
}

output "storage_account_name" {
  description = "Name of the storage account."
  value       = azurerm_storage_account.this.name
}

output "recordings_container_url" {
  description = "Blob container of recordings."
  value       = "${azurerm_storage_account.this.primary_blob_endpoint}${azurerm_storage_container.this["recordings"].name}"
}

output "service_bus_namespace_name" {
  description = "Name of the Service Bus namespace; null without one."
  value       = one(azurerm_servicebus_namespace.this[*].name)
}

output "log_analytics_workspace_id" {
  description = "Resource id of the Log Analytics workspace."
  value       = local.log_analytics_workspace.id
}

output "log_analytics_workspace_customer_id" {
  description = "Workspace id that queries are sent to."
  value       = local.log_analytics_workspace.workspace_id
}

output "application_insights_name" {
  description = "Name of Application Insights."
  value       = azurerm_application_insights.this.name
}

output "virtual_network_id" {
  description = "Resource id of the virtual network, for peering."
  value       = local.network.id
}

output "outbound_ip_address" {
  description = "Address that the functions and detectors leave the network from; null without a NAT gateway."
  value       = one(azurerm_public_ip.nat[*].ip_address)
}

output "identity_client_ids" {
  description = "Client id of each service's identity."
  value       = { for name, identity in azurerm_user_assigned_identity.this : name => identity.client_id }
}

output "identity_principal_ids" {
  description = "Object id of each service's identity."
  value       = { for name, identity in azurerm_user_assigned_identity.this : name => identity.principal_id }
}

output "operator_access" {
  description = "private or addresses."
  value       = var.operator_access
}

# --- Connection details (sensitive) -----------------------------------------------------------------------------------------

output "redis_connection_string" {
  description = "How to connect to Redis; without a key where access_keys_enabled is off."
  value       = local.redis_connection_string
  sensitive   = true
}

output "cosmos_db_connection_string" {
  description = "How to connect to Cosmos DB; without a key where access_keys_enabled is off."
  value       = local.cosmos_db_connection_string
  sensitive   = true
}

output "application_insights_connection_string" {
  description = "Where telemetry is sent; it takes an identity besides."
  value       = azurerm_application_insights.this.connection_string
  sensitive   = true
}

output "cosmos_db_primary_key" {
  description = "Key of Cosmos DB; null where access_keys_enabled is off."
  value       = var.access_keys_enabled ? azurerm_cosmosdb_account.this.primary_key : null
  sensitive   = true
}

output "redis_access_key" {
  description = "Key of Redis; null where access_keys_enabled is off."
  value       = local.redis.key
  sensitive   = true
}

output "openai_api_key" {
  description = "Key of Azure OpenAI; null where access_keys_enabled is off."
  value       = var.access_keys_enabled ? azurerm_cognitive_account.openai.primary_access_key : null
  sensitive   = true
}
