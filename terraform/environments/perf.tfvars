# For load: sized as prod where the load goes, without what only keeps and guards.
environment = "perf"
owner       = "injection-site-engineers"
cost_center = "engineering"

app_service_sku_tier          = "PremiumV3"
app_service_sku_size          = "P1v3"
app_service_worker_count      = 2
app_service_autoscale_enabled = true
app_service_maximum_workers   = 10

managed_redis_sku_name                  = "Balanced_B10"
managed_redis_high_availability_enabled = true
redis_persistence                       = "aof"

container_apps_cpu          = 1
container_apps_memory       = "2Gi"
container_apps_min_replicas = 2
container_apps_max_replicas = 20
container_registry_sku      = "Standard"

cosmosdb_backup_tier     = "Continuous7Days"
storage_replication_type = "LRS"
openai_capacity          = 100

log_retention_days    = 30
log_daily_quota_gb    = 20
activity_log_enabled  = false
alerts_enabled        = false
budget_monthly_amount = 1500

vnet_address_space = "10.23.0.0/20"
