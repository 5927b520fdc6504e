"""Azure as an operator meets it: sign-in, Resource Manager, the account of the state, names and models."""
