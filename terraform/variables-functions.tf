# The functions: which plan runs them, and how far they scale.

variable "functions_plan" {
  description = <<-EOT
    Which plan runs the functions.
    dedicated: the dashboard's App Service plan; the Redis trigger rings.
    elastic: an Elastic Premium plan of their own; the Redis trigger rings.
    flex: Flex Consumption, paid per execution as first specified. It has no Redis trigger: the sweep alone drains the queue.
  EOT
  type        = string
  default     = "dedicated"
  nullable    = false

  validation {
    condition     = contains(["dedicated", "elastic", "flex"], var.functions_plan)
    error_message = "functions_plan must be dedicated, elastic or flex: the Consumption plan has neither a Redis trigger nor a virtual network."
  }
}

variable "functions_elastic_sku_size" {
  description = "Size of the Elastic Premium plan; only where functions_plan is elastic."
  type        = string
  default     = "EP1"
  nullable    = false

  validation {
    condition     = contains(["EP1", "EP2", "EP3"], var.functions_elastic_sku_size)
    error_message = "functions_elastic_sku_size must be EP1, EP2 or EP3."
  }
}

variable "functions_maximum_instances" {
  description = "How far the functions scale out on an elastic or flex plan."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.functions_maximum_instances >= 1 && var.functions_maximum_instances <= 20 && floor(var.functions_maximum_instances) == var.functions_maximum_instances
    error_message = "functions_maximum_instances must be a whole number from 1 to 20."
  }
}

variable "reading_queues" {
  description = "Queues that sources are spread over: as many workers judge side by side. It may be changed at any time, up and down."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.reading_queues >= 1 && var.reading_queues <= 32 && floor(var.reading_queues) == var.reading_queues
    error_message = "reading_queues must be a whole number from 1 to 32."
  }
}
