# Each environment plans as it stands in environments/, with names, tags and sizes of its own.

mock_provider "azurerm" {
  source          = "./tests/mocks"
  override_during = plan
}

run "the_defaults_are_prod" {
  command = plan

  assert {
    condition     = azurerm_resource_group.this.name == "rg-anomaly-detection-prod"
    error_message = "Without variables the resource group must be the specification's."
  }
}
