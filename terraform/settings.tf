# What the services read from their environment. The names are the services' own (a test compares them): connection strings by
# reference to the vault, bindings by a prefix of their own.

locals {
  # Functions, detectors, job and dashboard alike.
  redis_settings = {
    REDIS_POOL_SIZE          = tostring(var.redis_pool_size)
    REDIS_CONNECT_TIMEOUT_MS = tostring(var.redis_connect_timeout_ms)
    RETENTION_HOURS          = tostring(var.retention_hours)
  }

  # The doorbell's own connection. The plain name and the identity's form may not both be set.
  redis_trigger_settings = var.access_keys_enabled ? {
    REDIS_TRIGGER = local.secret_references["REDIS-CONNECTION-STRING"]
    } : {
    REDIS_TRIGGER__redisHostName = "${local.redis.host}:${local.redis.port}"
    REDIS_TRIGGER__principalId   = azurerm_user_assigned_identity.this["functions"].principal_id
    REDIS_TRIGGER__clientId      = azurerm_user_assigned_identity.this["functions"].client_id
    REDIS_TRIGGER__credential    = "managedidentity"
  }

  # The change feed's own connection, likewise.
  cosmos_trigger_settings = var.access_keys_enabled ? {
    COSMOS_TRIGGER = local.secret_references["COSMOS-DB-CONNECTION-STRING"]
    } : {
    COSMOS_TRIGGER__accountEndpoint = azurerm_cosmosdb_account.this.endpoint
    COSMOS_TRIGGER__credential      = "managedidentity"
    COSMOS_TRIGGER__clientId        = azurerm_user_assigned_identity.this["functions"].client_id
  }

  # The host's own storage, without a key. `accountName` is set by the provider, but for a flex plan.
  functions_storage_settings = {
    AzureWebJobsStorage__credential = "managedidentity"
    AzureWebJobsStorage__clientId   = azurerm_user_assigned_identity.this["functions"].client_id
  }

  worker_settings = merge(local.redis_settings, {
    REDIS_CONNECTION_STRING     = local.secret_references["REDIS-CONNECTION-STRING"]
    COSMOS_DB_CONNECTION_STRING = local.secret_references["COSMOS-DB-CONNECTION-STRING"]
    FASTAPI_ENDPOINT            = local.secret_references["FASTAPI-ENDPOINT"]
    DETECTOR_TOKEN              = local.secret_references["DETECTOR-TOKEN"]
    # So many workers can judge side by side.
    READING_QUEUES = tostring(var.reading_queues)
    # Simulated readings teach no model that watches real wells.
    TRAIN_ON_SIMULATED = tostring(!contains(["stage", "prod"], var.environment))
    AZURE_CLIENT_ID    = azurerm_user_assigned_identity.this["functions"].client_id
  })

  functions_settings = merge(
    local.worker_settings,
    local.cosmos_trigger_settings,
    local.functions_storage_settings,
    # A flex plan has no Redis trigger: its function is off, and the sweep alone drains.
    var.functions_plan == "flex" ? { AzureWebJobs_process_readings_Disabled = "true" } : local.redis_trigger_settings,
    # With one queue nobody rings at the doorbell of the others, so that nobody need look.
    var.functions_plan == "flex" || var.reading_queues == 1 ? { AzureWebJobs_process_spread_readings_Disabled = "true" } : {},
    {
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.this["functions"].client_id};Authorization=AAD"
      # Said in each trace and line.
      ANOMALYCTL_ENV = var.environment
      # The host's id would be cut from a name that is too long.
      AzureFunctionsWebHost__hostid = "func-${var.environment}-${local.suffix}"
      # A sweep every ten seconds and a fit a day, each in a process that keeps its connections.
      FUNCTIONS_WORKER_PROCESS_COUNT = "1"
    },
  )

  dashboard_settings = merge(local.redis_settings, {
    REDIS_CONNECTION_STRING                   = local.secret_references["REDIS-CONNECTION-STRING"]
    COSMOS_DB_CONNECTION_STRING               = local.secret_references["COSMOS-DB-CONNECTION-STRING"]
    FASTAPI_ENDPOINT                          = local.secret_references["FASTAPI-ENDPOINT"]
    AZURE_CLIENT_ID                           = azurerm_user_assigned_identity.this["dashboard"].client_id
    APPLICATIONINSIGHTS_CONNECTION_STRING     = azurerm_application_insights.this.connection_string
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.this["dashboard"].client_id};Authorization=AAD"
    # The name that it shows.
    ANOMALYCTL_ENV = var.environment
    # The standalone server of Next.js listens on this machine alone unless told otherwise.
    HOSTNAME = "0.0.0.0"
    NODE_ENV = "production"
  })

  detectors_settings = merge(
    local.redis_settings,
    {
      PORT                                      = tostring(local.detectors_port)
      ANOMALYCTL_ENV                            = var.environment
      AZURE_CLIENT_ID                           = azurerm_user_assigned_identity.this["detectors"].client_id
      AZURE_OPENAI_ENDPOINT                     = azurerm_cognitive_account.openai.endpoint
      AZURE_OPENAI_DEPLOYMENT                   = azurerm_cognitive_deployment.contexts.name
      APPLICATIONINSIGHTS_CONNECTION_STRING     = azurerm_application_insights.this.connection_string
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.this["detectors"].client_id};Authorization=AAD"
    },
    # Operators' own tokens, beside the functions'.
    var.detector_audience == null ? {} : {
      DETECTOR_AUDIENCE = var.detector_audience
      AZURE_TENANT_ID   = data.azurerm_client_config.current.tenant_id
      # Every account of the tenant can get a token for that audience.
      OPERATOR_OBJECT_IDS = join(",", sort(var.operator_object_ids))
    },
  )

  # By the name of a secret of the vault.
  detectors_secrets = merge(
    {
      REDIS_CONNECTION_STRING = "REDIS-CONNECTION-STRING"
      DETECTOR_TOKEN          = "DETECTOR-TOKEN"
    },
    var.access_keys_enabled ? { AZURE_OPENAI_API_KEY = local.access_key_names.openai } : {},
  )
}
