# The security claims: nothing is open, nothing signs in with a key, nothing that holds data can be taken away by a mistake.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "as_it_comes_nothing_is_reachable_from_the_internet" {
  command = plan

  assert {
    condition = (
      azurerm_managed_redis.this[0].public_network_access == "Disabled" && !azurerm_cosmosdb_account.this.public_network_access_enabled &&
      !azurerm_key_vault.this.public_network_access_enabled && !azurerm_storage_account.this.public_network_access_enabled &&
      !azurerm_cognitive_account.openai.public_network_access_enabled && !azurerm_container_registry.this[0].public_network_access_enabled &&
      !azurerm_linux_function_app.this[0].public_network_access_enabled
    )
    error_message = "Redis, Cosmos DB, vault, storage, model, registry and functions must be closed to the internet."
  }

  assert {
    condition     = azurerm_container_app_environment.this.internal_load_balancer_enabled && azurerm_container_app_environment.this.public_network_access == "Disabled"
    error_message = "The detectors must answer inside the network alone."
  }

  assert {
    condition     = azurerm_linux_web_app.dashboard.site_config[0].ip_restriction_default_action == "Deny" && length(azurerm_linux_web_app.dashboard.site_config[0].ip_restriction) == 0
    error_message = "Without sign-in and without a list nobody from the internet may see the dashboard."
  }

  assert {
    condition     = azurerm_linux_web_app.dashboard.site_config[0].scm_ip_restriction_default_action == "Deny" && azurerm_linux_function_app.this[0].site_config[0].scm_ip_restriction_default_action == "Deny"
    error_message = "Code must not be publishable from anywhere."
  }

  assert {
    condition     = length(setsubtract(["redis", "cosmos-db", "openai", "storage-blob", "storage-queue", "storage-table", "functions", "dashboard", "container-registry"], keys(azurerm_private_endpoint.this))) == 0
    error_message = "Every service must have a private endpoint."
  }
}

run "as_it_comes_nobody_signs_in_with_a_key" {
  command = plan

  assert {
    condition = (
      !azurerm_managed_redis.this[0].default_database[0].access_keys_authentication_enabled && !azurerm_cosmosdb_account.this.local_authentication_enabled &&
      !azurerm_cognitive_account.openai.local_auth_enabled && !azurerm_storage_account.this.shared_access_key_enabled &&
      !azurerm_container_registry.this[0].admin_enabled && !azurerm_log_analytics_workspace.this[0].local_authentication_enabled &&
      !azurerm_application_insights.this.local_authentication_enabled
    )
    error_message = "Every service must take Entra's tokens alone."
  }

  assert {
    condition     = output.redis_access_key == null && output.cosmos_db_primary_key == null && output.openai_api_key == null
    error_message = "There must be no key to give out."
  }

  assert {
    condition     = !strcontains(output.redis_connection_string, "password=") && !strcontains(output.cosmos_db_connection_string, "AccountKey=")
    error_message = "The connection strings must hold no key."
  }

  assert {
    condition     = azurerm_linux_function_app.this[0].storage_uses_managed_identity && azurerm_linux_function_app.this[0].app_settings["AzureWebJobsStorage__credential"] == "managedidentity"
    error_message = "The functions' host must sign in to its storage."
  }

  assert {
    condition     = !azurerm_linux_web_app.dashboard.webdeploy_publish_basic_authentication_enabled && !azurerm_linux_web_app.dashboard.ftp_publish_basic_authentication_enabled && !azurerm_linux_function_app.this[0].webdeploy_publish_basic_authentication_enabled
    error_message = "Code must be published with Entra alone."
  }
}

