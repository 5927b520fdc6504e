# The rehearsal for prod: built alike, sized down.
environment = "stage"
owner       = "injection-site-platform"
cost_center = "operations"

app_service_sku_tier          = "PremiumV3"
app_service_sku_size          = "P0v3"
app_service_worker_count      = 1
app_service_autoscale_enabled = true
app_service_maximum_workers   = 3

managed_redis_sku_name = "Balanced_B1"

container_apps_cpu          = 0.5
container_apps_memory       = "1Gi"
container_apps_max_replicas = 5

cosmosdb_backup_tier = "Continuous7Days"
openai_capacity      = 10

log_retention_days    = 90
log_daily_quota_gb    = 5
budget_monthly_amount = 800

vnet_address_space           = "10.21.0.0/20"
required_tags_policy_enabled = true
chaos_targets_enabled        = true
storage_lifecycle_enabled    = true
