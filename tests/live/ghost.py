"""A real Ghost 5 with SQLite on 127.0.0.1, and what an editor or an operator does in it, by its Admin API."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from html import escape
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from tests.live.programs import Program, Site, free_port, installed, need, run

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "5.130.6"
OWNER = {"name": "Ada Quill", "email": "ada@site.test", "password": "only used in this test"}
AUTHORS = ({"name": "Máire Brennan", "slug": "maire"}, {"name": "João Lima", "slug": "joao"})
START_SECONDS = 120
_ADMIN = "/ghost/api/admin"


class Ghost:
    """One site, set up and empty, while its context lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        port = free_port()
        self.site = Site(port, Origin=f"http://127.0.0.1:{port}")
        self.content_key = self._integration = ""

    def __enter__(self) -> Self:
        node = need("node", "install Node.js 20 with npm")
        package = installed(f"ghost-{VERSION}", _install)
        shutil.copytree(package / "content", self._folder / "content")
        (self._folder / "current").symlink_to(package)  # where Ghost looks for itself
        (self._folder / "config.production.json").write_text(json.dumps(self._config()))
        ghost = Program([node, "current/index.js"], cwd=self._folder, NODE_ENV="production")
        self._stack.enter_context(ghost)
        try:
            ghost.wait_for(lambda: self.site.answers(f"{_ADMIN}/site/"), seconds=START_SECONDS)
            self._set_up()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _config(self) -> dict[str, Any]:
        """Nothing that leaves this machine: no mail, no pings, no check for updates."""
        return {
            "url": self.site.url,
            "server": {"host": "127.0.0.1", "port": int(self.site.url.rpartition(":")[2])},
            "database": {
                "client": "sqlite3",
                "useNullAsDefault": True,
                "connection": {"filename": str(self._folder / "ghost.db")},
            },
            "paths": {"contentPath": str(self._folder / "content")},
            "mail": {"transport": "stub"},
            "privacy": {"useUpdateCheck": False, "useGravatar": False, "useRpcPing": False},
            "security": {"staffDeviceVerification": False},
            "logging": {"transports": ["stdout"]},
        }

    def _set_up(self) -> None:
        self.admin("POST", "authentication/setup/", {"setup": [OWNER | {"blogTitle": "The Live Gazette"}]})
        login = {"username": OWNER["email"], "password": OWNER["password"]}
        self.site.ask("POST", f"{_ADMIN}/session/", login)  # answers in plain text, with a cookie
        self.import_({"users": [each | {"email": f"{each['slug']}@site.test"} for each in AUTHORS]})
        for post in self.admin("GET", "posts/?limit=all&fields=id")["posts"]:  # "Coming soon"
            self.delete(post["id"])
        made = self.admin("POST", "integrations/?include=api_keys", {"integrations": [{"name": "Feedhub"}]})
        (integration,) = made["integrations"]
        self._integration = integration["id"]
        (self.content_key,) = [key["secret"] for key in integration["api_keys"] if key["type"] == "content"]

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the Admin API, with the owner's session."""
        return self.site.call(method, f"{_ADMIN}/{path}", body)

    def import_(self, data: dict[str, Any]) -> None:
        """Import a Ghost export, which is also how there come to be authors without a mail server."""
        export = json.dumps({"db": [{"meta": {"exported_on": 1, "version": VERSION}, "data": data}]})
        self.site.upload(f"{_ADMIN}/db/", "importfile", "export.json", export)

    def connect(self, target: str, secret: str, *events: str) -> None:
        """Add a webhook for each event, as Settings → Integrations does."""
        for event in events:
            hook = {"event": event, "name": event, "target_url": target, "secret": secret}
            hook["integration_id"] = self._integration
            self.admin("POST", "webhooks/", {"webhooks": [hook]})

    def redirect(self, rules: str) -> None:
        """Upload a redirects.json, as Settings → Labs does; `[]` takes it back."""
        self.site.upload(f"{_ADMIN}/redirects/upload/", "redirects", "redirects.json", rules)

    # ---- what an editor does ---------------------------------------------------------------------------------------

    def post(self, title: str, *, tags: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
        """Publish a post, unless `status` says otherwise; answers Ghost's record of it."""
        new = {"title": title, "html": f"<p>Text of {escape(title)}.</p>", "status": "published"}
        body = {"posts": [new | {"tags": [{"name": name} for name in tags]} | fields]}
        (made,) = self.admin("POST", "posts/?source=html", body)["posts"]
        return dict(made)

    def edit(self, id_: str, /, **fields: Any) -> None:
        (post,) = self.admin("GET", f"posts/{id_}/")["posts"]
        body = {"posts": [{"updated_at": post["updated_at"]} | fields]}
        self.admin("PUT", f"posts/{id_}/?source=html", body)

    def delete(self, id_: str) -> None:
        self.admin("DELETE", f"posts/{id_}/")

    def bulk(self, filter_: str, action: str, **meta: Any) -> None:
        """Do what the list of posts offers for many: `unpublish`, `access`, `addTag`."""
        body = {"bulk": {"action": action, "meta": meta}}
        self.admin("PUT", f"posts/bulk/?filter={quote(filter_)}", body)

    def delete_many(self, filter_: str) -> None:
        self.admin("DELETE", f"posts/?filter={quote(filter_)}")

    def tag(self, slug: str) -> dict[str, Any]:
        (tag,) = self.admin("GET", f"tags/slug/{slug}/")["tags"]
        return dict(tag)

    def edit_tag(self, slug: str, /, **fields: Any) -> None:
        tag = self.tag(slug)
        self.admin("PUT", f"tags/{tag['id']}/", {"tags": [{"updated_at": tag["updated_at"]} | fields]})

    def edit_author(self, slug: str, /, **fields: Any) -> None:
        (author,) = self.admin("GET", f"users/slug/{slug}/")["users"]
        self.admin(
            "PUT", f"users/{author['id']}/", {"users": [{"updated_at": author["updated_at"]} | fields]}
        )


def _install(folder: Path) -> None:
    """Unpack the release and install what it needs, as Ghost-CLI does: the package holds some of its dependencies."""
    npm = need("npm", "install Node.js 20 with npm")
    run([npm, "pack", "--silent", f"ghost@{VERSION}"], folder)
    run(["tar", "xzf", f"ghost-{VERSION}.tgz", "--strip-components=1"], folder)
    run([npm, "pkg", "delete", "devDependencies"], folder)  # some of them are in no registry
    run([npm, "install", "--omit=dev", "--legacy-peer-deps", "--no-audit", "--no-fund"], folder)
