# The wells: spread over zones, scaled by its load, kept for long.
environment = "prod"
owner       = "injection-site-operations"
cost_center = "operations"

zone_redundancy_enabled = true

app_service_sku_tier          = "PremiumV3"
app_service_sku_size          = "P1v3"
app_service_worker_count      = 2
app_service_autoscale_enabled = true
app_service_maximum_workers   = 10

managed_redis_sku_name = "Balanced_B5"

container_apps_cpu          = 1
container_apps_memory       = "2Gi"
container_apps_min_replicas = 2
container_apps_max_replicas = 10

cosmosdb_backup_tier     = "Continuous30Days"
storage_replication_type = "ZRS"
openai_capacity          = 50

log_retention_days    = 90
budget_monthly_amount = 2500

vnet_address_space           = "10.22.0.0/20"
nat_gateway_enabled          = true
required_tags_policy_enabled = true
storage_lifecycle_enabled    = true
