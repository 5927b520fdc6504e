# For development: the smallest of everything, one of each, nothing kept longer than needed.
environment = "dev"
owner       = "injection-site-engineers"
cost_center = "engineering"

app_service_sku_tier = "Basic"
app_service_sku_size = "B1"

managed_redis_sku_name                  = "Balanced_B0"
managed_redis_high_availability_enabled = false
redis_persistence                       = "rdb"

container_apps_cpu          = 0.25
container_apps_memory       = "0.5Gi"
container_apps_max_replicas = 2
container_registry_sku      = "Basic"

cosmosdb_backup_tier     = "Continuous7Days"
storage_replication_type = "LRS"
openai_capacity          = 5

log_retention_days    = 30
log_daily_quota_gb    = 1
activity_log_enabled  = false
alerts_enabled        = false
budget_monthly_amount = 250

vnet_address_space    = "10.20.0.0/20"
chaos_targets_enabled = true
