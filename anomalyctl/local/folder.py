"""Where everything of the environment `local` is kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.local.disk import explained, make_private_folder, require_room, write_private


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """One folder, mode 0700, with secrets, data, logs and the supervisor's state in it."""

    root: Path

    @property
    def secrets(self) -> Path:
        """Generated once: passwords, keys, tokens."""
        return self.root / "secrets.json"

    @property
    def ports(self) -> Path:
        """Chosen once: the port of each part."""
        return self.root / "ports.json"

    @property
    def plan(self) -> Path:
        """The parts that the supervisor runs."""
        return self.root / "parts.json"

    @property
    def state(self) -> Path:
        """What the supervisor knows of its parts."""
        return self.root / "state.json"

    @property
    def dashboard(self) -> Path:
        """Why the last deploy left the dashboard out, if it did."""
        return self.root / "dashboard.json"

    @property
    def deploy_lock(self) -> Path:
        """Held by the one command that changes the environment."""
        return self.root / "deploy.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.root / "supervisor.lock"

    @property
    def logs(self) -> Path:
        """One file a part."""
        return self.root / "logs"

    @property
    def redis(self) -> Path:
        """Valkey's configuration and append-only file."""
        return self.root / "redis"

    @property
    def cosmos(self) -> Path:
        """The Cosmos endpoint's database."""
        return self.root / "cosmos"

    def log_of(self, part: str) -> Path:
        """The log file of a part, or of the supervisor."""
        return self.logs / f"{part}.log"

    def prepare(self) -> None:
        """Create what is missing. Raises PreconditionFailed where the disk refuses."""
        for path in (self.root, self.logs, self.redis, self.cosmos):
            make_private_folder(path)
        require_room(self.root)
        ignored = self.root / ".gitignore"
        if not ignored.exists():
            write_private(ignored, b"*\n")  # also in a project whose own list does not name it

    def has_data(self) -> bool:
        """True where a deploy left something, running or not."""
        return any(path.exists() for path in (self.secrets, self.plan, self.state, self.redis, self.cosmos))

    def delete_data(self) -> None:
        """Delete all of it but the lock that the caller holds."""
        with explained(self.root):
            for path in self.root.iterdir():
                if path == self.deploy_lock:
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