run "secrets_are_in_the_vault_and_referred_to" {
  command = plan

  assert {
    condition     = toset(keys(azurerm_key_vault_secret.connection)) == toset(["REDIS-CONNECTION-STRING", "COSMOS-DB-CONNECTION-STRING", "FASTAPI-ENDPOINT"])
    error_message = "The vault must hold the specification's three names."
  }

  assert {
    condition     = alltrue([for secret in azurerm_key_vault_secret.connection : secret.value == null]) && azurerm_key_vault_secret.detector_token.value == null
    error_message = "No secret's value may come into the state."
  }

  assert {
    condition = alltrue([
      for name in ["REDIS_CONNECTION_STRING", "COSMOS_DB_CONNECTION_STRING", "FASTAPI_ENDPOINT"] :
      azurerm_linux_web_app.dashboard.app_settings[name] == "@Microsoft.KeyVault(SecretUri=https://kv-mock.vault.azure.net/secrets/${replace(name, "_", "-")})"
    ])
    error_message = "The dashboard must refer to the vault, without a version."
  }

  assert {
    condition     = azurerm_key_vault.this.rbac_authorization_enabled && azurerm_key_vault.this.purge_protection_enabled && azurerm_key_vault.this.soft_delete_retention_days == 90
    error_message = "The vault must know roles, and keep what was deleted."
  }
}

run "an_open_door_opens_to_listed_addresses_alone" {
  command = plan

  variables {
    operator_access       = "addresses"
    operator_ip_addresses = ["203.0.113.7"]
    deployer_ip_addresses = ["203.0.113.9"]
    nat_gateway_enabled   = true
  }

  assert {
    condition     = toset(azurerm_cosmosdb_account.this.ip_range_filter) == toset(["203.0.113.7"])
    error_message = "Cosmos DB must admit operators' addresses alone."
  }

  assert {
    condition     = azurerm_key_vault.this.network_acls[0].default_action == "Deny" && toset(azurerm_key_vault.this.network_acls[0].ip_rules) == toset(["203.0.113.7/32", "203.0.113.9/32"])
    error_message = "The vault must admit operators' and deployers' addresses alone."
  }

  assert {
    condition     = azurerm_storage_account.this.network_rules[0].default_action == "Deny" && toset(azurerm_storage_account.this.network_rules[0].ip_rules) == toset(["203.0.113.7"])
    error_message = "Storage must admit operators' addresses alone."
  }

  assert {
    condition     = azurerm_container_registry.this[0].network_rule_set[0].default_action == "Deny"
    error_message = "The registry must admit operators' addresses alone."
  }

  assert {
    condition     = azurerm_managed_redis.this[0].public_network_access == "Disabled"
    error_message = "Managed Redis knows no list, so it must stay closed."
  }
}

run "everything_is_encrypted_on_its_way" {
  command = plan

  assert {
    condition = (
      azurerm_managed_redis.this[0].default_database[0].client_protocol == "Encrypted" && azurerm_cosmosdb_account.this.minimal_tls_version == "Tls12" &&
      azurerm_storage_account.this.min_tls_version == "TLS1_2" && azurerm_storage_account.this.https_traffic_only_enabled
    )
    error_message = "Every store must take TLS 1.2 and nothing older."
  }

  assert {
    condition     = azurerm_linux_web_app.dashboard.https_only && azurerm_linux_function_app.this[0].https_only && !azurerm_container_app.detectors.ingress[0].allow_insecure_connections
    error_message = "Every endpoint must take HTTPS alone."
  }
}

run "the_network_denies_by_default" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for subnet in keys(azurerm_subnet.this) : [
        for direction in ["in", "out"] :
        azurerm_network_security_rule.this["${subnet}/deny-everything-else-${direction}"].access == "Deny" &&
        azurerm_network_security_rule.this["${subnet}/deny-everything-else-${direction}"].priority == 4096
      ]
    ]))
    error_message = "Every subnet must end with rules that deny everything, both ways."
  }

  assert {
    condition     = alltrue([for rule in azurerm_network_security_rule.this : rule.source_address_prefix != "Internet" && !(rule.direction == "Inbound" && rule.access == "Allow" && rule.source_address_prefix == "*")])
    error_message = "No rule may let the internet in."
  }

  assert {
    condition     = keys(azurerm_subnet_network_security_group_association.this) == keys(azurerm_subnet.this)
    error_message = "Every subnet must have a security group."
  }

  assert {
    condition     = alltrue([for subnet in azurerm_subnet.this : !subnet.default_outbound_access_enabled && subnet.private_endpoint_network_policies == "Enabled"])
    error_message = "Nothing may leave by a lent address, and rules must hold for private endpoints."
  }
}

