"""The local function host: runs the `function.json` folders as Azure Functions does."""
