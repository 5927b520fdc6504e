"""The reference of variables and outputs says what the HCL says."""

from pathlib import Path

from tests.docs.terraform_reference import README, TERRAFORM, outputs, variables, with_reference
from tests.support.hcl_blocks import blocks


def test_the_reference_is_current() -> None:
    text = README.read_text()
    assert with_reference(text) == text, "terraform/README.md is out of date: make docs"


def test_every_variable_and_output_has_a_description_and_every_variable_a_type() -> None:
    for block in [*blocks(TERRAFORM, "variable"), *blocks(TERRAFORM, "output")]:
        assert block.argument("description"), f"{block.file}: {block.address} says nothing of itself"
        if block.kind == "variable":
            assert block.argument("type"), f"{block.file}: {block.address} has no type"


SAMPLE = """
variable "sizes" {
  description = <<-EOT
    How big.
    Or small.
  EOT
  type = object({
    name = optional(string)
    kind = string
  })
  default = {
    kind = "a"
  }
}

variable "name" {
  description = "Its \\"name\\" | alias."
  type        = string
}

output "key" {
  description = "The key."
  value       = 1
  sensitive   = true
}
"""


def test_types_defaults_and_meanings_are_read_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text(SAMPLE)
    sizes, name = variables(tmp_path).splitlines()[-2:]
    kind = "`object({ name = optional(string), kind = string })`"
    assert sizes == f'| `sizes` | {kind} | `{{ kind = "a" }}` | How big. Or small. |'
    assert name == '| `name` | `string` | required | Its "name" \\| alias. |'
    assert outputs(tmp_path).endswith("| `key` | yes | The key. |\n")
