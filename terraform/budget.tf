# What the environment may cost in a month: a mail at 80 %, and when the forecast says that it will not be enough.
resource "azurerm_consumption_budget_resource_group" "this" {
  count = var.budget_monthly_amount == null ? 0 : 1

  name              = "budget-${local.name}"
  resource_group_id = azurerm_resource_group.this.id
  amount            = var.budget_monthly_amount
  time_grain        = "Monthly"

  time_period {
    # A budget begins with the month in which it is made, and goes on for ten years.
    start_date = formatdate("YYYY-MM-01'T'00:00:00'Z'", plantimestamp())
  }

  notification {
    operator       = "GreaterThanOrEqualTo"
    threshold      = 80
    threshold_type = "Actual"
    contact_groups = [azurerm_monitor_action_group.warning.id]
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_groups = [azurerm_monitor_action_group.warning.id]
  }

  lifecycle {
    ignore_changes = [time_period]
  }
}
