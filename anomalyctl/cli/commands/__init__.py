"""One file a noun, one function a verb: arguments in, model out."""
