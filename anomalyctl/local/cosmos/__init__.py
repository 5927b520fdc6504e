"""The local Cosmos DB endpoint: the requests that we and the SDKs send, over SQLite, in one partition."""