run "each_service_has_the_least_role" {
  command = plan

  assert {
    condition     = azurerm_cosmosdb_sql_role_assignment.this["dashboard"].role_definition_id == "${azurerm_cosmosdb_account.this.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001"
    error_message = "The dashboard must only read Cosmos DB."
  }

  assert {
    condition     = !contains(keys(azurerm_cosmosdb_sql_role_assignment.this), "detectors")
    error_message = "The detectors must not reach Cosmos DB."
  }

  assert {
    condition     = alltrue([for assignment in azurerm_role_assignment.service : !contains(["Owner", "Contributor", "User Access Administrator"], assignment.role_definition_name)])
    error_message = "No service may have a role over resources."
  }

  assert {
    condition     = alltrue([for assignment in azurerm_cosmosdb_sql_role_assignment.this : endswith(assignment.scope, "/dbs/anomaly-detection")])
    error_message = "Data roles must end at our database."
  }
}

run "roles_on_the_first_specified_redis_are_finer" {
  command = plan

  variables {
    redis_flavor = "cache_premium"
  }

  assert {
    condition     = azurerm_redis_cache_access_policy_assignment.this["dashboard"].access_policy_name == "Data Reader" && azurerm_redis_cache_access_policy_assignment.this["functions"].access_policy_name == "Data Contributor"
    error_message = "The dashboard must read, and the functions write."
  }

  assert {
    condition     = azurerm_redis_cache.this[0].minimum_tls_version == "1.2" && !azurerm_redis_cache.this[0].non_ssl_port_enabled && !azurerm_redis_cache.this[0].access_keys_authentication_enabled
    error_message = "Azure Cache for Redis must take TLS and Entra alone."
  }
}

run "readings_are_never_evicted" {
  command = plan

  assert {
    condition     = azurerm_managed_redis.this[0].default_database[0].eviction_policy == "NoEviction" && azurerm_managed_redis.this[0].default_database[0].clustering_policy == "NoCluster"
    error_message = "A reading that nobody judged must not be evicted, and queue and window must be written in one transaction."
  }
}

run "simulated_readings_teach_nothing_in_prod" {
  command = plan

  assert {
    condition     = azurerm_linux_function_app.this[0].app_settings["TRAIN_ON_SIMULATED"] == "false"
    error_message = "A model that watches real wells must not learn from simulated readings."
  }
}

run "names_are_short_enough_at_their_longest" {
  command = plan

  variables {
    project_name                            = "abcdefghijklmnopqrst"
    environment                             = "stage"
    managed_redis_high_availability_enabled = true
  }

  assert {
    condition     = can(regex("^[a-z0-9]{3,24}$", azurerm_storage_account.this.name)) && length(azurerm_key_vault.this.name) <= 24
    error_message = "Storage and vault take 24 characters."
  }

  assert {
    condition     = length(azurerm_container_app.detectors.name) <= 32 && length(azurerm_cosmosdb_account.this.name) <= 44 && length(azurerm_service_plan.app.name) <= 40
    error_message = "Container app, Cosmos DB and plan take 32, 44 and 40 characters."
  }
}

run "every_alert_of_the_specification_stands" {
  command = plan

  assert {
    condition     = azurerm_monitor_metric_alert.this["function-errors"].criteria[0].threshold == 10 && azurerm_monitor_metric_alert.this["function-errors"].window_size == "PT5M"
    error_message = "More than 10 server errors in 5 minutes must be told."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.this["redis-memory"].criteria[0].threshold == 90 && azurerm_monitor_metric_alert.this["no-reading"].criteria[0].threshold == 60
    error_message = "Redis above 90 % and silence of 60 seconds must be told."
  }

  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.this["dead-letters"].criteria[0].threshold == 5 && azurerm_monitor_scheduled_query_rules_alert_v2.this["failures"].criteria[0].threshold == 5 && azurerm_monitor_scheduled_query_rules_alert_v2.this["failures"].window_duration == "PT15M"
    error_message = "More than 5 dead letters, and more than 5 % failures in 15 minutes, must be told."
  }

  assert {
    condition     = one([for notification in azurerm_consumption_budget_resource_group.this[0].notification : notification.threshold if notification.threshold_type == "Actual"]) == 80
    error_message = "The budget must be told at 80 %."
  }
}
