"""A dashboard of three files that Node builds and runs without a download."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from anomalyctl.errors import MissingTool
from anomalyctl.operations.dashboard.building import Builder
from anomalyctl.operations.dashboard.node import Node, find_node

SERVER = """
const http = require("node:http");
http.createServer((request, response) => {
  response.writeHead(request.url === "/api/health" ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify({ word: "WORD", operator: process.env.ANOMALYCTL_OPERATOR }));
}).listen(Number(process.env.PORT), process.env.HOSTNAME, () => console.log("listening"));
process.on("SIGTERM", () => process.exit(0));
"""
BUILD = """
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
if (existsSync("broken.txt")) { console.error("Type error: " + readFileSync("broken.txt")); process.exit(1); }
if (existsSync("slow.txt")) { console.log("slow"); await new Promise((done) => setTimeout(done, 60000)); }
mkdirSync(".next/standalone", { recursive: true });
mkdirSync(".next/static", { recursive: true });
writeFileSync(".next/static/app.css", "body {}");
writeFileSync(".next/standalone/server.js", readFileSync("server.txt"));
"""


def node_or_skip() -> Node:
    """The Node of this machine; the test is skipped with the reason where there is none."""
    try:
        return find_node(os.environ)
    except MissingTool as error:
        pytest.skip(f"{error.message} {error.hint}")


class TinyDashboard:
    """The sources of a dashboard, and the builder of them."""

    def __init__(self, root: Path) -> None:
        node_or_skip()
        self.root = root
        self.source = root / "services" / "dashboard"
        self.home = root / "state" / "dashboard"
        self.log = root / "state" / "local" / "logs" / "dashboard-build.log"
        self.source.mkdir(parents=True)
        package = {
            "name": "tiny",
            "version": "0.0.0",
            "private": True,
            "scripts": {"build": "node build.mjs"},
        }
        lock = {**package, "lockfileVersion": 3, "requires": True, "packages": {"": {"name": "tiny"}}}
        del lock["scripts"]
        self.write("package.json", json.dumps(package))
        self.write("package-lock.json", json.dumps(lock))
        self.write("build.mjs", BUILD)
        self.write("public/robots.txt", "User-agent: *")
        self.word("one")

    def write(self, name: str, text: str) -> None:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def word(self, word: str) -> None:
        """What the built server answers with."""
        self.write("server.txt", SERVER.replace("WORD", word))

    def builder(self, **environ: str) -> Builder:
        return Builder(self.source, self.home, self.log, node_or_skip(), {**os.environ, **environ})

    def left_behind(self) -> list[str]:
        """What stands in the builder's folder beside finished builds and its lock."""
        found = [path.name for path in self.home.iterdir()] if self.home.exists() else []
        unfinished = [
            path.name for path in (self.home / "builds").glob("*") if not (path / "server.js").exists()
        ]
        return sorted({*found, *unfinished} - {"builds", "build.lock"})
